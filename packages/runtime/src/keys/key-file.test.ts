import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { toBase64 } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RuntimeError } from '../errors.ts';
import { createKeyFile, parsePublicKey, readKeyFile } from './key-file.ts';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-key-'));
  path = join(directory, 'acme.key');
});
afterEach(() => rmSync(directory, { recursive: true }));

const SECRET = 'c2VjcmV0IHNlZWQgdGhhdCBub2JvZHkgbWF5IHNlZSE=';

function stored(): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}

function write(text: string, mode = 0o600): void {
  writeFileSync(path, text);
  chmodSync(path, mode);
}

function caught(): unknown {
  try {
    return readKeyFile(path);
  } catch (error) {
    return error;
  }
}

/** The refusal; it shows nothing that stands in the file. */
function refusal(): RuntimeError {
  const error = caught();
  if (!(error instanceof RuntimeError)) throw new Error('the key file was taken', { cause: error });
  const secrets = [SECRET, ...(readFileSync(path, 'utf8').match(/[A-Za-z0-9+/=]{20,}/g) ?? [])];
  const shown = inspect(error, { depth: 10, showHidden: true });
  for (const secret of secrets) expect(shown).not.toContain(secret);
  expect(error.message).toContain(path);
  expect(error.message).not.toContain('\n');
  return error;
}

describe('createKeyFile', () => {
  it('writes a file that only its owner can read, and that gives the same identity back', () => {
    const made = createKeyFile(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readKeyFile(path)).toEqual(made);
    expect(made.publicKey).toEqual(nodeBackend.ed25519PublicKey(made.secretKey));
  });

  it('draws another key each time', () => {
    expect(createKeyFile(path).secretKey).not.toEqual(createKeyFile(join(directory, 'other.key')).secretKey);
  });

  it('never overwrites', () => {
    createKeyFile(path);
    const before = readFileSync(path);
    expect(() => createKeyFile(path)).toThrow(
      expect.objectContaining({ code: 'BAD_FILE', message: `${path} exists already` }),
    );
    expect(readFileSync(path)).toEqual(before);
  });

  it('names a directory that is not there', () => {
    expect(() => createKeyFile(join(directory, 'no', 'acme.key'))).toThrow(
      expect.objectContaining({
        code: 'BAD_FILE',
        message: `cannot write ${directory}/no/acme.key: no such file or directory`,
      }),
    );
  });
});

describe('readKeyFile', () => {
  it('says how to make a key where there is none', () => {
    expect(() => readKeyFile(path)).toThrow(
      expect.objectContaining({
        code: 'BAD_FILE',
        message: `there is no key file ${path}`,
        hint: `make one with \`tributary keygen --out ${path}\``,
      }),
    );
  });

  it.each([0o640, 0o604, 0o660, 0o644])('refuses a file of mode %o, which others can read', (mode) => {
    createKeyFile(path);
    chmodSync(path, mode);
    expect(refusal()).toMatchObject({ code: 'BAD_FILE', hint: `chmod 600 ${path}` });
  });

  it.each([
    ['text', `secretKey: ${SECRET}`],
    ['half a file', `{"format": "tributary-key", "secretKey": "${SECRET}`],
    ['nothing', ''],
  ])('refuses %s', (_, text) => {
    write(text);
    expect(refusal()).toMatchObject({ code: 'BAD_FILE', message: `${path} is no key file` });
  });

  it.each([
    ['another format', { format: SECRET }, `'format' must be 'tributary-key'`],
    ['a version of the future', { version: 2 }, `'version' must be 1`],
    ['a secret key that is a list', { secretKey: [SECRET] }, `'secretKey' must be text`],
    ['no secret key', { secretKey: undefined }, `'secretKey' is missing; it must be text`],
    ['a key too many', { note: SECRET }, `unknown key 'note'`],
  ])('refuses %s and shows no value', (_, change, message) => {
    createKeyFile(path);
    write(JSON.stringify({ ...stored(), ...change }));
    expect(refusal()).toMatchObject({ code: 'BAD_CONFIG', message: `${path}: ${message}` });
  });

  it.each([
    ['no base64', `${SECRET.slice(0, -2)}!=`],
    ['a key that is too short', toBase64(new Uint8Array(31))],
    ['a key that is too long', toBase64(new Uint8Array(33))],
    ['the URL alphabet', toBase64(new Uint8Array(32).fill(255)).replaceAll('/', '_')],
  ])('refuses %s', (_, secretKey) => {
    createKeyFile(path);
    write(JSON.stringify({ ...stored(), secretKey }));
    expect(refusal().message).toBe(`key file ${path} does not hold 32-byte keys in base64`);
  });

  it('refuses two keys that do not belong together', () => {
    createKeyFile(path);
    write(JSON.stringify({ ...stored(), secretKey: SECRET }));
    expect(refusal().message).toBe(`the public key in ${path} does not belong to its secret key`);
  });
});

describe('parsePublicKey', () => {
  it('reads what keygen prints', () => {
    const { publicKey } = createKeyFile(path);
    expect(parsePublicKey(toBase64(publicKey), 'x')).toEqual(publicKey);
  });

  it.each([
    ['text', 'not a key'],
    ['31 bytes', toBase64(new Uint8Array(31).fill(9))],
    ['the neutral element, of order 1', toBase64(Uint8Array.of(1, ...Array<number>(31).fill(0)))],
    ['a point of order 4', toBase64(new Uint8Array(32))],
    ['no point at all', toBase64(new Uint8Array(32).fill(2))],
  ])('refuses %s', (_, text) => {
    expect(() => parsePublicKey(text, "roster.yaml: 'members.3.publicKey'")).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: "roster.yaml: 'members.3.publicKey' is no Ed25519 public key",
      }),
    );
  });
});
