import type { CryptoBackend } from '@tributary/crypto';
import { sameBytes } from '../public-bytes.ts';

/** More than one round of a large federation has. */
const MAX_REMEMBERED = 200_000;

interface Verdict {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
  readonly good: boolean;
}

/**
 * A backend that verifies each signature once. The verdict on given bytes never changes, so members that live
 * in one process can share it; a member of its own process checks every signature itself. Verdicts are found
 * by a piece of the signature, which is as good as random, and given where all bytes are the same.
 */
export function rememberVerifications(crypto: CryptoBackend): CryptoBackend {
  const verdicts = new Map<string, Verdict[]>();
  let remembered = 0;
  return {
    ...crypto,
    ed25519Verify(publicKey, message, signature) {
      const place = String.fromCharCode(...signature.subarray(0, 12));
      const there = verdicts.get(place);
      const known = there?.find(
        (each) =>
          sameBytes(each.signature, signature) &&
          sameBytes(each.publicKey, publicKey) &&
          sameBytes(each.message, message),
      );
      if (known !== undefined) return known.good;
      const good = crypto.ed25519Verify(publicKey, message, signature);
      if (remembered >= MAX_REMEMBERED) {
        verdicts.clear();
        remembered = 0;
      }
      const verdict = {
        publicKey: publicKey.slice(),
        message: message.slice(),
        signature: signature.slice(),
        good,
      };
      const kept = verdicts.get(place);
      if (kept === undefined) verdicts.set(place, [verdict]);
      else kept.push(verdict);
      remembered += 1;
      return good;
    },
  };
}
