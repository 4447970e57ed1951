/**
 * The table of all messages: number on the wire, shape, and who sends it. Adding a message means adding a
 * line here.
 */
import type { Shape } from '../wire/shape.ts';
import {
  type Ready,
  type Refusal,
  type Release,
  type RoundAborted,
  type RoundResult,
  type RoundStart,
  readyShape,
  refusalShape,
  releaseShape,
  roundAbortedShape,
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
  type DealtShares,
  dealtSharesShape,
  type HeldShares,
  heldSharesShape,
  type KeyAdvert,
  type KeyRoster,
  keyAdvertShape,
  keyRosterShape,
} from './setup.ts';
import { type BatchTerms, batchTermsShape, type RoundTerms, roundTermsShape } from './terms.ts';

/** Bodies by kind. */
export interface Bodies {
  readonly challenge: Challenge;
  readonly hello: Hello;
  readonly welcome: Welcome;
  readonly 'batch-start': BatchTerms;
  readonly 'key-advert': KeyAdvert;
  readonly 'key-roster': KeyRoster;
  readonly 'dealt-shares': DealtShares;
  readonly 'held-shares': HeldShares;
  readonly 'round-announce': RoundTerms;
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
  'round-announce': { number: 20, shape: roundTermsShape, from: 'coordinator' },
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
  'run-ended': { number: 40, shape: runEndedShape, from: 'coordinator' },
};
