#!/usr/bin/env node
/** The `tributary` command. */
import { systemErrorCode } from '@tributary/runtime';
import { reportFailure } from './output.ts';
import { run } from './run.ts';

const args = process.argv.slice(2);

// What nobody caught is a bug; it is told in one line like any other failure.
process.on('uncaughtException', (error) => {
  process.exit(reportFailure(error, args.includes('--json')));
});
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error) => {
    // Whoever read our output has seen enough.
    if (systemErrorCode(error) !== 'EPIPE') throw error;
  });
}
process.exitCode = await run(args);
