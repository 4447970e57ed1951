import { toHex } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Bodies, Message, MessageKind } from '../messages/index.ts';
import { EMPTY_SIGNATURE } from '../signing.ts';
import { MESSAGE_KINDS, someBody } from '../testing/arbitrary-messages.ts';
import { castOf, existing, expectedRound, signed } from '../testing/cast.ts';
import { ClientTrial, quietly, rejection } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import { batchOf, type ClientEffect, type ClientState } from './state.ts';
import { stepClient } from './step.ts';

const SELF = 1;
const cast = castOf(crypto, 5);
const transcript = new Transcript(cast, { draws: true });

const OF_A_ROUND = [
  'batch-start',
  'draw-request',
  'key-roster',
  'held-shares',
  'round-announce',
  'round-start',
  'survivors',
  'unmask-request',
  'round-result',
] as const;

/** They come where somebody is to blame. */
const OF_BLAME = ['relayed-complaint', 'relayed-shares', 'evidence'] as const;

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

  it.each(OF_BLAME)('is refused: %s', (kind) => {
    const [state] = transcript.clientBefore(SELF, 'survivors');
    const forged: unknown = signed(cast, 2, kind, someBody(kind) as never);
    expect(new ClientTrial(cast, state, forged as Message).outcome()).toEqual(
      quietly('BAD_SIGNATURE', new RegExp(kind)),
    );
  });

  it('is refused: round-aborted', () => {
    const [state] = transcript.clientBefore(SELF, 'survivors');
    const { batchContext } = transcript;
    const body = { batchContext, keyIndex: 0, phase: '', code: '', detail: '', asks: 'promise' } as const;
    expect(new ClientTrial(cast, state, signed(cast, 2, 'round-aborted', body)).outcome()).toEqual(
      quietly('BAD_SIGNATURE'),
    );
  });
});

describe('a message that is none of a round to a member', () => {
  const [state] = transcript.clientBefore(SELF, 'survivors');
  const others = MESSAGE_KINDS.filter(
    (kind) => ![...OF_A_ROUND, ...OF_BLAME, 'round-aborted', 'vector-chunk'].includes(kind),
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

/** Watches what a member gives away, and remembers what it must not give any more. */
class Witness {
  readonly betrayals: string[] = [];
  readonly #released = new Map<string, string>();
  readonly #signed = new Map<string, string>();
  readonly #promised = new Set<string>();

  see(state: ClientState, effect: ClientEffect): void {
    if (effect.kind === 'release') {
      const { batchContext, keyIndex, choices } = effect;
      const key = `${toHex(batchContext)} ${keyIndex}`;
      if (this.#promised.has(key)) this.betrayals.push('released after a promise');
      if (batchOf(state, batchContext) === undefined) this.betrayals.push('released what was forgotten');
      this.#once(this.#released, key, JSON.stringify(choices), 'released two secrets of one owner');
    } else if (effect.kind === 'send' && effect.message === 'survivors-signature') {
      const { roundContext, survivorsDigest } = effect.body;
      this.#once(this.#signed, toHex(roundContext), toHex(survivorsDigest), 'signed two survivor sets');
    } else if (effect.kind === 'send' && effect.message === 'nothing-released') {
      const { batchContext, keyIndex } = effect.body;
      const key = `${toHex(batchContext)} ${keyIndex}`;
      if (this.#released.has(key)) this.betrayals.push('promised after a release');
      this.#promised.add(key);
    }
  }

  #once(known: Map<string, string>, key: string, value: string, betrayal: string): void {
    if ((known.get(key) ?? value) !== value) this.betrayals.push(betrayal);
    known.set(key, value);
  }
}

describe('any message of the coordinator, at any time', () => {
  /** Two rounds, and a batch that replaces theirs. The second round is given up after its survivors. */
  const story = new Transcript(cast, {
    rounds: 1,
    keyCount: 3,
    draws: true,
    maxAttempts: 2,
    withholds: (member, kind, round) => kind === 'release' && round === 2 && member > 1,
  });
  story.playRound(2);
  story.openBatch(2);

  it('is answered without a throw, and gives of no owner two secrets away, nor one after a promise', () => {
    const own = story.clients.filter(({ member }) => member === SELF);
    const states = own.map(({ before }) => before);
    const messages = [
      ...own.flatMap(({ event }) => (event.kind === 'message' ? [event.message] : [])),
      ...[0, 1, 2].map((keyIndex) =>
        signed(cast, 'coordinator', 'round-aborted', {
          batchContext: existing(story.roundTerms[0]).batchContext,
          keyIndex,
          phase: '',
          code: '',
          detail: '',
          asks: 'promise',
        }),
      ),
    ];
    fc.assert(
      fc.property(
        fc.constantFrom(...states),
        fc.array(fc.constantFrom(...messages), { maxLength: 16 }),
        (start, order) => {
          const witness = new Witness();
          let state = start;
          for (const message of order) {
            const step = stepClient(crypto, state, { kind: 'message', message });
            ({ state } = step);
            for (const effect of step.effects) witness.see(state, effect);
          }
          expect(witness.betrayals).toEqual([]);
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
