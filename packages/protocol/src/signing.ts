/**
 * Ed25519 signatures over canonical bytes. The kind is part of what is signed: no message can be taken for
 * another.
 */
import type { CryptoBackend } from '@tributary/crypto';
import { type Bodies, MESSAGES, type MessageKind } from './messages/index.ts';
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

/** @param identity the signer's Ed25519 secret seed, 32 bytes */
export function signMessage<K extends MessageKind>(
  crypto: CryptoBackend,
  identity: Uint8Array,
  kind: K,
  body: Bodies[K],
): Uint8Array {
  if (kind === 'vector-chunk') return EMPTY_SIGNATURE;
  return crypto.ed25519Sign(identity, signedBytes(kind, MESSAGES[kind].shape, body));
}

export function verifyMessage<K extends MessageKind>(
  crypto: CryptoBackend,
  publicKey: Uint8Array,
  kind: K,
  body: Bodies[K],
  signature: Uint8Array,
): boolean {
  const bytes = signedBytes(kind, MESSAGES[kind].shape, body);
  return crypto.ed25519Verify(publicKey, bytes, signature);
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

/** What a survivors signature is over: context and the members with their upload digests, ascending. */
export function survivorsDigest(
  crypto: CryptoBackend,
  roundContext: Uint8Array,
  uploads: readonly { readonly member: number; readonly digest: Uint8Array }[],
): Uint8Array {
  const writer = new CanonicalWriter().text(`${DOMAIN}/survivors`).bytes(roundContext).count(uploads.length);
  for (const { member, digest } of uploads) writer.integer(member).bytes(digest);
  return crypto.sha256(writer.finish());
}
