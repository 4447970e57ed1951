#!/usr/bin/env node
/** The `tributary` command: flags and printing only. */
import { EXIT } from '@tributary/runtime';
import { CommanderError } from 'commander';
import { printResult, reportFailure } from './output.ts';
import { createProgram } from './program.ts';

const args = process.argv.slice(2).filter((arg, i) => !(arg === '--' && i <= 1));
const json = args.includes('--json');
try {
  await createProgram().parseAsync(args, { from: 'user' });
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.input;
    if (json && error.exitCode !== 0) {
      const message = error.message.replace(/^error: /, '');
      printResult({ error: { code: 'BAD_ARGUMENT', message, hint: 'see `tributary --help`' } });
    }
  } else {
    process.exitCode = reportFailure(error, json);
  }
}
