/**
 * Two kinds of failure. What a log or an archive says is data: a `Fault` with one of `FAULT_CODES`, at its entry. Misuse by our own
 * code throws `AuditError`.
 */
export const FAULT_CODES = {
  NOT_CANONICAL: 'the line is no JSON object in the canonical form of RFC 8785',
  MALFORMED: 'the entry lacks a field, or a field is not what its type says',
  UNKNOWN_TYPE: 'the entry has a type that this version does not know',
  CHANGED: 'the entry is not the one that a signed head covers',
  BAD_HEAD: 'the head is not that of the tree over the entries before it',
  UNCOVERED: 'no signed head covers the entry',
  OUT_OF_ORDER: 'the entry may not stand where it stands',
  BAD_SIGNATURE: 'a signature does not verify under the key in the roster',
  BAD_ROSTER: 'the roster breaks a rule, or may not follow the one before it',
  BAD_BATCH: 'a member would refuse the batch',
  WRONG_CONTEXT: 'a message belongs to another run, batch or round',
  UNEXPECTED_PLAN: 'the plan is not the one that follows from the sums so far',
  BELOW_FLOOR: 'fewer members or signatures than the terms demand',
  BAD_SURVIVORS: 'the survivor set is not made of the uploads, each exactly once',
  NOT_PROMISED: 'an attempt was repeated although the one before might still be opened',
  BAD_RELEASE: 'a release names a share that its member may not give',
  BAD_OPENING: 'the released shares do not open what was committed to',
  BAD_SUM: 'the sum is not the one that the entry says, or not that of the uploads',
  BAD_EVIDENCE: 'the evidence proves nothing',
  BAD_BUDGET: 'the entry of the privacy budget is not what the messages before it do to it',
  BAD_END: 'the run did not end as the entry says',
  UNKNOWN_HEAD: 'a head that somebody saw is not in the log',
} as const;

export type FaultCode = keyof typeof FAULT_CODES;

/** What is wrong, without the place. */
export interface Finding {
  readonly code: FaultCode;
  readonly reason: string;
}

/** What is wrong with a log, and the first entry where it shows. */
export interface Fault extends Finding {
  /** Number of the line, from 1. */
  readonly entry: number;
}

export function finding(code: FaultCode, reason: string): Finding {
  return { code, reason };
}

export const AUDIT_ERROR_CODES = {
  BAD_VALUE: 'a value cannot be written in canonical form',
  BAD_ARCHIVE: 'the bytes are no archive, or end within a record',
  OUT_OF_RANGE: 'an argument is outside its range',
} as const;

export type AuditErrorCode = keyof typeof AUDIT_ERROR_CODES;

export class AuditError extends Error {
  readonly code: AuditErrorCode;
  readonly hint: string;

  constructor(code: AuditErrorCode, message: string, hint = '') {
    super(message);
    this.name = 'AuditError';
    this.code = code;
    this.hint = hint;
  }
}
