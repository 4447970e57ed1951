import { isDeepStrictEqual } from 'node:util';
import { toHex } from '@tributary/crypto';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClientEvent } from '../client/state.ts';
import { startClient } from '../client/step.ts';
import type { CoordinatorEvent } from '../coordinator/state.ts';
import { startCoordinator, stepCoordinator } from '../coordinator/step.ts';
import type { MessageKind } from '../messages/index.ts';
import { castOf } from '../testing/cast.ts';
import { Transcript } from '../testing/transcript.ts';
import { decodeClientEvent, decodeCoordinatorEvent, encodeEvent } from './event-codec.ts';
import { replayClient, replayCoordinator } from './replay.ts';

const MEMBERS = 4;
const cast = castOf(crypto, MEMBERS);

/** Events as a shell's journal gives them back: encoded, and without those that changed nothing. */
function journalled<E extends ClientEvent | CoordinatorEvent>(
  records: readonly {
    readonly before: unknown;
    readonly event: E;
    readonly step: { readonly state: unknown };
  }[],
  decode: (bytes: Uint8Array) => { readonly ok: boolean; readonly event?: E },
): E[] {
  return records
    .filter(({ before, step }) => step.state !== before)
    .map(({ event }) => {
      const decoded = decode(encodeEvent(event));
      if (decoded.event === undefined) throw new Error(`${event.kind} is not decoded`);
      return decoded.event;
    });
}

const SETUP: readonly MessageKind[] = ['key-advert', 'dealt-shares'];
const ROUND: readonly MessageKind[] = ['ready', 'upload-end', 'survivors-signature', 'release'];

/** What members keep to themselves: in setup one of them at most, or there is no batch; in rounds anybody. */
const silences = fc
  .tuple(
    fc.record({ member: fc.nat(MEMBERS - 1), kind: fc.constantFrom(...SETUP) }),
    fc.array(
      fc.record({
        member: fc.nat(MEMBERS - 1),
        kind: fc.constantFrom(...ROUND),
        round: fc.integer({ min: 1, max: 2 }),
      }),
      { maxLength: 4 },
    ),
  )
  .map(([inSetup, inRounds]) => [{ ...inSetup, round: 0 }, ...inRounds]);

describe('a journal', () => {
  it('leads every machine to the state in which it was written, whoever kept silent', () => {
    fc.assert(
      fc.property(silences, fc.boolean(), (silent, complete) => {
        const transcript = new Transcript(cast, {
          rounds: 2,
          keyCount: 4,
          maxAttempts: 2,
          withholds: (member, kind, round) =>
            silent
              .slice(complete ? 1 : 0)
              .some((one) => one.member === member && one.kind === kind && one.round === round),
        });
        const { roster, run, policy } = cast;
        const coordinator = replayCoordinator(
          crypto,
          startCoordinator(roster, run),
          journalled(transcript.coordinator, decodeCoordinatorEvent),
        );
        expect(isDeepStrictEqual(coordinator, transcript.coordinatorNow)).toBe(true);
        for (const { id: self } of roster.members) {
          const own = transcript.clients.filter(({ member }) => member === self);
          const start = startClient(crypto, { self, roster, run, policy });
          const state = replayClient(crypto, start, journalled(own, decodeClientEvent));
          expect(isDeepStrictEqual(state, transcript.clientNow(self))).toBe(true);
        }
      }),
      { numRuns: 20 },
    );
  }, 30_000);

  it('shows what each event asked for, in order', () => {
    const transcript = new Transcript(cast, { rounds: 1 });
    const asked: string[] = [];
    const events = transcript.coordinator.map(({ event }) => event);
    replayCoordinator(crypto, startCoordinator(cast.roster, cast.run), events, (effect) =>
      asked.push(effect.kind),
    );
    expect(asked).toEqual(transcript.coordinator.flatMap(({ step }) => step.effects.map(({ kind }) => kind)));
    expect(asked).toContain('round-completed');
  });

  it('holds no secret of a member', () => {
    const transcript = new Transcript(cast, { rounds: 1, draws: true });
    for (const { self, store } of transcript.keepers) {
      const secrets = store.get(transcript.batchContext);
      if (secrets === undefined) throw new Error('no secrets are kept');
      const { sealingSecret, roundSecrets, selfSeeds, held, dealt } = secrets;
      const shares = [...held.values(), ...dealt.values()].map((payload) => payload.slice(0, 32));
      const events = transcript.clients.filter(({ member }) => member === self).map(({ event }) => event);
      const written = events.map((event) => toHex(encodeEvent(event))).join('\n');
      for (const secret of [sealingSecret, ...roundSecrets, ...selfSeeds, ...shares]) {
        expect(written).not.toContain(toHex(secret));
      }
    }
  });
});

describe('an event', () => {
  const transcript = new Transcript(cast, { rounds: 1, draws: true });

  it('comes back as it was, with its message and signature', () => {
    for (const { event } of transcript.coordinator) {
      expect(decodeCoordinatorEvent(encodeEvent(event))).toEqual({ ok: true, event });
    }
    for (const { event } of transcript.clients) {
      expect(decodeClientEvent(encodeEvent(event))).toEqual({ ok: true, event });
    }
    const events: CoordinatorEvent[] = [
      { kind: 'restarted' },
      { kind: 'member-lost', member: 3 },
      { kind: 'upload-failed', from: 1, detail: 'chunk 7' },
      { kind: 'deadline', lane: 'setup', phaseNumber: 4 },
    ];
    for (const event of events) {
      expect(decodeCoordinatorEvent(encodeEvent(event))).toEqual({ ok: true, event });
    }
  });

  it('with a message that was changed is refused by the machine, as it would have been on the wire', () => {
    const [before, message] = transcript.coordinatorBefore(1, 'ready');
    const changed = { ...message, body: { ...message.body, nonce: new Uint8Array(32) } };
    const decoded = decodeCoordinatorEvent(encodeEvent({ kind: 'message', from: 1, message: changed }));
    if (!decoded.ok) throw new Error(decoded.fault);
    const { effects } = stepCoordinator(crypto, before, decoded.event);
    expect(effects).toMatchObject([{ kind: 'reject', rejection: { code: 'BAD_SIGNATURE' } }]);
  });

  it('of another machine, of no machine or of damaged bytes is a fault', () => {
    const own = encodeEvent({ kind: 'member-joined', member: 1 });
    expect(decodeClientEvent(own)).toEqual({ ok: false, fault: 'an event of unknown kind' });
    for (const value of [undefined, 'restarted', [], { kind: 'toString' }, { kind: 7 }]) {
      const bytes = encodeEvent({ kind: 'expect', expected: value } as never);
      expect(decodeCoordinatorEvent(bytes).ok).toBe(false);
    }
    expect(decodeCoordinatorEvent(own.subarray(1)).ok).toBe(false);
    const [, message] = transcript.coordinatorBefore(1, 'ready');
    const event = encodeEvent({ kind: 'message', from: 1, message });
    for (let at = 0; at < event.length; at++) {
      const damaged = event.slice();
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      // A fault or another event; never an exception.
      decodeCoordinatorEvent(damaged);
    }
  });
});
