/** Key files of organisations and coordinators: JSON, mode 0600, an Ed25519 seed that never leaves its machine. */
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { checkIdentityKey, fromBase64, toBase64, wipe } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import { z } from 'zod';
import { checkConfig } from '../config/check-config.ts';
import { fileFailure } from '../config/text-file.ts';
import { RuntimeError, systemErrorCode } from '../errors.ts';

export interface Identity {
  /** Ed25519 seed, 32 bytes. */
  readonly secretKey: Uint8Array;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

const keyFileSchema = z.strictObject({
  format: z.literal('tributary-key'),
  version: z.literal(1),
  publicKey: z.string(),
  secretKey: z.string(),
});

/**
 * Makes a key pair and writes it; an existing file is never overwritten.
 * @throws RuntimeError BAD_FILE
 */
export function createKeyFile(path: string): Identity {
  const secretKey = nodeRandomBytes(32);
  const publicKey = nodeBackend.ed25519PublicKey(secretKey);
  const file = {
    format: 'tributary-key',
    version: 1,
    publicKey: toBase64(publicKey),
    secretKey: toBase64(secretKey),
  };
  try {
    writePrivately(path, `${JSON.stringify(file, null, 2)}\n`);
  } catch (error) {
    wipe(secretKey);
    throw error;
  }
  return { secretKey, publicKey };
}

function writePrivately(path: string, text: string): void {
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o600);
  } catch (error) {
    if (systemErrorCode(error) !== 'EEXIST') throw fileFailure('write', path, error);
    throw new RuntimeError(
      'BAD_FILE',
      `${path} exists already`,
      'choose another --out; key files are never overwritten',
    );
  }
  try {
    // For file systems that ignore the mode at opening; the umask takes bits away, it never adds any.
    fchmodSync(descriptor, 0o600);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } catch (error) {
    rmSync(path, { force: true });
    throw fileFailure('write', path, error);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * No error shows anything of the file's content.
 * @throws RuntimeError BAD_FILE where it cannot be read, can be read by others, or its two keys do not belong together; BAD_CONFIG
 *   where it is no key file
 */
export function readKeyFile(path: string): Identity {
  const text = readPrivately(path);
  const file = checkConfig(parseJson(text, path), keyFileSchema, path, { hideValues: true });
  const secretKey = fromBase64(file.secretKey);
  const publicKey = fromBase64(file.publicKey);
  if (secretKey?.length !== 32 || publicKey?.length !== 32) {
    throw new RuntimeError(
      'BAD_FILE',
      `key file ${path} does not hold 32-byte keys in base64`,
      'restore it from a backup, or make a new one',
    );
  }
  if (toBase64(nodeBackend.ed25519PublicKey(secretKey)) !== toBase64(publicKey)) {
    wipe(secretKey);
    throw new RuntimeError(
      'BAD_FILE',
      `the public key in ${path} does not belong to its secret key`,
      'restore it from a backup, or make a new one',
    );
  }
  return { secretKey, publicKey };
}

function readPrivately(path: string): string {
  let mode: number;
  let text: string;
  try {
    ({ mode } = statSync(path));
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw fileFailure('read', path, error);
    throw new RuntimeError(
      'BAD_FILE',
      `there is no key file ${path}`,
      `make one with \`tributary keygen --out ${path}\``,
    );
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new RuntimeError('BAD_FILE', `key file ${path} can be read by others`, `chmod 600 ${path}`);
  }
  return text;
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may be a secret.
    throw new RuntimeError(
      'BAD_FILE',
      `${path} is no key file`,
      'give the file that `tributary keygen` wrote',
    );
  }
}

/** A public key from its base64 text. @throws RuntimeError BAD_CONFIG naming `field` */
export function parsePublicKey(text: string, field: string): Uint8Array {
  const key = fromBase64(text);
  if (key?.length !== 32 || checkIdentityKey(key) !== undefined) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `${field} is no Ed25519 public key`,
      'paste the 44 characters that `tributary keygen` printed',
    );
  }
  return key;
}
