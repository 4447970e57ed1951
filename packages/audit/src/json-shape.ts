/** One description of a JSON value serves writing an entry and checking one that comes from a file. */
import { fromBase64, fromHex, toBase64, toHex } from '@tributary/crypto';
import type { JsonObject, JsonValue } from './canonical-json.ts';

export interface JsonShape<T> {
  write(value: T): JsonValue;
  /** @throws MalformedEntry naming the field at `path` */
  read(json: JsonValue | undefined, path: string): T;
}

/** Thrown inside `read` only; reading an entry turns it into a fault. */
export class MalformedEntry extends Error {
  constructor(path: string, wanted: string) {
    super(`${path} must be ${wanted}`);
    this.name = 'MalformedEntry';
  }
}

/** An integer of min..max. */
export function integer(min: number = 0, max: number = Number.MAX_SAFE_INTEGER): JsonShape<number> {
  return {
    write: (value) => value,
    read(json, path) {
      if (typeof json !== 'number' || json < min || json > max) {
        throw new MalformedEntry(path, `an integer of ${min}..${max}`);
      }
      return json;
    },
  };
}

/** An object whose fields others know. */
export const anyObject: JsonShape<JsonObject> = {
  write: (value) => value,
  read(json, path) {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      throw new MalformedEntry(path, 'an object');
    }
    return json as JsonObject;
  },
};

export function text(maxLength: number): JsonShape<string> {
  return {
    write: (value) => value,
    read(json, path) {
      if (typeof json !== 'string' || json.length > maxLength) {
        throw new MalformedEntry(path, `text of at most ${maxLength} characters`);
      }
      return json;
    },
  };
}

/** Bytes as base64 (RFC 4648 section 4). */
export function base64(length?: number): JsonShape<Uint8Array> {
  return {
    write: toBase64,
    read(json, path) {
      const bytes = typeof json === 'string' ? fromBase64(json) : undefined;
      if (bytes === undefined || (length !== undefined && bytes.length !== length)) {
        throw new MalformedEntry(path, length === undefined ? 'base64' : `base64 of ${length} bytes`);
      }
      return bytes;
    },
  };
}

/** A digest as lower-case hexadecimal: what people compare. */
export function hex(length: number): JsonShape<Uint8Array> {
  return {
    write: toHex,
    read(json, path) {
      const bytes = typeof json === 'string' ? fromHex(json) : undefined;
      if (bytes?.length !== length) throw new MalformedEntry(path, `${length} bytes in hexadecimal`);
      return bytes;
    },
  };
}

export function list<T>(item: JsonShape<T>): JsonShape<readonly T[]> {
  return {
    write: (values) => values.map((value) => item.write(value)),
    read(json, path) {
      if (!Array.isArray(json)) throw new MalformedEntry(path, 'a list');
      return json.map((value: JsonValue, i) => item.read(value, `${path}[${i}]`));
    },
  };
}

/** A field that is left out where there is nothing to say. */
export function optional<T>(shape: JsonShape<T>): JsonShape<T | undefined> {
  return {
    // `object` leaves undefined fields out.
    write: (value) => (value === undefined ? null : shape.write(value)),
    read: (json, path) => (json === undefined ? undefined : shape.read(json, path)),
  };
}

/** An object with these fields and no others. */
export function object<T extends object>(
  fields: {
    readonly [K in keyof T]-?: JsonShape<T[K]>;
  },
): JsonShape<T> {
  const entries = Object.entries(fields) as [keyof T & string, JsonShape<T[keyof T & string]>][];
  return {
    write(value) {
      const json: Record<string, JsonValue> = {};
      for (const [name, shape] of entries) {
        if (value[name] !== undefined) json[name] = shape.write(value[name]);
      }
      return json;
    },
    read(json, path) {
      if (typeof json !== 'object' || json === null || Array.isArray(json)) {
        throw new MalformedEntry(path === '' ? 'the entry' : path, 'an object');
      }
      const given = json as { readonly [key: string]: JsonValue };
      const unknown = Object.keys(given).find((name) => !Object.hasOwn(fields, name));
      if (unknown !== undefined)
        throw new MalformedEntry(path === '' ? unknown : `${path}.${unknown}`, 'left out');
      const value: Partial<T> = {};
      for (const [name, shape] of entries) {
        const read = shape.read(
          Object.hasOwn(given, name) ? given[name] : undefined,
          path === '' ? name : `${path}.${name}`,
        );
        if (read !== undefined) value[name] = read;
      }
      return value as T;
    },
  };
}
