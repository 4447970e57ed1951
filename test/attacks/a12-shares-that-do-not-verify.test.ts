/**
 * A12: a share that is not the one that was dealt, shares that give another secret than the dealer committed
 * to, boxes that do not open. The sum is right or there is none; whoever cheated is named, with a proof that
 * every member checks, and takes part in nothing more.
 */
import type { Bodies, Message } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { CheatingFederation, signSealedShares } from '../support/cheating-federation.ts';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { plainSum } from '../support/federation.ts';

const CHEAT = 2;
const N = 7;
const EVERYBODY = [0, 1, 2, 3, 4, 5, 6];
const OTHERS = EVERYBODY.filter((id) => id !== CHEAT);

const flipped = (bytes: Uint8Array): Uint8Array => bytes.with(3, (bytes[3] ?? 0) ^ 4);

function vectorsOf({ cast }: CheatingFederation): Int32Array[] {
  return cast.members.map(({ vector }) => vector);
}

/** What is released is changed and signed again. */
function releasing(
  federation: CheatingFederation,
  member: number,
  change: (body: Bodies['release']) => Bodies['release'],
): void {
  federation.corrupt(member, (message): Message[] =>
    message.kind === 'release'
      ? [federation.cast.member(member).sign('release', change(message.body)) as Message]
      : [message],
  );
}

function silentAtUnmask(federation: CheatingFederation, members: readonly number[]): void {
  for (const id of members)
    federation.corrupt(id, (message) => (message.kind === 'release' ? [] : [message]));
}

/** The cheat is named by the coordinator and by every other member, with a proof, and shunned. */
function expectConvicted(federation: CheatingFederation, proof: string): void {
  expect(federation.culprits).toEqual([CHEAT]);
  expect(federation.evidence).toMatchObject([{ culprit: CHEAT, evidence: { proof } }]);
  for (const id of OTHERS) {
    const { state, evidence, rejections } = federation.cast.member(id);
    expect([...state.culprits]).toEqual([CHEAT]);
    expect(evidence).toMatchObject([{ proof }]);
    expect(rejections).toContainEqual({ code: 'CULPRIT', from: CHEAT, detail: proof });
  }
}

describe('A12: a wrong share among t + 1', () => {
  it.each<[string, (body: Bodies['release']) => Bodies['release']]>([
    [
      'of one owner',
      (body) => ({
        ...body,
        shares: body.shares.map((share) =>
          share.owner === 4 ? { ...share, share: flipped(share.share) } : share,
        ),
      }),
    ],
    [
      'with another salt',
      (body) => ({
        ...body,
        shares: body.shares.map((share) =>
          share.owner === 4 ? { ...share, salt: flipped(share.salt) } : share,
        ),
      }),
    ],
    [
      'of all owners',
      (body) => ({
        ...body,
        shares: body.shares.map((share) => ({ ...share, share: flipped(share.share) })),
      }),
    ],
  ])('%s leaves the sum right, and its holder is named with a proof', (_, change) => {
    const federation = new CheatingFederation({ members: N, keyCount: 3 });
    // Six release, t = 5: with one share too few of five good ones the sum could not be opened.
    silentAtUnmask(federation, [6]);
    releasing(federation, CHEAT, change);
    const { sum, survivors, failures } = federation.sum();
    expect(failures).toEqual([]);
    expect(survivors).toEqual(EVERYBODY);
    expect(sum).toEqual(plainSum(vectorsOf(federation), EVERYBODY));
    expect(federation.rejections).toContainEqual(expect.objectContaining({ code: 'BAD_SHARE', from: CHEAT }));
    expectConvicted(federation, 'bad-share');
    // The next sum is without it, though it would like to take part.
    expect(federation.sum()).toMatchObject({ survivors: OTHERS, failures: [] });
  });

  it('ends the attempt where only t release, and no wrong sum is opened', () => {
    const federation = new CheatingFederation({ members: N, keyCount: 3 });
    silentAtUnmask(federation, [5, 6]);
    releasing(federation, CHEAT, (body) => ({
      ...body,
      shares: body.shares.map((share) => ({ ...share, share: flipped(share.share) })),
    }));
    const { sum, failures } = federation.sum();
    expect(sum).toBeUndefined();
    expect(failures).toEqual([expect.stringMatching(/^unmask BELOW_THRESHOLD: 4 holders/)]);
    expectConvicted(federation, 'bad-share');
  });
});

