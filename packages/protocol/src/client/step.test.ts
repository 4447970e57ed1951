import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bodies, Message, MessageKind } from '../messages/index.ts';
import { EMPTY_SIGNATURE } from '../signing.ts';
import { MESSAGE_KINDS, someBody } from '../testing/arbitrary-messages.ts';
import { castOf, existing, expectedRound, signed } from '../testing/cast.ts';
import { ClientTrial, quietly, rejection } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import { stepClient } from './step.ts';

const SELF = 1;
const cast = castOf(crypto, 5);
const transcript = new Transcript(cast);

const OF_A_ROUND = [
  'batch-start',
  'key-roster',
  'held-shares',
  'round-announce',
  'round-start',
  'survivors',
  'unmask-request',
  'round-result',
] as const;

describe('a message that the coordinator did not sign', () => {
  it.each(OF_A_ROUND)('is refused: %s', (kind) => {
    const [state, message] = transcript.clientBefore(SELF, kind);
    const body = message.body as Bodies[MessageKind];
    const forged: Message[] = [0, SELF, 4].map((id) => signed(cast, id, kind, body as never) as Message);
    for (const each of forged)
      expect(new ClientTrial(cast, state, each).outcome()).toEqual(
        quietly('BAD_SIGNATURE', new RegExp(kind)),
      );
    const unsigned = { ...message, signature: EMPTY_SIGNATURE } as Message;
    expect(new ClientTrial(cast, state, unsigned).outcome()).toEqual(quietly('BAD_SIGNATURE'));
    expect(
      stepClient(crypto, state, { kind: 'message', message: message as Message }).effects,
    ).not.toContainEqual(rejection('BAD_SIGNATURE', 'coordinator'));
  });

  it('is refused: round-aborted', () => {
    const [state] = transcript.clientBefore(SELF, 'survivors');
    const batchContext = existing(state.batch?.context);
    const body = { batchContext, keyIndex: 0, phase: '', code: '', detail: '' };
    expect(new ClientTrial(cast, state, signed(cast, 2, 'round-aborted', body)).outcome()).toEqual(
      quietly('BAD_SIGNATURE'),
    );
  });
});

describe('a message that is none of a round to a member', () => {
  const [state] = transcript.clientBefore(SELF, 'survivors');
  const others = MESSAGE_KINDS.filter(
    (kind) => ![...OF_A_ROUND, 'round-aborted', 'vector-chunk'].includes(kind),
  );

  it.each(others)('is refused: %s, though the coordinator signed it', (kind) => {
    const trial = ClientTrial.of(cast, state, kind, someBody(kind));
    expect(trial.outcome()).toEqual(quietly('WRONG_PHASE'));
  });

  it('is refused: vector-chunk, which nobody signs', () => {
    const body = { roundContext: new Uint8Array(32), sequence: 0, bytes: new Uint8Array(1) };
    expect(ClientTrial.of(cast, state, 'vector-chunk', body).outcome()).toEqual(quietly('BAD_SIGNATURE'));
  });
});

describe('any message of a round, at any time', () => {
  it('is answered without a throw, and never by giving a second secret away', () => {
    const states = transcript.clients.filter(({ member }) => member === SELF).map(({ before }) => before);
    const messages = transcript.clients.flatMap(({ event }) =>
      event.kind === 'message' ? [event.message] : [],
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...states),
        fc.array(fc.constantFrom(...messages), { maxLength: 12 }),
        (start, order) => {
          let state = start;
          let releases = 0;
          const digests = new Set<string>();
          for (const message of order) {
            const step = stepClient(crypto, state, { kind: 'message', message });
            state = step.state;
            for (const effect of step.effects) {
              if (effect.kind === 'release') releases += 1;
              if (effect.kind === 'send' && effect.message === 'survivors-signature') {
                digests.add(effect.body.survivorsDigest.join());
              }
            }
          }
          expect(releases).toBeLessThanOrEqual(1);
          expect(digests.size).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 200 },
    );
  });
});

describe('what a member expects', () => {
  it('is what its shell computed, and nothing else', () => {
    const state = transcript.clientNow(SELF);
    const expected = expectedRound(7);
    expect(stepClient(crypto, state, { kind: 'expect', expected })).toEqual({
      state: { ...state, expected },
      effects: [],
    });
    const none = stepClient(crypto, state, { kind: 'expect', expected: undefined });
    expect(none.state.expected).toBeUndefined();
  });
});
