/** The member's side of the key roster: check the draw and the neighbours' keys, then deal shares to the holders. */
import { type CryptoBackend, isSmallOrderX25519 } from '@tributary/crypto';
import { drawCommitment, drawDigest, drawOf, NO_DRAW } from '../draw.ts';
import type { RejectionCode } from '../errors.ts';
import { type KeyAdvert, type KeyRoster, keyRosterShape, type Signed } from '../messages/setup.ts';
import { belowFloors } from '../parameters/batch-rules.ts';
import { sameBytes } from '../public-bytes.ts';
import { verifyMessage } from '../signing.ts';
import { type Topology, topologyOf } from '../topology.ts';
import { CanonicalWriter } from '../wire/canonical.ts';
import { memberListFault } from './batch-start.ts';
import { refuse, refuseAloud } from './refusal.ts';
import {
  batchOf,
  type ClientBatch,
  type ClientEffect,
  type ClientState,
  type ClientStep,
  withBatch,
} from './state.ts';

interface Fault {
  readonly code: RejectionCode;
  readonly detail: string;
}

const isFault = (value: object): value is Fault => 'code' in value && 'detail' in value;

/** A key roster is taken once; the same again asks for the same shares again. */
export function acceptKeyRoster(crypto: CryptoBackend, state: ClientState, message: KeyRoster): ClientStep {
  const { roster, self } = state;
  const batch = batchOf(state, message.batchContext);
  if (batch === undefined) return refuse(state, 'WRONG_CONTEXT', 'key roster of another batch');
  const digest = digestOf(crypto, message);
  if (batch.keyRosterDigest !== undefined) {
    return sameBytes(batch.keyRosterDigest, digest)
      ? { state, effects: [dealEffect(self, batch)] }
      : refuse(state, 'EQUIVOCATION', 'a second key roster');
  }
  const { members } = message;
  const fault = memberListFault(batch.terms.cohort, members, self);
  if (fault !== undefined) return refuseAloud(state, 'NOT_A_MEMBER', fault, 0);
  const floor = belowFloors(roster, batch.terms, members);
  if (floor !== undefined) return refuseAloud(state, 'BELOW_FLOOR', floor, 0);
  const adverts = checkedAdverts(crypto, state, batch, message);
  if (isFault(adverts)) return refuseAloud(state, adverts.code, adverts.detail, 0);
  const draw = checkedDraw(crypto, state, batch, message, adverts);
  if (isFault(draw)) return refuseAloud(state, draw.code, draw.detail, 0);
  const topology = topologyOfBatch(crypto, state, { terms: batch.terms, draw });
  if (topology === undefined) {
    const detail = `organisationCap ${batch.terms.organisationCap} cannot be kept by this cohort`;
    return refuseAloud(state, 'UNSAFE_TERMS', detail, 0);
  }
  const neighbours = topology.neighbours(self);
  const present = new Set(members);
  const unknown = [self, ...neighbours].find((id) => present.has(id) && !adverts.has(id));
  if (unknown !== undefined) {
    return refuseAloud(state, 'NOT_A_MEMBER', `key roster has no keys of member ${unknown}`, 0);
  }
  const near = new Set([self, ...neighbours]);
  const taken: ClientBatch = {
    ...batch,
    stage: 'shares',
    keyRosterDigest: digest,
    members,
    draw,
    neighbours,
    holders: topology.holders(self),
    adverts: new Map([...adverts].filter(([id]) => near.has(id))),
  };
  return {
    state: withBatch(state, taken),
    effects: [{ kind: 'batch-drawn', batch: batch.terms.batch, draw }, dealEffect(self, taken)],
  };
}

/** Neighbours and holders of everybody in the batch, which follow from the cohort and the draw. */
export function topologyOfBatch(
  crypto: CryptoBackend,
  { roster }: Pick<ClientState, 'roster'>,
  { terms, draw }: Pick<ClientBatch, 'terms' | 'draw'>,
): Topology | undefined {
  const organisationOf = (id: number): string => roster.members[id]?.organisation ?? '';
  return topologyOf(crypto, terms, organisationOf, draw);
}

