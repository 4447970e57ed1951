/**
 * Versions of the wire protocol that this code speaks: the hello negotiates one, and N-1 stays accepted for
 * one release.
 */
export const PROTOCOL_VERSION = 1;
export const OLDEST_PROTOCOL_VERSION = 1;

/** The one suite of primitives of protocol version 1; part of every context. */
export const SUITE = 'X25519-HKDF-SHA256-AES256CTR-ChaCha20Poly1305-Ed25519';

/**
 * Prefix of every domain-separation label. A new protocol version has a new prefix, so that nothing signed
 * under one is valid under another.
 */
export const DOMAIN = 'tributary1';
