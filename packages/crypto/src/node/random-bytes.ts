import { randomFillSync } from 'node:crypto';

/** Fresh bytes from the operating system's CSPRNG, in memory of their own. */
export function nodeRandomBytes(length: number): Uint8Array {
  return randomFillSync(new Uint8Array(length));
}
