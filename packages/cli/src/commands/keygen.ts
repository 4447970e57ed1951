import { toBase64 } from '@tributary/crypto';
import { createKeyFile, RuntimeError } from '@tributary/runtime';
import type { Command } from 'commander';
import { printLine, printResult } from '../output.ts';

export function addKeygenCommand(program: Command): void {
  program
    .command('keygen')
    .description('make an Ed25519 key pair for an organisation or a coordinator')
    .requiredOption('--out <file>', 'key file to write, mode 0600; never overwritten')
    .option('--json', 'print the result as JSON')
    .action((options: { readonly out: string; readonly json?: true }) => {
      if (options.out.startsWith('-')) {
        throw new RuntimeError('BAD_ARGUMENT', '--out has no file', 'tributary keygen --out acme.key');
      }
      const publicKey = toBase64(createKeyFile(options.out).publicKey);
      printLine(`wrote ${options.out}; keep it, and give this public key to the federation:`);
      if (options.json) printResult({ file: options.out, publicKey });
      else process.stdout.write(`${publicKey}\n`);
    });
}
