import { EXIT, type ExitCode } from '@tributary/runtime';
import { CommanderError } from 'commander';
import { reportFailure } from './output.ts';
import { createProgram } from './program.ts';

/**
 * Runs one command.
 * @param args what follows `tributary`
 * @returns the exit code; failures are told on the way
 */
export async function run(args: readonly string[]): Promise<ExitCode> {
  // `pnpm demo -- --clients 3` hands the dashes on.
  const given = args.filter((arg, i) => !(arg === '--' && i <= 1));
  try {
    await createProgram().parseAsync(given, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    // Help and version were asked for.
    if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
    return reportFailure(error, args.includes('--json'));
  }
}
