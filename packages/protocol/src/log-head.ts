import type { CryptoBackend } from '@tributary/crypto';
import type { RoundResult } from './messages/round.ts';
import { DOMAIN } from './version.ts';
import { CanonicalWriter } from './wire/canonical.ts';

/** The head of the log of opened sums before the first. */
export const EMPTY_LOG_HEAD: Uint8Array = new Uint8Array(32);

/**
 * The head after one more opened sum. It is part of every round's terms, so a coordinator that showed
 * different sums to different members opens no further round with them.
 */
export function nextLogHead(
  crypto: CryptoBackend,
  head: Uint8Array,
  result: Pick<RoundResult, 'round' | 'roundContext' | 'survivorsDigest' | 'digest'>,
): Uint8Array {
  const writer = new CanonicalWriter()
    .text(`${DOMAIN}/log-head`)
    .bytes(head)
    .integer(result.round)
    .bytes(result.roundContext)
    .bytes(result.survivorsDigest)
    .bytes(result.digest);
  return crypto.sha256(writer.finish());
}
