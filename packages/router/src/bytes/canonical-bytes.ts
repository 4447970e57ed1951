/** Appends typed values to one byte string in an injective form: every variable-length value follows its length. Little-endian. */
export class CanonicalBytes {
  #bytes = new Uint8Array(256);
  #length = 0;

  /** @param value an integer in 0 .. 2^32 - 1 */
  uint32(value: number): this {
    this.#reserve(4).setUint32(0, value, true);
    return this;
  }

  float64(value: number): this {
    this.#reserve(8).setFloat64(0, value, true);
    return this;
  }

  /** Code units of UTF-16: total and injective for any text, lone surrogates included. */
  text(value: string): this {
    this.uint32(value.length);
    const view = this.#reserve(2 * value.length);
    for (let i = 0; i < value.length; i++) view.setUint16(2 * i, value.charCodeAt(i), true);
    return this;
  }

  float64s(values: Float64Array): this {
    this.uint32(values.length);
    const view = this.#reserve(8 * values.length);
    for (let i = 0; i < values.length; i++) view.setFloat64(8 * i, values[i] as number, true);
    return this;
  }

  float32s(values: Float32Array): this {
    this.uint32(values.length);
    const view = this.#reserve(4 * values.length);
    for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i] as number, true);
    return this;
  }

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(size: number): DataView {
    const start = this.#length;
    this.#length += size;
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, this.#length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    return new DataView(this.#bytes.buffer, start, size);
  }
}
