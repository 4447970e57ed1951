import { describeLog, readEvaluationLog, renderLogDescription } from '@tributary/client';
import type { Command } from 'commander';
import { printResult } from '../output.ts';

export function addDataCommands(program: Command): void {
  program
    .command('data')
    .description('look at evaluation logs')
    .command('check')
    .description('read a log, print rows, models, coverage and what is missing')
    .argument(
      '<path>',
      'a directory (queries.jsonl, evaluations.csv, models.csv, embeddings.*) or a .jsonl file',
    )
    .option('--json', 'print the result as JSON')
    .action(async (path: string, options: { readonly json?: true }) => {
      const description = describeLog(await readEvaluationLog(path));
      if (options.json) printResult(description);
      else process.stdout.write(`${renderLogDescription(description).join('\n')}\n`);
    });
}
