import { nodeRandomBytes } from '@tributary/crypto/node';

export const FIRST_PAUSE_MS = 50;
export const LONGEST_PAUSE_MS = 5000;

/**
 * Pauses before attempts: none before the first, then doubling bounds with full jitter, so that members that lost the same
 * coordinator do not come back in step.
 */
export class Backoff {
  readonly #random: (length: number) => Uint8Array;
  #bound = 0;

  constructor(random: (length: number) => Uint8Array = nodeRandomBytes) {
    this.#random = random;
  }

  /** Milliseconds to wait before the next attempt. */
  next(): number {
    const bound = this.#bound;
    this.#bound = bound === 0 ? FIRST_PAUSE_MS : Math.min(2 * bound, LONGEST_PAUSE_MS);
    return ((this.#random(1)[0] ?? 0) / 255) * bound;
  }

  /** The last attempt was worth it. */
  reset(): void {
    this.#bound = 0;
  }
}
