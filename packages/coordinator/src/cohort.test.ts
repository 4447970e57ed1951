import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type CohortOptions, gatherCohort } from './cohort.ts';

let present: number;
let listeners: Set<() => void>;
beforeEach(() => {
  vi.useFakeTimers();
  present = 0;
  listeners = new Set();
});
afterEach(() => vi.useRealTimers());

const gather = (options: Partial<CohortOptions> = {}): Promise<void> =>
  gatherCohort({
    config: { min: 3, joinSeconds: 60 },
    awaited: [0, 1, 2, 3, 4],
    refusals: () => [],
    refuses: () => false,
    present: () => Array.from({ length: present }, (_, id) => id),
    onJoined(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    ...options,
  });

function join(members: number): void {
  present += members;
  for (const listener of listeners) listener();
}

function expectNothingLeft(): void {
  expect(vi.getTimerCount()).toBe(0);
  expect(listeners.size).toBe(0);
}

describe('gatherCohort', () => {
  it('does not wait once the whole roster is there', async () => {
    const gathered = gather();
    join(4);
    join(1);
    await gathered;
    await gather();
    expectNothingLeft();
  });

  it('waits for those that are awaited, and for nobody else', async () => {
    const gathered = gather({ awaited: [0, 1, 2] });
    join(2);
    join(1);
    await gathered;
    expectNothingLeft();
  });

  it('begins at the deadline with those who are there', async () => {
    const gathered = gather();
    join(3);
    vi.advanceTimersByTime(60_000);
    await gathered;
    expectNothingLeft();
  });

  it('gives up at the deadline where too few are there', async () => {
    const gathered = gather();
    join(3);
    present -= 1;
    vi.advanceTimersByTime(60_000);
    await expect(gathered).rejects.toMatchObject({
      code: 'TIMED_OUT',
      exitCode: 3,
      message: "2 of 5 members connected within 60 s, 'cohort.min' is 3",
      hint: "start the clients, or raise 'cohort.joinSeconds'",
    });
    expectNothingLeft();
  });

  it('ends when it is told to stop', async () => {
    const controller = new AbortController();
    const gathered = gather({ signal: controller.signal });
    controller.abort('SIGTERM');
    await expect(gathered).rejects.toMatchObject({ code: 'RUN_FAILED', message: 'stopped by SIGTERM' });
    // Told before it began, it does not begin.
    await expect(gather({ signal: controller.signal })).rejects.toMatchObject({
      message: 'stopped by SIGTERM',
    });
    expectNothingLeft();
  });
});
