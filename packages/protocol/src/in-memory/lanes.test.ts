import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lanes } from './lanes.ts';

/** Lanes with numbered tasks, and what was run so far. */
function filled(posts: readonly string[]): { readonly lanes: Lanes; readonly done: number[] } {
  const lanes = new Lanes();
  const done: number[] = [];
  posts.forEach((lane, i) => lanes.post(lane, () => void done.push(i)));
  return { lanes, done };
}

describe('tasks in lanes', () => {
  it('are run in the order in which they came, where nobody chooses another', () => {
    const { lanes, done } = filled(['a', 'b', 'a', 'c', 'b']);
    expect(lanes.waiting).toEqual(['a', 'b', 'c']);
    while (lanes.runOldest());
    expect(done).toEqual([0, 1, 2, 3, 4]);
    expect(lanes.waiting).toEqual([]);
    expect(lanes.runOldest()).toBe(false);
  });

  it('may post others while they run', () => {
    const lanes = new Lanes();
    const done: string[] = [];
    lanes.post('a', () => {
      done.push('first');
      lanes.post('a', () => void done.push('third'));
    });
    lanes.post('b', () => void done.push('second'));
    while (lanes.runOldest());
    expect(done).toEqual(['first', 'second', 'third']);
    lanes.post('a', () => void done.push('fourth'));
    expect(lanes.runOldest()).toBe(true);
    expect(done.at(-1)).toBe('fourth');
  });

  it('of a lane that is cleared are never run, and later ones of it are', () => {
    const { lanes, done } = filled(['a', 'b', 'a', 'c']);
    lanes.clear((lane) => lane !== 'b');
    expect(lanes.waiting).toEqual(['b']);
    lanes.post('a', () => void done.push(9));
    lanes.run('c');
    while (lanes.runOldest());
    expect(done).toEqual([1, 9]);
  });

  it('are each run once, in order within their lane, whatever is chosen between', () => {
    const lane = fc.constantFrom('a', 'b', 'c');
    const choice = fc.option(lane, { nil: undefined });
    fc.assert(
      fc.property(
        fc.array(lane, { maxLength: 12 }),
        fc.array(choice, { maxLength: 12 }),
        (posts, choices) => {
          const { lanes, done } = filled(posts);
          for (const each of choices) {
            const oldest = posts.findIndex((_, i) => !done.includes(i));
            if (each !== undefined) lanes.run(each);
            const ran = each === undefined && lanes.runOldest() ? done.at(-1) : -1;
            expect([-1, oldest]).toContain(ran);
          }
          while (lanes.runOldest());
          expect(done.toSorted((a, b) => a - b)).toEqual(posts.map((_, i) => i));
          for (const each of ['a', 'b', 'c']) {
            const order = done.filter((i) => posts[i] === each);
            expect(order).toEqual(order.toSorted((a, b) => a - b));
          }
        },
      ),
    );
  });
});
