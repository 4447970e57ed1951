/** What goes where: results to standard output, everything for people to standard error. */
import { EXIT, type ExitCode, RuntimeError } from '@tributary/runtime';

/** The last line of standard output with `--json`: the bare result. */
export function printResult(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

export function printLine(text: string): void {
  process.stderr.write(`${text}\n`);
}

export interface Failure {
  readonly exitCode: ExitCode;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/**
 * Any error as one line. Errors of our packages carry a code and a hint; those of pure packages and of data reading are faults of input,
 * because only input reaches them from here. Anything else is a bug and says so.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof RuntimeError) {
    return { exitCode: error.exitCode, code: error.code, message: oneLine(error.message), hint: error.hint };
  }
  if (error instanceof Error && INPUT_ERRORS.has(error.name)) {
    const code = 'code' in error ? String(error.code) : error.name;
    const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : '';
    return { exitCode: EXIT.input, code, message: oneLine(error.message), hint };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    exitCode: EXIT.bug,
    code: 'BUG',
    message: `internal error: ${oneLine(message)}`,
    hint: 'please report it; TRIBUTARY_DEBUG=1 prints the stack',
  };
}

const INPUT_ERRORS: ReadonlySet<string> = new Set([
  'DataError',
  'RouterError',
  'PrivacyError',
  'ProtocolError',
]);

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ');
}

export function reportFailure(error: unknown, json: boolean): ExitCode {
  const { exitCode, code, message, hint } = failureOf(error);
  printLine(`error: ${message}${hint === '' ? '' : ` (${hint})`}`);
  if (process.env['TRIBUTARY_DEBUG'] === '1' && error instanceof Error) printLine(error.stack ?? '');
  if (json) printResult({ error: { code, message, hint } });
  return exitCode;
}
