/**
 * Ed25519 signatures over canonical bytes. The kind is part of what is signed: no message can be taken for
 * another.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { type Bodies, MESSAGES, type MessageKind } from './messages/index.ts';
import type { Survivors, UnmaskRequest } from './messages/round.ts';
import type { SealedShares } from './messages/setup.ts';
import { sealedSharesShape } from './messages/setup.ts';
import { DOMAIN } from './version.ts';
import { CanonicalWriter } from './wire/canonical.ts';
import type { Shape } from './wire/shape.ts';

export const EMPTY_SIGNATURE: Uint8Array = new Uint8Array(0);

function signedBytes<T>(label: string, shape: Shape<T>, body: T): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/message/${label}`);
  shape.write(body, writer);
  return writer.finish();
}

/**
 * What the signature of a message covers. That of a survivor set, and of the request to open it, covers the
 * set's digest instead of its members' signatures, which speak for themselves: so two sets that a coordinator
 * signed for one round fit into a proof of two lines.
 */
export function messageBytes<K extends MessageKind>(
  crypto: CryptoBackend,
  kind: K,
  body: Bodies[K],
): Uint8Array {
  const message = { kind, body } as SurvivorStatement;
  if (message.kind === 'survivors') {
    const { roundContext, uploads } = message.body;
    const digest = survivorsDigest(crypto, roundContext, uploads);
    return statementBytes('survivors', roundContext, digest, EMPTY_SIGNATURE);
  }
  if (message.kind === 'unmask-request') {
    const { roundContext, survivorsDigest: digest, maskedSum } = message.body;
    return statementBytes('unmask-request', roundContext, digest, maskedSum);
  }
  return signedBytes(kind, MESSAGES[kind].shape, body);
}

type SurvivorStatement =
  | { readonly kind: 'survivors'; readonly body: Survivors }
  | { readonly kind: 'unmask-request'; readonly body: UnmaskRequest }
  | { readonly kind: Exclude<MessageKind, 'survivors' | 'unmask-request'> };

/**
 * What a coordinator signs with a survivor set or a request to open it.
 * @param maskedSum of a request; empty with a survivor set
 */
export function statementBytes(
  kind: 'survivors' | 'unmask-request',
  roundContext: Uint8Array,
  digest: Uint8Array,
  maskedSum: Uint8Array,
): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/message/${kind}`).bytes(roundContext).bytes(digest);
  return writer.bytes(maskedSum).finish();
}

/** @param identity the signer's Ed25519 secret seed, 32 bytes */
export function signMessage<K extends MessageKind>(
  crypto: CryptoBackend,
  identity: Uint8Array,
  kind: K,
  body: Bodies[K],
): Uint8Array {
  if (kind === 'vector-chunk') return EMPTY_SIGNATURE;
  return crypto.ed25519Sign(identity, messageBytes(crypto, kind, body));
}

export function verifyMessage<K extends MessageKind>(
  crypto: CryptoBackend,
  publicKey: Uint8Array,
  kind: K,
  body: Bodies[K],
  signature: Uint8Array,
): boolean {
  return crypto.ed25519Verify(publicKey, messageBytes(crypto, kind, body), signature);
}

/** The box for one holder is signed alone, because the coordinator relays it alone. */
export function signSealedShares(
  crypto: CryptoBackend,
  identity: Uint8Array,
  body: SealedShares,
): Uint8Array {
  return crypto.ed25519Sign(identity, signedBytes('sealed-shares', sealedSharesShape, body));
}

export function verifySealedShares(
  crypto: CryptoBackend,
  publicKey: Uint8Array,
  body: SealedShares,
  signature: Uint8Array,
): boolean {
  return crypto.ed25519Verify(publicKey, signedBytes('sealed-shares', sealedSharesShape, body), signature);
}

/** Digest of the digests of uploads, in the order of their members. */
export function uploadsDigest(
  crypto: CryptoBackend,
  uploads: readonly { readonly digest: Uint8Array }[],
): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/uploads`).count(uploads.length);
  for (const { digest } of uploads) writer.bytes(digest);
  return crypto.sha256(writer.finish());
}

/**
 * What a survivors signature is over: context, members and their uploads.
 * @param members ascending
 * @param uploads of `uploadsDigest`
 */
export function survivorsDigestOf(
  crypto: CryptoBackend,
  roundContext: Uint8Array,
  members: readonly number[],
  uploads: Uint8Array,
): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/survivors`).bytes(roundContext).count(members.length);
  for (const member of members) writer.integer(member);
  return crypto.sha256(writer.bytes(uploads).finish());
}

/** @param uploads ascending by member */
export function survivorsDigest(
  crypto: CryptoBackend,
  roundContext: Uint8Array,
  uploads: readonly { readonly member: number; readonly digest: Uint8Array }[],
): Uint8Array {
  const members = uploads.map(({ member }) => member);
  return survivorsDigestOf(crypto, roundContext, members, uploadsDigest(crypto, uploads));
}
