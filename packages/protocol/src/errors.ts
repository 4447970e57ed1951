/**
 * Two kinds of failure. What a peer sends is data: a `Rejection` with one of `REJECTION_CODES`. Misuse by our
 * own code throws `ProtocolError`.
 */
export const PROTOCOL_ERROR_CODES = {
  BAD_PARAMETERS: 'a parameter is outside its range',
  UNEXPECTED_EVENT: 'the machine was given an event that its phase does not know',
  INVARIANT: 'an internal invariant does not hold',
} as const;

export type ProtocolErrorCode = keyof typeof PROTOCOL_ERROR_CODES;

export class ProtocolError extends Error {
  readonly code: ProtocolErrorCode;
  /** What the person who set the parameter can do. */
  readonly hint: string;

  constructor(code: ProtocolErrorCode, message: string, hint = '') {
    super(message);
    this.name = 'ProtocolError';
    this.code = code;
    this.hint = hint;
  }
}

export const REJECTION_CODES = {
  MALFORMED: 'the bytes are no message of this protocol',
  BAD_SIGNATURE: 'the signature does not verify under the key in the roster',
  WRONG_SENDER: 'the message names another member than the one who sent it',
  WRONG_CONTEXT: 'the message belongs to another batch or round',
  WRONG_PHASE: 'the message does not belong to the present phase',
  DUPLICATE: 'the member has already answered in this phase',
  NOT_A_MEMBER: 'the member is not part of the cohort',
  BAD_KEY: 'a public key is of small order',
  LENGTH_MISMATCH: 'the length differs from the one that the context fixes',
  DIGEST_MISMATCH: 'the bytes do not have the signed digest',
  BAD_SHARE: 'a share does not open the commitment of its dealer',
  BAD_DEALER: 'the shares of a dealer do not give the secret it committed to',
  UNSAFE_TERMS: 'the terms break a rule of the protocol or the policy of the member',
  UNEXPECTED_PLAN: 'the plan is not the one that follows from the previous sum',
  KEY_INDEX_USED: 'the key index has been used',
  BELOW_FLOOR: 'fewer members than the floors allow',
  EQUIVOCATION: 'a second, different answer to a question that is answered once',
  BAD_DRAW: 'the public randomness of the batch was not drawn as its committee committed to',
  NOT_PROVEN: 'too few organisations signed that a sum is of this round and over its survivors',
  NOT_PROMISED: 'too few holders signed that an earlier attempt will never be opened',
  CULPRIT: 'a member takes part that is proven to have cheated',
  BAD_EVIDENCE: 'the evidence does not prove what it says',
  NOT_ENOUGH_SIGNATURES: 'fewer valid signatures than the threshold',
} as const;

export type RejectionCode = keyof typeof REJECTION_CODES;

/**
 * A message that was refused: what was wrong and whose it was. `detail` names the field; it never holds a
 * secret.
 */
export interface Rejection {
  readonly code: RejectionCode;
  /** A member's id, or 'coordinator'. */
  readonly from: number | 'coordinator';
  readonly detail: string;
}
