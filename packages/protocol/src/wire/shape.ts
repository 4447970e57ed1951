/**
 * One description of a value serves three uses: packing it for the wire, checking what came from the wire,
 * and writing its canonical bytes. A field can therefore not be sent without being checked, or checked
 * without being signed.
 */
import type { CanonicalWriter } from './canonical.ts';

/** What the codec may see: arrays of integers, text and `Uint8Array`, nothing else. */
export type Packed = number | string | Uint8Array | readonly Packed[];

export interface Shape<T> {
  pack(value: T): Packed;
  /** @throws Malformed naming the field at `path` */
  unpack(packed: unknown, path: string): T;
  write(value: T, to: CanonicalWriter): void;
}

/** Thrown inside `unpack` only; the codec turns it into a rejection. */
export class Malformed extends Error {
  readonly path: string;

  constructor(path: string, wanted: string) {
    super(`${path} must be ${wanted}`);
    this.name = 'Malformed';
    this.path = path;
  }
}

/** An integer of 0..max. */
export function integer(max: number = Number.MAX_SAFE_INTEGER): Shape<number> {
  return {
    pack: (value) => value,
    unpack(packed, path) {
      if (typeof packed !== 'number' || !Number.isSafeInteger(packed) || packed < 0 || packed > max) {
        throw new Malformed(path, `an integer of 0..${max}`);
      }
      // A float may say -0, which equals 0 but is not identical to it.
      return Math.abs(packed);
    },
    write: (value, to) => void to.integer(value),
  };
}

export function text(maxLength: number): Shape<string> {
  return {
    pack: (value) => value,
    unpack(packed, path) {
      if (typeof packed !== 'string' || packed.length > maxLength) {
        throw new Malformed(path, `text of at most ${maxLength} characters`);
      }
      return packed;
    },
    write: (value, to) => void to.text(value),
  };
}

/** One of `names`, packed as its index. */
export function choice<const T extends string>(...names: readonly T[]): Shape<T> {
  return {
    pack: (value) => names.indexOf(value),
    unpack(packed, path) {
      const name = typeof packed === 'number' ? names[packed] : undefined;
      if (name === undefined) throw new Malformed(path, `the index of one of ${names.join(', ')}`);
      return name;
    },
    write: (value, to) => void to.text(value),
  };
}

/** Exactly `length` bytes. */
export function fixedBytes(length: number): Shape<Uint8Array> {
  return bytesBetween(length, length);
}

export function bytesBetween(min: number, max: number): Shape<Uint8Array> {
  return {
    pack: (value) => value,
    unpack(packed, path) {
      if (!(packed instanceof Uint8Array) || packed.length < min || packed.length > max) {
        throw new Malformed(path, min === max ? `${min} bytes` : `${min}..${max} bytes`);
      }
      // A plain copy: the decoder returns views into the frame, which would keep it alive or change under us.
      return new Uint8Array(packed);
    },
    write: (value, to) => void to.bytes(value),
  };
}

/**
 * As `bytesBetween`, but unpacked as a view into the frame: for bytes that are most of their frame, in messages that are used up as they
 * come. Whoever decodes the frame must not write to it afterwards.
 */
export function viewedBytes(min: number, max: number): Shape<Uint8Array> {
  const copied = bytesBetween(min, max);
  return {
    ...copied,
    unpack(packed, path) {
      if (!(packed instanceof Uint8Array) || packed.length < min || packed.length > max) {
        return copied.unpack(packed, path);
      }
      return new Uint8Array(packed.buffer, packed.byteOffset, packed.length);
    },
  };
}

export function list<T>(item: Shape<T>, maxLength: number): Shape<readonly T[]> {
  return {
    pack: (values) => values.map((value) => item.pack(value)),
    unpack(packed, path) {
      if (!Array.isArray(packed) || packed.length > maxLength) {
        throw new Malformed(path, `a list of at most ${maxLength}`);
      }
      return packed.map((value: unknown, i) => item.unpack(value, `${path}[${i}]`));
    },
    write(values, to) {
      to.count(values.length);
      for (const value of values) item.write(value, to);
    },
  };
}

/** A structure: packed as the array of its fields in the order of `fields`. */
export function struct<T extends object>(fields: { readonly [K in keyof T]-?: Shape<T[K]> }): Shape<T> {
  const entries = Object.entries(fields) as [keyof T & string, Shape<T[keyof T & string]>][];
  return {
    pack: (value) => entries.map(([name, shape]) => shape.pack(value[name])),
    unpack(packed, path) {
      if (!Array.isArray(packed) || packed.length !== entries.length) {
        throw new Malformed(path, `a structure of ${entries.length} fields`);
      }
      const value: Partial<T> = {};
      entries.forEach(([name, shape], i) => {
        value[name] = shape.unpack(packed[i], path === '' ? name : `${path}.${name}`);
      });
      return value as T;
    },
    write(value, to) {
      for (const [name, shape] of entries) shape.write(value[name], to);
    },
  };
}
