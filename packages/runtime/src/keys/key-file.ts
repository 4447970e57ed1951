/** Key files of organisations and coordinators: JSON, mode 0600, an Ed25519 seed that never leaves its machine. */
import { chmodSync, closeSync, fsyncSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { checkIdentityKey, fromBase64, toBase64, wipe } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import { z } from 'zod';
import { checkConfig } from '../config/yaml-file.ts';
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
  let descriptor: number;
  try {
    descriptor = openSync(path, 'wx', 0o600);
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') {
      throw new RuntimeError(
        'BAD_FILE',
        `${path} exists already`,
        'choose another --out; key files are never overwritten',
      );
    }
    throw new RuntimeError(
      'BAD_FILE',
      `cannot write ${path}: ${systemErrorCode(error)}`,
      'check the directory',
      error,
    );
  }
  try {
    writeSync(descriptor, `${JSON.stringify(file, null, 2)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  // The umask may have taken bits away, never added; this states the mode for file systems that ignore it at opening.
  chmodSync(path, 0o600);
  return { secretKey, publicKey };
}

/** @throws RuntimeError BAD_FILE where it is no key file, is readable by others, or its two keys do not belong together */
export function readKeyFile(path: string): Identity {
  let text: string;
  try {
    if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
      throw new RuntimeError('BAD_FILE', `key file ${path} can be read by others`, `chmod 600 ${path}`);
    }
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof RuntimeError) throw error;
    throw new RuntimeError(
      'BAD_FILE',
      `cannot read key file ${path}: ${systemErrorCode(error)}`,
      `make one with \`tributary keygen --out ${path}\``,
    );
  }
  const file = checkConfig(parseJson(text, path), keyFileSchema, path);
  const secretKey = fromBase64(file.secretKey);
  const publicKey = fromBase64(file.publicKey);
  if (secretKey?.length !== 32 || publicKey === undefined) {
    throw new RuntimeError('BAD_FILE', `key file ${path} does not hold 32-byte keys in base64`);
  }
  const derived = nodeBackend.ed25519PublicKey(secretKey);
  if (toBase64(derived) !== toBase64(publicKey)) {
    wipe(secretKey);
    throw new RuntimeError('BAD_FILE', `the public key in ${path} does not belong to its secret key`);
  }
  return { secretKey, publicKey };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may be a secret.
    throw new RuntimeError('BAD_FILE', `${path} is not JSON`);
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
