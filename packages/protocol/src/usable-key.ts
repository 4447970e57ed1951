import { type CryptoBackend, wipe } from '@tributary/crypto';

/**
 * Whether an X25519 public key can be used. One of small order gives zero with every scalar, so one trial
 * finds it.
 */
export function usableKey(crypto: CryptoBackend, publicKey: Uint8Array): boolean {
  const shared = crypto.x25519(new Uint8Array(32).fill(0x5a), publicKey);
  if (shared === undefined) return false;
  wipe(shared);
  return true;
}
