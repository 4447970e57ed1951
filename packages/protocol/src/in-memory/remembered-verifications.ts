import { type CryptoBackend, toHex } from '@tributary/crypto';

/** More than one round of a large federation has. */
const MAX_REMEMBERED = 200_000;

/**
 * A backend that verifies each signature once. The verdict on given bytes never changes, so members that live
 * in one process can share it; a member of its own process checks every signature itself.
 */
export function rememberVerifications(crypto: CryptoBackend): CryptoBackend {
  const verdicts = new Map<string, boolean>();
  const lengths = new Uint8Array(8);
  const view = new DataView(lengths.buffer);
  return {
    ...crypto,
    ed25519Verify(publicKey, message, signature) {
      view.setUint32(0, publicKey.length);
      view.setUint32(4, message.length);
      const key = toHex(crypto.sha256(lengths, publicKey, message, signature));
      const known = verdicts.get(key);
      if (known !== undefined) return known;
      if (verdicts.size >= MAX_REMEMBERED) verdicts.clear();
      const verdict = crypto.ed25519Verify(publicKey, message, signature);
      verdicts.set(key, verdict);
      return verdict;
    },
  };
}
