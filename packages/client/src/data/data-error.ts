/** What is wrong with an evaluation log or with what was asked of it. Stable: scripts may test for them. */
export type DataErrorCode =
  | 'MISSING_FILE'
  | 'UNREADABLE_FILE'
  | 'CORRUPT_GZIP'
  | 'INVALID_TEXT'
  | 'LINE_TOO_LONG'
  | 'INVALID_JSON'
  | 'INVALID_CSV'
  | 'MISSING_COLUMN'
  | 'MISSING_FIELD'
  | 'INVALID_FIELD'
  | 'INVALID_SCORE'
  | 'INVALID_COST'
  | 'UNKNOWN_MODEL'
  | 'UNKNOWN_QUERY'
  | 'UNKNOWN_KIND'
  | 'DUPLICATE_EVALUATION'
  | 'DUPLICATE_QUERY'
  | 'DUPLICATE_MODEL'
  | 'CONFLICTING_QUERY'
  | 'INVALID_EMBEDDINGS'
  | 'ENCODER_MISMATCH'
  | 'TOO_MANY_MODELS'
  | 'TOO_FEW_MODELS'
  | 'TOO_FEW_QUERIES'
  | 'EMPTY_DATA';

/** A fault of the input: `message` is one line that names file, line and field; `hint` says how to mend it. */
export class DataError extends Error {
  override readonly name = 'DataError';
  readonly code: DataErrorCode;
  readonly hint: string;

  constructor(code: DataErrorCode, message: string, hint: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

const LONGEST_QUOTE = 60;

/**
 * A value from a file as it may stand in a one-line message: quoted, cut where it is long, and with every character escaped that could
 * break the line or steer a terminal.
 */
export function quoted(value: string): string {
  const short = value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value;
  return JSON.stringify(short).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`,
  );
}
