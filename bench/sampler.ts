/** What exact noise costs per coordinate: reported apart from the secure sum, which it would dwarf. */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { drawNoiseShare } from '@tributary/privacy';
import { maskOnce } from './kernel.ts';
import { median, repeated, spread } from './measure.ts';
import type { Row } from './rows.ts';

const DIMENSION = 1e5;

/** The bound is one keystream of the same length: no sampler needs less randomness than that by much. */
export function benchSampler(log: (line: string) => void): Row[] {
  const words = new Int32Array(DIMENSION);
  const boundMs = median(repeated(9, () => maskOnce(words)));
  return [64n, 10_000n, 10n ** 8n, 10n ** 12n].map((variance) => {
    const key = new Uint8Array(32).fill(3);
    const times = repeated(5, () => void drawNoiseShare(crypto, key, variance, DIMENSION));
    const cpuMs = median(times);
    const sd = Math.sqrt(Number(variance));
    log(`standard deviation ${sd}: ${((1e6 * cpuMs) / DIMENSION).toFixed(0)} ns a coordinate`);
    return {
      name: 'discrete Gaussian',
      d: DIMENSION,
      cpuMs,
      spread: spread(times),
      boundMs,
      ratio: cpuMs / boundMs,
      note: `standard deviation ${sd}`,
    };
  });
}
