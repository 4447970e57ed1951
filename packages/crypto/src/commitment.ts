import type { CryptoBackend } from './backend.ts';
import { concatBytes, equalBytes, uint32LE, utf8 } from './bytes.ts';
import { expectLength } from './crypto-error.ts';

const DOMAIN = utf8('tributary1/commitment');
const SALT_BYTES = 32;

/** What is hashed before the salt, by label: a protocol has few labels, and hashes each many times. */
const heads = new Map<string, Uint8Array>();
const MAX_HEADS = 64;

function headOf(label: string): Uint8Array {
  const known = heads.get(label);
  if (known !== undefined) return known;
  const name = utf8(label);
  const head = concatBytes(
    uint32LE(DOMAIN.length),
    DOMAIN,
    uint32LE(name.length),
    name,
    uint32LE(SALT_BYTES),
  );
  if (heads.size < MAX_HEADS) heads.set(label, head);
  return head;
}

/**
 * Salted SHA-256 commitment: hiding while the salt is secret, binding as SHA-256 is collision resistant. The
 * hash covers the domain, the label and the value each behind its length, so no two inputs share their bytes.
 * @param label what is committed to, in the caller's words; a commitment opens under its own label only
 * @param salt 32 bytes from a CSPRNG, used for one commitment
 * @returns 32 bytes
 * @throws CryptoError LENGTH_MISMATCH for a salt of another length
 */
export function commit(
  backend: CryptoBackend,
  label: string,
  salt: Uint8Array,
  value: Uint8Array,
): Uint8Array {
  expectLength('salt', salt, SALT_BYTES);
  return backend.sha256(headOf(label), salt, uint32LE(value.length), value);
}

/** Whether salt and value open the commitment under this label. Any bytes from a peer give true or false. */
export function verifyCommitment(
  backend: CryptoBackend,
  commitment: Uint8Array,
  label: string,
  salt: Uint8Array,
  value: Uint8Array,
): boolean {
  return salt.length === SALT_BYTES && equalBytes(commitment, commit(backend, label, salt, value));
}