describe('A12: shares of another secret than the dealer committed to', () => {
  it('are found before a wrong sum is, and prove the guilt of the dealer', () => {
    const federation = new CheatingFederation({ members: N, keyCount: 3 });
    federation.dealsOtherSecrets(CHEAT);
    // The dealer keeps its own share to itself: the proof takes those of other holders.
    silentAtUnmask(federation, [CHEAT]);
    const { sum, failures } = federation.sum();
    expect(sum).toBeUndefined();
    expect(failures).toEqual([expect.stringMatching(/^unmask BAD_DEALER: the shares of org-2/)]);
    expectConvicted(federation, 'bad-dealer');
    expect(federation.sum()).toMatchObject({ survivors: OTHERS, failures: [] });
  });

  it('cost one attempt where each has its own noise: the round is tried again without the dealer', () => {
    const federation = new CheatingFederation({ members: N, keyCount: 3 });
    federation.dealsOtherSecrets(CHEAT);
    const { sum, survivors, failures } = federation.sum({ privacy: new Uint8Array(16).fill(1) });
    expect(failures).toEqual([expect.stringMatching(/^unmask BAD_DEALER: the shares of org-2/)]);
    expect(survivors).toEqual(OTHERS);
    expect(sum).toEqual(plainSum(vectorsOf(federation), OTHERS));
    expect(federation.culprits).toEqual([CHEAT]);
  });

  it('harm nobody where the dealer gives itself one of the first t shares: it is shunned, proof or not', () => {
    const federation = new CheatingFederation({ members: N, keyCount: 3 });
    federation.dealsOtherSecrets(CHEAT);
    expect(federation.sum().sum).toBeUndefined();
    expect(federation.culprits).toEqual([CHEAT]);
    for (const { evidence, culprit } of federation.evidence) {
      expect([evidence.proof, culprit]).toEqual(['bad-dealer', CHEAT]);
    }
    expect(federation.sum()).toMatchObject({ survivors: OTHERS, failures: [] });
  });
});

/** The cheat spoils its boxes for some holders; `answer` is what it says to each complaint. */
function spoiled(
  answer: (message: Message<'opened-shares'>) => Message[],
  holders: readonly number[] = [4],
): CheatingFederation {
  const federation = new CheatingFederation({ members: N, keyCount: 3 });
  const member = federation.cast.member(CHEAT);
  federation.corrupt(CHEAT, (message): Message[] => {
    if (message.kind === 'opened-shares') return answer(message);
    if (message.kind !== 'dealt-shares') return [message];
    const boxes = message.body.boxes.map((box) => {
      if (!holders.includes(box.body.holder)) return box;
      const body = { ...box.body, sealed: flipped(box.body.sealed) };
      return { body, signature: signSealedShares(crypto, member.keeper.identity, body) };
    });
    return [member.sign('dealt-shares', { ...message.body, boxes }) as Message];
  });
  return federation;
}

describe('A12: a box that does not open', () => {
  it('is complained of, and an honest answer in the open settles it', () => {
    const federation = spoiled((message) => [message]);
    const { sum, survivors } = federation.sum();
    expect(federation.rejections).toContainEqual(
      expect.objectContaining({ code: 'BAD_DEALER', from: CHEAT }),
    );
    expect(survivors).toEqual(EVERYBODY);
    expect(sum).toEqual(plainSum(vectorsOf(federation), EVERYBODY));
    expect(federation.culprits).toEqual([]);
    // The holder can now release what it was not given in its box.
    const { keeper, state } = federation.cast.member(4);
    const context = state.batches[0]?.context ?? new Uint8Array(0);
    expect(keeper.store.get(context)?.held.has(CHEAT)).toBe(true);
  });

  it('harms nobody where t holders have another, though its dealer keeps silent', () => {
    const federation = spoiled(() => []);
    const { sum, survivors } = federation.sum();
    expect(survivors).toEqual(EVERYBODY);
    expect(sum).toEqual(plainSum(vectorsOf(federation), EVERYBODY));
  });

  it('keeps its dealer out of all rounds until it answers, with two others: t = 5 could not open its secrets', () => {
    const federation = spoiled(() => [], [3, 4, 5]);
    const { sum, survivors } = federation.sum();
    expect(survivors).toEqual(OTHERS);
    expect(sum).toEqual(plainSum(vectorsOf(federation), OTHERS));
    expect(federation.culprits).toEqual([]);
  });

  it('proves the guilt of a dealer whose answer is wrong too', () => {
    const federation = spoiled((message) => [
      federation.cast.member(CHEAT).sign('opened-shares', {
        ...message.body,
        payload: flipped(message.body.payload),
      }) as Message,
    ]);
    const { sum, survivors } = federation.sum();
    expect(survivors).toEqual(OTHERS);
    expect(sum).toEqual(plainSum(vectorsOf(federation), OTHERS));
    expectConvicted(federation, 'bad-opening');
  });
});

describe('A12: complaints that are lies', () => {
  it('get a liar nothing that it did not hold, and no more liars are answered than may collude', () => {
    const federation = new CheatingFederation({ members: N, keyCount: 3 });
    federation.sum();
    const { cast } = federation;
    const batchContext = cast.member(0).state.batches[0]?.context ?? new Uint8Array(0);
    const answers = [1, 2, 3, 4].map((holder) => {
      const complaint = { batchContext, member: holder, dealer: 0 };
      const { signature } = cast.member(holder).sign('complaint', complaint);
      return cast.tell([0], 'relayed-complaint', { complaint: { body: complaint, signature } });
    });
    // c = 2
    expect(answers.map(([answer]) => answer?.kind)).toEqual([
      'opened-shares',
      'opened-shares',
      undefined,
      undefined,
    ]);
    expect(cast.member(0).rejections).toMatchObject([{ code: 'UNSAFE_TERMS' }, { code: 'UNSAFE_TERMS' }]);
    const [opened] = cast.all('opened-shares');
    expect(opened?.body.payload).toEqual(cast.member(1).keeper.store.get(batchContext)?.held.get(0));
  });
});
