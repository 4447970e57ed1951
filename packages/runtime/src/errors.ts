/**
 * Failures that a person sees. Each has a stable code, an exit code of the command line, one line that names what is wrong, and a
 * hint that says what to do.
 */
export const EXIT = {
  ok: 0,
  runFailed: 1,
  connection: 2,
  timeout: 3,
  input: 4,
  bug: 5,
  privacyRefusal: 6,
  tooFewSurvivors: 7,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export type RuntimeErrorCode =
  | 'RUN_FAILED'
  | 'REFUSED_BY_PEER'
  | 'CANNOT_CONNECT'
  | 'CONNECTION_LOST'
  | 'VERSION_MISMATCH'
  | 'TIMED_OUT'
  | 'BAD_CONFIG'
  | 'BAD_FILE'
  | 'BAD_DATA'
  | 'BAD_ARGUMENT'
  | 'PORT_IN_USE'
  | 'INSECURE'
  | 'POLICY'
  | 'TOO_FEW_SURVIVORS';

const EXIT_CODES: Readonly<Record<RuntimeErrorCode, ExitCode>> = {
  RUN_FAILED: EXIT.runFailed,
  REFUSED_BY_PEER: EXIT.connection,
  CANNOT_CONNECT: EXIT.connection,
  CONNECTION_LOST: EXIT.connection,
  VERSION_MISMATCH: EXIT.connection,
  TIMED_OUT: EXIT.timeout,
  BAD_CONFIG: EXIT.input,
  BAD_FILE: EXIT.input,
  BAD_DATA: EXIT.input,
  BAD_ARGUMENT: EXIT.input,
  PORT_IN_USE: EXIT.input,
  INSECURE: EXIT.input,
  POLICY: EXIT.privacyRefusal,
  TOO_FEW_SURVIVORS: EXIT.tooFewSurvivors,
};

export class RuntimeError extends Error {
  readonly code: RuntimeErrorCode;
  readonly hint: string;

  constructor(code: RuntimeErrorCode, message: string, hint = '', cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.name = 'RuntimeError';
    this.code = code;
    this.hint = hint;
  }

  get exitCode(): ExitCode {
    return EXIT_CODES[this.code];
  }
}

/** The `code` of a system error, such as ENOENT; undefined for anything else. */
export function systemErrorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