function digestOf(crypto: CryptoBackend, message: KeyRoster): Uint8Array {
  const writer = new CanonicalWriter();
  keyRosterShape.write(message, writer);
  return crypto.sha256(writer.finish());
}

function dealEffect(self: number, { terms, context, holders, adverts }: ClientBatch): ClientEffect {
  const recipients = holders.flatMap((member, i) => {
    const advert = adverts.get(member);
    return advert === undefined ? [] : [{ member, point: i + 1, sealingKey: advert.sealingKey }];
  });
  const { threshold, holders: count } = terms;
  return {
    kind: 'deal-shares',
    deal: { batchContext: context, dealer: self, threshold, holders: count, recipients },
  };
}

function checkedAdverts(
  crypto: CryptoBackend,
  { roster }: ClientState,
  batch: ClientBatch,
  { members, adverts }: KeyRoster,
): ReadonlyMap<number, KeyAdvert> | Fault {
  const { keyCount } = batch.terms;
  const present = new Set(members);
  const checked = new Map<number, KeyAdvert>();
  for (const { body, signature } of adverts) {
    const member = roster.members[body.member];
    if (member === undefined || !present.has(body.member) || checked.has(body.member)) {
      return { code: 'NOT_A_MEMBER', detail: `key advert of member ${body.member}` };
    }
    const { name } = member;
    if (!sameBytes(body.batchContext, batch.context)) {
      return { code: 'WRONG_CONTEXT', detail: `key advert of ${name} is for another batch` };
    }
    if (body.roundKeys.length !== keyCount || body.selfSeedCommitments.length !== keyCount) {
      return { code: 'LENGTH_MISMATCH', detail: `key advert of ${name} is not for ${keyCount} key indices` };
    }
    if (!verifyMessage(crypto, member.publicKey, 'key-advert', body, signature)) {
      return { code: 'BAD_SIGNATURE', detail: `key advert of ${name}` };
    }
    if ([body.sealingKey, ...body.roundKeys].some(isSmallOrderX25519)) {
      return { code: 'BAD_KEY', detail: `key advert of ${name} has a key of small order` };
    }
    checked.set(body.member, body);
  }
  return checked;
}

/**
 * The draw, where every member of the committee revealed what it had committed to, for this very U1 and these
 * very commitments.
 */
function checkedDraw(
  crypto: CryptoBackend,
  { roster }: ClientState,
  batch: ClientBatch,
  { members, reveals }: KeyRoster,
  adverts: ReadonlyMap<number, KeyAdvert>,
): Uint8Array | Fault {
  const { committee } = batch.terms;
  if (reveals.map(({ body }) => body.member).join() !== committee.join()) {
    return { code: 'BAD_DRAW', detail: 'the reveals are not those of the committee' };
  }
  if (committee.length === 0) return NO_DRAW;
  const commitments = committee.map((id) => adverts.get(id)?.drawCommitment ?? NO_DRAW);
  const digest = drawDigest(crypto, batch.context, members, commitments);
  for (const [i, { body, signature }] of reveals.entries()) {
    const member = roster.members[body.member];
    const commitment = commitments[i] ?? NO_DRAW;
    const good =
      member !== undefined &&
      sameBytes(body.batchContext, batch.context) &&
      sameBytes(body.drawDigest, digest) &&
      sameBytes(commitment, drawCommitment(crypto, batch.context, body.member, body.nonce)) &&
      verifyMessage(crypto, member.publicKey, 'draw-reveal', body, signature);
    if (!good) return { code: 'BAD_DRAW', detail: `reveal of ${member?.name ?? body.member}` };
  }
  return drawOf(
    crypto,
    digest,
    reveals.map(({ body }: Signed<KeyRoster['reveals'][number]['body']>) => body),
  );
}
