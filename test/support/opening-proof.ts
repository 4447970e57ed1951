import type { OpeningProof } from '@tributary/protocol';

/** Of a sum that nobody asks to be proven. */
export const NO_PROOF: OpeningProof = {
  batchContext: new Uint8Array(32),
  keyIndex: 0,
  step: '',
  deadlines: { setup: 0, ready: 0, maskedInput: 0, consistency: 0, unmask: 0 },
  auditHead: { size: 0, root: new Uint8Array(32), time: 0, signature: new Uint8Array(64) },
  readyDigest: new Uint8Array(32),
  uploadsDigest: new Uint8Array(32),
  signatures: [],
};
