/**
 * A20: the coordinator dies and begins anew from its log, between any two things that it does. The sum is
 * the one that would have been, or names who was lost; no key index is used twice and no release is made
 * twice. That its processes survive `kill -9` in each phase is in `test/chaos`.
 */
import { decodeMessage, type MessageKind } from '@tributary/protocol';
import type { SumOutcome } from '@tributary/protocol/in-memory';
import { describe, expect, it } from 'vitest';
import { kindOf } from '../support/moments.ts';
import { plainSum, randomVectors, sumRequest, testFederation } from '../support/federation.ts';

const N = 4;
const DIMENSION = 10;
const everybody = [0, 1, 2, 3];
const vectors = randomVectors(N, DIMENSION, 20);

const isDeadline = (choice: string | undefined): boolean =>
  choice === undefined || choice.endsWith('deadline');

interface Crash {
  /** It dies as it is about to send this frame, counted over the run: what it was to send after is lost. */
  readonly frame?: number;
  /** It dies before this step of the whole system. */
  readonly step?: number;
}

function run({ frame: fatalFrame, step: fatalStep }: Crash) {
  let frames = 0;
  let steps = 0;
  let dead = false;
  const kinds: (MessageKind | undefined)[] = [];
  /** Statements that a member makes once for a round. */
  const said = new Map<string, Set<string>>();
  const used = new Map<string, Set<string>>();
  const { federation } = testFederation(N, {
    faults: {
      schedule([first]) {
        // A deadline that passes before anybody is back would be another story.
        if ((dead || steps === fatalStep) && !isDeadline(first)) {
          dead = false;
          federation.restartCoordinator();
        }
        steps += 1;
        return 0;
      },
      intercept(frame) {
        if (frame.from === 'coordinator') {
          if (dead) return [];
          // The last frame is on its way when the session ends, and does not arrive.
          if (frames === fatalFrame) dead = true;
          frames += 1;
          kinds.push(kindOf(frame));
        }
        const decoded = decodeMessage(frame.bytes);
        if (!decoded.ok) return [frame];
        const { kind, body } = decoded.message;
        if (kind === 'survivors-signature' || kind === 'release') {
          const key = `${kind} ${body.member} ${body.roundContext.join()}`;
          said.set(key, (said.get(key) ?? new Set()).add(JSON.stringify(body)));
        }
        if (kind === 'upload-end') {
          const key = `${body.member} ${body.roundContext.join()}`;
          used.set(key, (used.get(key) ?? new Set()).add(body.digest.join()));
        }
        return [frame];
      },
    },
  });
  const outcome = federation.sum(sumRequest(DIMENSION, vectors));
  const stepsOfOne = steps;
  const next = federation.sum(sumRequest(DIMENSION, vectors));
  return { outcome, next, federation, frames, stepsOfOne, said, used };
}

const undisturbed = run({});

/** Where two vectors were on their way at once and are lost, three of four cannot be reached: the one clean end. */
const tooManyLost = ({ kind, ...rest }: SumOutcome): boolean =>
  kind === 'aborted' && 'phase' in rest && rest.phase === 'masked-input' && rest.code === 'BELOW_FLOOR';

function expectSound({ outcome, next, federation, said, used }: ReturnType<typeof run>): void {
  for (const each of [outcome, next].filter((one) => !tooManyLost(one))) {
    if (each.kind !== 'opened') throw new Error(`${each.phase} ${each.code}: ${each.detail}`);
    expect(each.sum).toEqual(plainSum(vectors, each.survivors));
    const missing = everybody.filter((id) => !each.survivors.includes(id));
    for (const id of missing) expect(federation.drops.map(({ member }) => member)).toContain(id);
  }
  expect(next).toMatchObject({ survivors: everybody });
  for (const answers of [...said.values(), ...used.values()]) expect(answers.size).toBe(1);
}

describe('A20: a coordinator that dies', () => {
  it('and does not, opens both sums', () => {
    expectSound(undisturbed);
    expect(undisturbed.federation.rejections).toEqual([]);
  });

  const frames = Array.from({ length: Math.ceil(undisturbed.frames / 3) }, (_, i) => 3 * i);
  it.each([frames.slice(0, frames.length / 2), frames.slice(frames.length / 2)])(
    'as it is about to send a frame (%i and on) goes on',
    (...fatal) => {
      for (const frame of fatal) expectSound(run({ frame }));
    },
  );

  it('between any two steps of the system goes on', () => {
    for (let step = 1; step < undisturbed.stepsOfOne; step += 7) expectSound(run({ step }));
  });
});
