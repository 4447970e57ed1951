/**
 * The table of all messages: number on the wire, shape, and who sends it. Adding a message means adding a
 * line here.
 */
import type { Shape } from '../wire/shape.ts';
import { type MemberEvidence, memberEvidenceShape } from './evidence.ts';
import {
  type NothingReleased,
  nothingReleasedShape,
  type Ready,
  type Refusal,
  type Release,
  type RoundAborted,
  type RoundAnnounce,
  type RoundResult,
  type RoundStart,
  readyShape,
  refusalShape,
  releaseShape,
  roundAbortedShape,
  roundAnnounceShape,
  roundResultShape,
  roundStartShape,
  type Survivors,
  type SurvivorsSignature,
  survivorsShape,
  survivorsSignatureShape,
  type UnmaskRequest,
  type UploadEnd,
  unmaskRequestShape,
  uploadEndShape,
  type VectorChunk,
  vectorChunkShape,
} from './round.ts';
import {
  type Challenge,
  challengeShape,
  type Hello,
  helloShape,
  type RunEnded,
  runEndedShape,
  type Welcome,
  welcomeShape,
} from './session.ts';
import {
  type Complaint,
  complaintShape,
  type DealtShares,
  type DrawRequest,
  type DrawReveal,
  dealtSharesShape,
  drawRequestShape,
  drawRevealShape,
  type HeldShares,
  heldSharesShape,
  type KeyAdvert,
  type KeyRoster,
  keyAdvertShape,
  keyRosterShape,
  type OpenedShares,
  openedSharesShape,
  type RelayedComplaint,
  type RelayedShares,
  relayedComplaintShape,
  relayedSharesShape,
} from './setup.ts';
import { type BatchTerms, batchTermsShape } from './terms.ts';

/** Bodies by kind. */
export interface Bodies {
  readonly challenge: Challenge;
  readonly hello: Hello;
  readonly welcome: Welcome;
  readonly 'batch-start': BatchTerms;
  readonly 'key-advert': KeyAdvert;
  readonly 'draw-request': DrawRequest;
  readonly 'draw-reveal': DrawReveal;
  readonly 'key-roster': KeyRoster;
  readonly 'dealt-shares': DealtShares;
  readonly 'held-shares': HeldShares;
  readonly complaint: Complaint;
  readonly 'relayed-complaint': RelayedComplaint;
  readonly 'opened-shares': OpenedShares;
  readonly 'relayed-shares': RelayedShares;
  readonly 'round-announce': RoundAnnounce;
  readonly ready: Ready;
  readonly refusal: Refusal;
  readonly 'round-start': RoundStart;
  readonly 'vector-chunk': VectorChunk;
  readonly 'upload-end': UploadEnd;
  readonly survivors: Survivors;
  readonly 'survivors-signature': SurvivorsSignature;
  readonly 'unmask-request': UnmaskRequest;
  readonly release: Release;
  readonly 'round-result': RoundResult;
  readonly 'round-aborted': RoundAborted;
  readonly 'nothing-released': NothingReleased;
  readonly evidence: MemberEvidence;
  readonly 'run-ended': RunEnded;
}

export type MessageKind = keyof Bodies;

/** One message: its kind, its body, and the sender's signature over both (empty for `vector-chunk`). */
export type Message<K extends MessageKind = MessageKind> = {
  readonly [Kind in K]: {
    readonly kind: Kind;
    readonly body: Bodies[Kind];
    readonly signature: Uint8Array;
  };
}[K];

export interface MessageDefinition<T> {
  /** The number on the wire: never reused. */
  readonly number: number;
  readonly shape: Shape<T>;
  readonly from: 'coordinator' | 'member' | 'both';
}

export const MESSAGES: { readonly [K in MessageKind]: MessageDefinition<Bodies[K]> } = {
  challenge: { number: 1, shape: challengeShape, from: 'coordinator' },
  hello: { number: 2, shape: helloShape, from: 'member' },
  welcome: { number: 3, shape: welcomeShape, from: 'coordinator' },
  'batch-start': { number: 10, shape: batchTermsShape, from: 'coordinator' },
  'key-advert': { number: 11, shape: keyAdvertShape, from: 'member' },
  'key-roster': { number: 12, shape: keyRosterShape, from: 'coordinator' },
  'dealt-shares': { number: 13, shape: dealtSharesShape, from: 'member' },
  'held-shares': { number: 14, shape: heldSharesShape, from: 'coordinator' },
  'draw-request': { number: 15, shape: drawRequestShape, from: 'coordinator' },
  'draw-reveal': { number: 16, shape: drawRevealShape, from: 'member' },
  complaint: { number: 17, shape: complaintShape, from: 'member' },
  'relayed-complaint': { number: 18, shape: relayedComplaintShape, from: 'coordinator' },
  'opened-shares': { number: 19, shape: openedSharesShape, from: 'member' },
  'relayed-shares': { number: 9, shape: relayedSharesShape, from: 'coordinator' },
  'round-announce': { number: 20, shape: roundAnnounceShape, from: 'coordinator' },
  ready: { number: 21, shape: readyShape, from: 'member' },
  refusal: { number: 22, shape: refusalShape, from: 'member' },
  'round-start': { number: 23, shape: roundStartShape, from: 'coordinator' },
  'vector-chunk': { number: 24, shape: vectorChunkShape, from: 'both' },
  'upload-end': { number: 25, shape: uploadEndShape, from: 'member' },
  survivors: { number: 26, shape: survivorsShape, from: 'coordinator' },
  'survivors-signature': { number: 27, shape: survivorsSignatureShape, from: 'member' },
  'unmask-request': { number: 28, shape: unmaskRequestShape, from: 'coordinator' },
  release: { number: 29, shape: releaseShape, from: 'member' },
  'round-result': { number: 30, shape: roundResultShape, from: 'coordinator' },
  'round-aborted': { number: 31, shape: roundAbortedShape, from: 'coordinator' },
  'nothing-released': { number: 32, shape: nothingReleasedShape, from: 'member' },
  evidence: { number: 33, shape: memberEvidenceShape, from: 'coordinator' },
  'run-ended': { number: 40, shape: runEndedShape, from: 'coordinator' },
};
