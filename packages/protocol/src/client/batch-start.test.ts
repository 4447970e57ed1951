import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { BatchTerms } from '../messages/terms.ts';
import { rosterRoot } from '../roster.ts';
import { castOf, existing } from '../testing/cast.ts';
import { aloud, ClientTrial, quietly } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import { startClient, stepClient } from './step.ts';
import { type ClientBatch, type ClientState, withBatch } from './state.ts';

const SELF = 1;
const cast = castOf(crypto, 5);
const transcript = new Transcript(cast);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const fresh = startClient(crypto, { self: SELF, roster: cast.roster, run: cast.run, policy: cast.policy });

const withPolicy = (minCohort: number, minColluders: number): ClientState => ({
  ...fresh,
  policy: { ...cast.policy, minCohort, minColluders },
});

/** The newest batch that a member has. */
const newest = (state: ClientState): ClientBatch => existing(state.batches.at(-1));
const changed = (state: ClientState, change: Partial<ClientBatch>): ClientState =>
  withBatch(state, { ...newest(state), ...change });

describe('the start of a batch', () => {
  const terms = transcript.batchTerms;
  // Of five members: everybody but the one across is a neighbour.
  const SPARSE = { graph: 'harary', holders: 4, threshold: 4, colluders: 1 } as const;
  const start = (change: Partial<BatchTerms>, state: ClientState = fresh): ClientTrial =>
    ClientTrial.of(cast, state, 'batch-start', { ...terms, ...change });

  it('makes the member generate keys', () => {
    const { state, effects } = start({}).take();
    expect(effects).toEqual([
      { kind: 'enter-phase', phase: 'setup', round: 0 },
      { kind: 'generate-keys', batchContext: newest(state).context, keyCount: 2, draws: false, again: false },
    ]);
    expect(state).toMatchObject({ lastBatch: 1, batches: [{ stage: 'keys', nextKeyIndex: 0 }] });
  });

  it('of a run with noise is refused where it may be thinner than it was sized for', () => {
    const noisy = (sizedFor: number, roster = cast.roster): ClientState =>
      startClient(crypto, {
        self: SELF,
        roster,
        run: cast.run,
        policy: { ...cast.policy, minSurvivors: sizedFor },
      });
    expect(start({}, noisy(4)).take().state.lastBatch).toBe(1);
    expect(start({}, noisy(5)).outcome()).toEqual(
      aloud('UNSAFE_TERMS', { round: 0, detail: /minSurvivors 4 is below the 5 that the noise/ }),
    );
    // c = 1 with one organisation of two members: with the coordinator it would know two shares of the noise.
    const shared = castOf(crypto, 5, ['a', 'a', 'b', 'c', 'd']).roster;
    const thin = { rosterRoot: rosterRoot(crypto, shared), colluders: 1 };
    expect(start(thin, noisy(4, shared)).outcome()).toEqual(
      aloud('UNSAFE_TERMS', { round: 0, detail: /5 members of 4 organisations, the noise/ }),
    );
    const exact = startClient(crypto, { self: SELF, roster: shared, run: cast.run, policy: cast.policy });
    expect(start(thin, exact).take().state.lastBatch).toBe(1);
  });

  it.each<[string, Partial<BatchTerms>, RegExp]>([
    ['a later protocol version', { protocolVersion: 3 }, /^protocol version 3/],
    ['an earlier protocol version', { protocolVersion: 0 }, /^protocol version 0/],
    ['another federation', { federation: 'other' }, /federation 'other'/],
    ['another run', { run: hash(1) }, /another run/],
    ['another roster', { rosterRoot: hash(1) }, /another roster/],
    ['a batch that is not the next', { batch: 0 }, /batch 0 is not after batch 0/],
    ['a cohort out of order', { cohort: [1, 0, 2, 3, 4] }, /ascending/],
    ['a cohort that repeats a member', { cohort: [0, 1, 1, 3, 4] }, /ascending/],
    ['a cohort with a stranger', { cohort: [0, 1, 2, 3, 5] }, /outside the roster/],
    ['a cohort without this member', { cohort: [0, 2, 3, 4], holders: 4 }, /leaves this member out/],
    ['no key index', { keyCount: 0 }, /keyCount 0/],
    ['fewer holders than members', { holders: 4 }, /holders 4/],
    ['a threshold too low for its colluders', { threshold: 3 }, /breaks 2t > H \+ c/],
    ['a floor below colluders + 2', { minCohort: 3 }, /minCohort 3 is below/],
    ['a floor below the threshold', { minSurvivors: 3 }, /minSurvivors 3 is below/],
    ['no colluder tolerated', { colluders: 0 }, /colluders 0 is below 1/],
    ['no attempt at all', { maxAttempts: 0 }, /maxAttempts is 0/],
    ['more attempts than the policy has', { maxAttempts: 3 }, /maxAttempts 3 .* policy of 2/],
    ['a committee of too few organisations', { committee: [0, 1] }, /committee is of 2 organisations/],
    ['a committee out of order', { committee: [2, 1, 0] }, /committee is not in ascending order/],
    ['a committee outside the cohort', { committee: [1, 2, 7] }, /committee names a member/],
    ['a sparse graph that nobody draws', SPARSE, /needs a committee that draws it/],
    [
      'a sparse graph in a version without any',
      { ...SPARSE, protocolVersion: 1, committee: [0, 1] },
      /^protocol version 1 knows the complete graph only/,
    ],
  ])('with %s is refused', (_, change, detail) => {
    expect(start(change).outcome()).toEqual(aloud('UNSAFE_TERMS', { round: 0, detail }));
  });

  it("below the member's policy is refused", () => {
    expect(start({}, withPolicy(5, 1)).outcome()).toEqual(
      aloud('UNSAFE_TERMS', {
        round: 0,
        detail: /minCohort 4 .* policy of 5/,
      }),
    );
    expect(start({}, withPolicy(3, 3)).outcome()).toEqual(
      aloud('UNSAFE_TERMS', {
        round: 0,
        detail: /colluders 2 .* policy of 3/,
      }),
    );
  });

  it('where an organisation acts through several members is refused unless c covers them', () => {
    const shared = castOf(crypto, 5, ['a', 'a', 'b', 'c', 'd']);
    const { batchTerms } = new Transcript(shared, { rounds: 0 });
    const { roster, run, policy } = shared;
    const state = startClient(crypto, { self: SELF, roster, run, policy });
    const detail = /2 organisations have 3 members/;
    expect(ClientTrial.of(shared, state, 'batch-start', batchTerms).outcome()).toEqual(
      aloud('UNSAFE_TERMS', {
        round: 0,
        detail,
      }),
    );
  });

  it('in the version before is taken, where it keeps to the complete graph', () => {
    expect(start({ protocolVersion: 1 }).take().state.batches).toHaveLength(1);
    const old = { ...fresh, newestVersion: 1 };
    expect(start({}, old).outcome()).toEqual(
      aloud('UNSAFE_TERMS', { round: 0, detail: /^protocol version 2 is not spoken/ }),
    );
    expect(start({ protocolVersion: 1 }, old).take().state.batches).toHaveLength(1);
  });

  it('that comes again asks for the same keys again; another of its number is refused', () => {
    const batchContext = existing(transcript.batchContext);
    const now = transcript.clientNow(SELF);
    // Before the member has advertised its keys, as after a crash, and after.
    for (const [state, again] of [
      [start({}).take().state, false],
      [now, true],
    ] as const) {
      const keys = { kind: 'generate-keys', batchContext, keyCount: 2, draws: false, again };
      expect(start({}, state).outcome()).toEqual({ state: 'same', effects: [keys] });
    }
    expect(start({ keyCount: 3 }, now).outcome()).toEqual(
      aloud('UNSAFE_TERMS', {
        round: 0,
        detail: /batch 1 is not after batch 1/,
      }),
    );
  });

  it('while a round is open leaves the round and its batch as they are', () => {
    for (const kind of ['round-start', 'survivors', 'unmask-request', 'round-result'] as const) {
      const [open, message] = transcript.clientBefore(SELF, kind);
      const { state, effects } = start({ batch: 2 }, open).take();
      expect(state.round).toEqual(open.round);
      expect(state.batches.map(({ terms: { batch }, stage }) => [batch, stage])).toEqual([
        [1, 'open'],
        [2, 'keys'],
      ]);
      expect(effects.map((effect) => effect.kind)).toEqual(['enter-phase', 'generate-keys']);
      expect(new ClientTrial(cast, state, message).take().effects).toEqual(
        new ClientTrial(cast, open, message).take().effects,
      );
    }
  });

  it('replaces a setup that was not finished, and forgets its secrets', () => {
    const first = start({}).take().state;
    const { state, effects } = start({ batch: 2 }, first).take();
    expect(effects[0]).toEqual({ kind: 'forget-batch', batchContext: newest(first).context });
    expect(effects[2]).toMatchObject({ kind: 'generate-keys', keyCount: 2 });
    expect(state).toMatchObject({ lastBatch: 2, batches: [{ stage: 'keys', terms: { batch: 2 } }] });
    expect(start({}, state).outcome()).toEqual(
      aloud('UNSAFE_TERMS', { round: 0, detail: /batch 1 is not after batch 2/ }),
    );
  });

  /** A second batch is open; the round of the first goes on. */
  const second = (state: ClientState): ClientState => {
    const { state: renewing } = start({ batch: 2 }, state).take();
    return changed(renewing, { stage: 'open' });
  };

  describe('beside two open batches', () => {
    it('ends the older one: what was signed of its round is kept, and nothing of it is released', () => {
      const [signedState, request] = transcript.clientBefore(SELF, 'unmask-request');
      const { state, effects } = start({ batch: 3 }, second(signedState)).take();
      expect(effects[0]).toEqual({ kind: 'forget-batch', batchContext: transcript.batchContext });
      expect(state.round).toEqual({ ...signedState.round, stage: 'released' });
      expect(new ClientTrial(cast, state, request).outcome()).toEqual(quietly('EQUIVOCATION'));
    });

    it('forgets a round of the older one of which nothing was signed', () => {
      const [uploaded] = transcript.clientBefore(SELF, 'survivors');
      expect(start({ batch: 3 }, second(uploaded)).take().state.round).toBeUndefined();
    });

    it('leaves nothing to repeat: a release that was given is not given again without its secrets', () => {
      const [released] = transcript.clientBefore(SELF, 'round-result');
      const [, request] = transcript.clientBefore(SELF, 'unmask-request');
      const [, survivors] = transcript.clientBefore(SELF, 'survivors');
      const { state } = start({ batch: 3 }, second(released)).take();
      expect(state.batches.map(({ terms: { batch } }) => batch)).toEqual([2, 3]);
      expect(new ClientTrial(cast, state, request).outcome()).toEqual(quietly('EQUIVOCATION'));
      expect(new ClientTrial(cast, state, survivors).outcome()).toEqual(aloud('EQUIVOCATION', { round: 1 }));
    });
  });
});

describe('keys that were generated', () => {
  const advert = existing(
    transcript.clients.flatMap(({ member, event }) =>
      member === SELF && event.kind === 'keys-generated' ? [event.advert] : [],
    )[0],
  );

  it('are advertised', () => {
    const [state] = transcript.clientBefore(SELF, 'key-roster');
    expect(stepClient(crypto, state, { kind: 'keys-generated', advert }).effects).toEqual([
      { kind: 'send', message: 'key-advert', body: advert },
    ]);
  });

  it('are dropped for another batch', () => {
    const [state] = transcript.clientBefore(SELF, 'key-roster');
    const stale = { ...advert, batchContext: hash(1) };
    expect(stepClient(crypto, state, { kind: 'keys-generated', advert: stale })).toEqual({
      state,
      effects: [],
    });
    expect(stepClient(crypto, fresh, { kind: 'keys-generated', advert })).toEqual({
      state: fresh,
      effects: [],
    });
  });
});
