/**
 * A sum of masked uploads on its way, exact as integers and yet as cheap as in the ring: words are added mod 2^32 for as long as they
 * cannot pass it, and only then carried over into doubles.
 */
import { encodeIntegerSum, integerSumWidth } from './integer-sum.ts';

export class RunningSum {
  /** Where the next upload is to be added, mod 2^32, after `begin`. */
  readonly words: Int32Array;
  readonly #bits: number;
  /** What was carried over; undefined as long as nothing was. */
  #carried: Float64Array | undefined;
  #inWords = 0;
  #uploads = 0;

  /**
   * @param words all zero
   * @param bits of an upload's words, 13..32
   */
  constructor(words: Int32Array, bits: number) {
    this.words = words;
    this.#bits = bits;
  }

  /** Makes room for one more upload, which is then to be added to `words`, once. */
  begin(): void {
    if (this.#inWords === 2 ** (32 - this.#bits)) this.#carry();
    this.#inWords += 1;
    this.#uploads += 1;
  }

  /** Coordinates of the sum, integers below 2^53. */
  values(first: number, count: number): Float64Array {
    const { words } = this;
    const carried = this.#carried;
    const values = new Float64Array(Math.min(count, words.length - first));
    for (let i = 0; i < values.length; i++) {
      values[i] = ((words[first + i] as number) >>> 0) + (carried?.[first + i] ?? 0);
    }
    return values;
  }

  /** The sum as `encodeIntegerSum` has it. @throws ProtocolError BAD_PARAMETERS where there is no upload, or too many */
  encode(): Uint8Array {
    const width = integerSumWidth(this.#bits, this.#uploads);
    return encodeIntegerSum(this.values(0, this.words.length), width);
  }

  /** Writes the sum mod 2^32, which masks can be taken off. */
  ringWords(into: Int32Array): void {
    into.set(this.words);
    // A conversion to 32 bits is the remainder mod 2^32.
    this.#carried?.forEach((value, i) => {
      into[i] = (into[i] as number) + (value | 0);
    });
  }

  #carry(): void {
    this.#carried = this.values(0, this.words.length);
    this.words.fill(0);
    this.#inWords = 0;
  }
}
