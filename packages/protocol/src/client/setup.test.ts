import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { Bodies } from '../messages/index.ts';
import type { SealedShares } from '../messages/setup.ts';
import { signSealedShares } from '../signing.ts';
import { castOf, existing } from '../testing/cast.ts';
import { aloud, ClientTrial, quietly, rejection } from '../testing/refusals.ts';
import { Transcript } from '../testing/transcript.ts';
import { startClient, stepClient } from './step.ts';
import { type ClientBatch, type ClientState, withBatch } from './state.ts';

const SELF = 1;
const cast = castOf(crypto, 5);
const transcript = new Transcript(cast);
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const fresh = startClient(crypto, { self: SELF, roster: cast.roster, run: cast.run, policy: cast.policy });

/** The newest batch that a member has. */
const newest = (state: ClientState): ClientBatch => existing(state.batches.at(-1));
const changed = (state: ClientState, change: Partial<ClientBatch>): ClientState =>
  withBatch(state, { ...newest(state), ...change });

describe('shares that were dealt', () => {
  it('are sent for the batch that asked for them, and again where it asked again', () => {
    const [state] = transcript.clientBefore(SELF, 'held-shares');
    const event = {
      kind: 'shares-dealt',
      batchContext: newest(state).context,
      boxes: [],
      ownCommitments: new Uint8Array(0),
    } as const;
    const [effect] = stepClient(crypto, state, event).effects;
    expect(effect).toMatchObject({ kind: 'send', message: 'dealt-shares', body: { member: SELF } });
    const stale = { ...event, batchContext: hash(1) };
    expect(stepClient(crypto, state, stale)).toEqual({ state, effects: [] });
    const now = transcript.clientNow(SELF);
    expect(stepClient(crypto, now, event)).toEqual({ state: now, effects: [effect] });
  });
});

describe('held shares', () => {
  const [state, { body: honest }] = transcript.clientBefore(SELF, 'held-shares');
  const shares = (boxes: Bodies['held-shares']['boxes'], from = state): ClientTrial =>
    ClientTrial.of(cast, from, 'held-shares', { ...honest, boxes });

  /** The boxes with that of dealer 3 changed, and signed again by whoever `signer` is. */
  function withBox(change: Partial<SealedShares>, signer = 3): ClientTrial {
    return shares(
      honest.boxes.map((box) => {
        if (box.body.dealer !== 3) return box;
        const body = { ...box.body, ...change };
        return { body, signature: signSealedShares(crypto, existing(cast.identities[signer]), body) };
      }),
    );
  }

  it('are taken to be opened, from all dealers', () => {
    const { state: after, effects } = shares(honest.boxes).take();
    expect(effects).toMatchObject([{ kind: 'hold-shares', boxes: { length: 4 } }]);
    expect(newest(after)).toMatchObject({ stage: 'shares', dealers: new Set([0, 1, 2, 3, 4]) });
  });

  it('of another batch, or of none, are refused', () => {
    expect(
      ClientTrial.of(cast, state, 'held-shares', { ...honest, batchContext: hash(1) }).outcome(),
    ).toEqual(quietly('WRONG_CONTEXT'));
    expect(shares(honest.boxes, fresh).outcome()).toEqual(quietly('WRONG_CONTEXT'));
  });

  it('that come too early are refused', () => {
    const [early] = transcript.clientBefore(SELF, 'key-roster');
    expect(shares(honest.boxes, early).outcome()).toEqual(quietly('WRONG_PHASE'));
  });

  it('that come again are opened again until they have been, and then change nothing', () => {
    const first = shares(honest.boxes).take();
    expect(shares(honest.boxes, first.state).take()).toEqual(first);
    const now = transcript.clientNow(SELF);
    for (const boxes of [honest.boxes, honest.boxes.slice(1)]) {
      expect(shares(boxes, now).outcome()).toEqual({ state: 'same', effects: [] });
    }
  });

  it('of a dealer that advertised no key, of a stranger, twice of one, or of this member are refused', () => {
    const first = existing(honest.boxes[0]);
    const adverts = new Map(newest(state).adverts);
    adverts.delete(3);
    const unknown = changed(state, { adverts });
    expect(shares(honest.boxes, unknown).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 3/ }),
    );
    expect(withBox({ dealer: 77 }).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 77/ }),
    );
    expect(shares([first, ...honest.boxes]).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 0/ }),
    );
    expect(withBox({ dealer: SELF }, SELF).outcome()).toEqual(
      aloud('NOT_A_MEMBER', { round: 0, detail: /member 1/ }),
    );
  });

  it('for another holder, or of another batch, are refused', () => {
    expect(withBox({ holder: 2 }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', { round: 0, detail: /member-3/ }),
    );
    expect(withBox({ batchContext: hash(1) }).outcome()).toEqual(
      aloud('WRONG_CONTEXT', { round: 0, detail: /member-3/ }),
    );
  });

  it('with commitments for other key indices are refused', () => {
    expect(withBox({ commitments: hash(1) }).outcome()).toEqual(
      aloud('LENGTH_MISMATCH', { round: 0, detail: /member-3/ }),
    );
  });

  it('that another than their dealer signed are refused', () => {
    expect(withBox({}, 2).outcome()).toEqual(aloud('BAD_SIGNATURE', { round: 0, detail: /member-3/ }));
  });

  it('of too few dealers are refused', () => {
    expect(shares(honest.boxes.slice(0, 2)).outcome()).toEqual(
      aloud('BELOW_FLOOR', { round: 0, detail: /3 of 5 members/ }),
    );
  });
});

describe('shares that were opened', () => {
  const [before, message] = transcript.clientBefore(SELF, 'held-shares');
  const { state } = new ClientTrial(cast, before, message).take();
  const batchContext = newest(before).context;
  const badBox = existing(message.body.boxes.find(({ body }) => body.dealer === 3));

  it('open the batch, and make the member complain of the boxes that were bad', () => {
    const step = stepClient(crypto, state, { kind: 'shares-held', batchContext, badBoxes: [badBox] });
    expect(newest(step.state)).toMatchObject({ stage: 'open', complaints: new Map([[3, badBox]]) });
    expect(step.effects).toEqual([
      rejection('BAD_DEALER', 3),
      { kind: 'send', message: 'complaint', body: { batchContext, member: SELF, dealer: 3 } },
    ]);
  });

  it('make the member complain again with every new session, until it has its answer', () => {
    const open = stepClient(crypto, state, { kind: 'shares-held', batchContext, badBoxes: [badBox] }).state;
    const again = new ClientTrial(cast, open, message).take();
    expect(again.state).toBe(open);
    expect(again.effects).toEqual([
      { kind: 'send', message: 'complaint', body: { batchContext, member: SELF, dealer: 3 } },
    ]);
    const settled = withBatch(open, { ...newest(open), complaints: new Map() });
    expect(new ClientTrial(cast, settled, message).take().effects).toEqual([]);
  });

  it('are dropped for another batch, and before any were taken', () => {
    const stale = { kind: 'shares-held', batchContext: hash(1), badBoxes: [] } as const;
    expect(stepClient(crypto, state, stale)).toEqual({ state, effects: [] });
    for (const early of [fresh, before, transcript.clientBefore(SELF, 'key-roster')[0]]) {
      const event = { kind: 'shares-held', batchContext, badBoxes: [] } as const;
      expect(stepClient(crypto, early, event)).toEqual({ state: early, effects: [] });
    }
  });
});
