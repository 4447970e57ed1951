/** What goes where: results to standard output, everything for people to standard error. */
import { EXIT, type ExitCode, oneLine, RuntimeError } from '@tributary/runtime';
import { CommanderError } from 'commander';

/** The last line of standard output with `--json`: the bare result. */
export function printResult(result: unknown): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

/** A line for people. Parts of it may come from peers and files: it stays one line, and steers no terminal. */
export function printLine(text: string): void {
  process.stderr.write(`${oneLine(text)}\n`);
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
  const { exitCode, code, message, hint } = describe(error);
  return { exitCode, code, message: oneLine(message), hint: oneLine(hint) };
}

function describe(error: unknown): Failure {
  if (error instanceof RuntimeError) {
    const { exitCode, code, message, hint } = error;
    return { exitCode, code, message, hint };
  }
  if (error instanceof CommanderError) return usageFailure(error);
  if (error instanceof Error && INPUT_ERRORS.has(error.name)) {
    const code = 'code' in error ? String(error.code) : error.name;
    const hint = 'hint' in error && typeof error.hint === 'string' ? error.hint : '';
    return { exitCode: EXIT.input, code, message: error.message, hint };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    exitCode: EXIT.bug,
    code: 'BUG',
    message: `internal error: ${message}`,
    hint: 'please report it; TRIBUTARY_DEBUG=1 prints the stack',
  };
}

function usageFailure({ code, message }: CommanderError): Failure {
  const failure = { exitCode: EXIT.input, code: 'BAD_ARGUMENT', hint: '--help shows what can be given' };
  if (code === 'commander.help') return { ...failure, message: 'a command is missing' };
  const [fault = '', suggestion] = message.replace(/^error: /, '').split(/\s*\(Did you mean (.+)\?\)/);
  return suggestion === undefined
    ? { ...failure, message: fault }
    : { ...failure, message: fault, hint: `did you mean ${suggestion}?` };
}

const INPUT_ERRORS: ReadonlySet<string> = new Set([
  'DataError',
  'RouterError',
  'PrivacyError',
  'ProtocolError',
]);

export function reportFailure(error: unknown, json: boolean): ExitCode {
  const { exitCode, code, message, hint } = failureOf(error);
  printLine(`error: ${message}${hint === '' ? '' : ` (${hint})`}`);
  if (process.env['TRIBUTARY_DEBUG'] === '1' && error instanceof Error) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
  if (json) printResult({ error: { code, message, hint } });
  return exitCode;
}
