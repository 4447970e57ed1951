/** Cheats of every kind, with the proof against each: real keys, shares and signatures. */
import { dealShares } from '../client/batch-secrets.ts';
import { openedSharesFor, releaseFor } from '../client/keeper.ts';
import type { EvidenceContext } from '../evidence.ts';
import type { MemberEvidence } from '../messages/evidence.ts';
import type { Release } from '../messages/round.ts';
import type { KeyAdvert, OpenedShares, SealedShares, Signed } from '../messages/setup.ts';
import { signMessage, signSealedShares } from '../signing.ts';
import { existing } from './cast.ts';
import type { Transcript } from './transcript.ts';

export interface Proofs {
  readonly context: EvidenceContext;
  /** Members that cheat: a holder, and the dealer of what it and everybody else holds. */
  readonly holder: number;
  readonly dealer: number;
  /** The box that the dealer dealt to the holder. */
  readonly box: Signed<SealedShares>;
  readonly badShare: MemberEvidence;
  readonly badDealer: MemberEvidence;
  readonly badOpening: MemberEvidence;
}

const NOTHING: Pick<MemberEvidence, 'boxes' | 'releases' | 'adverts' | 'openings'> = {
  boxes: [],
  releases: [],
  adverts: [],
  openings: [],
};

/** What member 2 and member 3 of a batch on the complete graph could be convicted of. */
export function proofsIn({ cast, keepers, batchContext, batchTerms, coordinatorNow }: Transcript): Proofs {
  const { crypto, random, roster, identities } = cast;
  const [holder, dealer] = [2, 3];
  const { adverts, dealt } = existing(coordinatorNow.batches.at(-1));
  const secretOf = (id: number): Uint8Array => existing(identities[id]);
  const advert: Signed<KeyAdvert> = existing(adverts.get(dealer));
  const box = existing(dealt.get(dealer)?.boxes.get(holder));

  const sealedBy = (body: SealedShares): Signed<SealedShares> => ({
    body,
    signature: signSealedShares(crypto, secretOf(body.dealer), body),
  });
  const releasedBy = (body: Release): Signed<Release> => ({
    body,
    signature: signMessage(crypto, secretOf(body.member), 'release', body),
  });
  const openedBy = (body: OpenedShares): Signed<OpenedShares> => ({
    body,
    signature: signMessage(crypto, secretOf(body.member), 'opened-shares', body),
  });
  const release = (member: number): Release =>
    releaseFor(existing(keepers[member]), {
      kind: 'release',
      batchContext,
      roundContext: new Uint8Array(32).fill(6),
      keyIndex: 0,
      choices: [{ owner: dealer, kind: 'self' }],
      maskedSum: new Uint8Array(32).fill(5),
      summation: undefined,
    });

  const honest = release(holder);
  const wrong = honest.shares.map((share) => ({
    ...share,
    share: share.share.with(0, 1 ^ existing(share.share[0])),
  }));

  // The dealer shares another self seed than it committed to; every share opens its commitment.
  const secrets = existing(existing(keepers[dealer]).store.get(batchContext));
  const others = {
    ...secrets,
    selfSeeds: secrets.selfSeeds.map(() => random(32)),
    held: new Map(),
    dealt: new Map(),
  };
  const recipients = batchTerms.cohort.map((member, i) => ({
    member,
    point: i + 1,
    sealingKey: existing(adverts.get(member)).body.sealingKey,
  }));
  const { threshold, holders } = batchTerms;
  const deal = dealShares(crypto, random, { batchContext, dealer, threshold, holders, recipients }, others);
  const few = deal.boxes.slice(0, threshold);
  const releases = few.map(({ holder: member }) => {
    const payload = existing(deal.secrets.dealt.get(member));
    const [share, salt] = [payload.slice(0, 32), payload.slice(32, 64)];
    return releasedBy({ ...release(member), shares: [{ owner: dealer, kind: 'self', share, salt }] });
  });

  const opened = existing(
    openedSharesFor(existing(keepers[dealer]), { kind: 'open-shares', batchContext, holder }),
  );
  const payload = opened.payload.with(5, 1 ^ existing(opened.payload[5]));

  return {
    context: {
      roster,
      batchContext,
      threshold,
      keyCount: batchTerms.keyCount,
      pointOf: (_, member) => member + 1,
    },
    holder,
    dealer,
    box,
    badShare: {
      ...NOTHING,
      proof: 'bad-share',
      batchContext,
      boxes: [box],
      releases: [releasedBy({ ...honest, shares: wrong })],
    },
    badDealer: {
      ...NOTHING,
      proof: 'bad-dealer',
      batchContext,
      boxes: few.map(sealedBy),
      releases,
      adverts: [advert],
    },
    badOpening: {
      ...NOTHING,
      proof: 'bad-opening',
      batchContext,
      boxes: [box],
      openings: [openedBy({ ...opened, payload })],
    },
  };
}
