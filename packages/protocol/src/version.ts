/**
 * Versions of the wire protocol that this code speaks: the hello negotiates one per session, a batch has the
 * oldest of its cohort, and N-1 stays accepted for one release. Version 1 knows the complete graph only,
 * version 2 sparse graphs too.
 */
export const PROTOCOL_VERSION = 2;
export const OLDEST_PROTOCOL_VERSION = 1;

/** The first version that knows sparse graphs. */
export const SPARSE_GRAPH_VERSION = 2;

/**
 * Counts the rules of the machines, which no peer sees: raised whenever `stepClient` or `stepCoordinator` make of the same
 * events another state or other effects than before, or know another event. A journal that was begun under other rules would
 * replay to what never was.
 */
export const MACHINE_VERSION = 2;

/** The one suite of primitives; part of every context. */
export const SUITE = 'X25519-HKDF-SHA256-AES256CTR-ChaCha20Poly1305-Ed25519';

/**
 * Prefix of every domain-separation label. The version a batch speaks is part of its context, so that nothing
 * signed under one is valid under another.
 */
export const DOMAIN = 'tributary1';
