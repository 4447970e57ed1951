/** Both machines are functions: of their state and the event alone, and without a trace on either. */
import { nobleBackend } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { stepClient } from './client/step.ts';
import { stepCoordinator } from './coordinator/step.ts';
import { castOf, comparable, existing } from './testing/cast.ts';
import { Transcript } from './testing/transcript.ts';

const cast = castOf(crypto, 4);
/** A batch with a draw, and two rounds: one that opens with a dropout, one that is aborted. */
const transcript = new Transcript(cast, {
  rounds: 2,
  draws: true,
  maxAttempts: 2,
  withholds: (member, kind, round) =>
    (member === 3 && kind === 'upload-end') || (member > 1 && kind === 'release' && round === 2),
});

/** Objects and arrays frozen, maps and sets closed, all the way down; bytes cannot be. */
function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (Object.isFrozen(value)) return value;
  if (value instanceof Map || value instanceof Set) {
    for (const method of ['set', 'add', 'delete', 'clear']) {
      Object.defineProperty(value, method, {
        value: () => {
          throw new TypeError(`${method} on a part of the state`);
        },
      });
    }
    for (const item of value instanceof Map ? [...value].flat() : value) deepFreeze(item);
  }
  for (const item of Object.values(value)) deepFreeze(item);
  return Object.freeze(value);
}

describe('the stories that the machines are held to', () => {
  it('hold every phase, a dropout and an abort', () => {
    expect(new Set(transcript.coordinator.map(({ step }) => step.state.phase.kind)).size).toBe(8);
    expect(new Set(transcript.coordinator.map(({ step }) => step.state.setup.kind)).size).toBe(4);
    expect(transcript.effects('round-completed').map(({ survivors }) => survivors)).toEqual([[0, 1, 2]]);
    expect(transcript.effects('round-aborted')).toMatchObject([{ phase: 'unmask', code: 'BELOW_THRESHOLD' }]);
  });
});

describe('a machine', () => {
  it('changes neither its state nor the event', () => {
    for (const { before, event, step } of transcript.clients) {
      const snapshot = comparable([before, event]);
      const again = stepClient(
        crypto,
        deepFreeze(structuredClone(before)),
        deepFreeze(structuredClone(event)),
      );
      expect(comparable(again)).toEqual(comparable(step));
      expect(comparable([before, event])).toEqual(snapshot);
    }
    for (const { before, event, step } of transcript.coordinator) {
      const snapshot = comparable([before, event]);
      const again = stepCoordinator(
        crypto,
        deepFreeze(structuredClone(before)),
        deepFreeze(structuredClone(event)),
      );
      expect(comparable(again)).toEqual(comparable(step));
      expect(comparable([before, event])).toEqual(snapshot);
    }
  });

  it('does the same on another backend', () => {
    for (const { before, event, step } of transcript.clients.filter(({ member }) => member === 0)) {
      expect(comparable(stepClient(nobleBackend, before, event))).toEqual(comparable(step));
    }
  });

  it('holds no secret in its state, and gives none away but by a release', () => {
    const secrets = transcript.keepers.flatMap(({ store }) => {
      const batch = store.get(existing(transcript.roundTerms[0]?.batchContext));
      if (batch === undefined) throw new Error('no secrets are kept');
      return [batch.sealingSecret, ...batch.roundSecrets, ...batch.selfSeeds, ...batch.held.values()];
    });
    expect(secrets).toHaveLength(4 * (1 + 2 + 2 + 4));
    const seen = JSON.stringify(transcript.clients.map(({ event, step }) => comparable([event, step])));
    const known = JSON.stringify(transcript.coordinator.map(({ step }) => comparable(step)));
    const spoken = [seen, known].join();
    for (const secret of secrets) expect(spoken).not.toContain(comparable(secret));
    const identities = [...cast.identities, cast.coordinatorIdentity];
    for (const identity of identities) expect(spoken).not.toContain(comparable(identity));
  });
});
