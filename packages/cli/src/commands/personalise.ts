import { readEvaluationLog, toDataset } from '@tributary/client';
import {
  BUILT_IN_ENCODERS,
  createArtifact,
  decodeArtifact,
  encodeArtifact,
  personalKMeans,
} from '@tributary/router';
import { readTextFile, RuntimeError, writeTextFile } from '@tributary/runtime';
import type { Command } from 'commander';
import { printLine, printResult } from '../output.ts';

interface Flags {
  readonly artifact: string;
  readonly data: string;
  readonly out: string;
  readonly json?: true;
}

export function addPersonaliseCommand(program: Command): void {
  program
    .command('personalise')
    .description("mix a run's K-means router with what this organisation's own log shows; no network")
    .requiredOption('--artifact <file>', 'router.json of a run')
    .requiredOption('--data <path>', "this organisation's evaluation log")
    .requiredOption(
      '--out <file>',
      'where the personal router goes; it tells about the log, so keep it like the log',
    )
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Every prediction becomes (own + kappa * federated) / (n + kappa): n of the log's own observations in the query's cluster, and as many observations' worth of
the federated prediction as the differences between both justify.`,
    )
    .action(async (flags: Flags) => {
      const { model, encoder } = decodeArtifact(readTextFile(flags.artifact));
      if (model.kind !== 'kmeans') {
        throw new RuntimeError(
          'BAD_ARGUMENT',
          `--artifact ${flags.artifact}: a ${model.kind} router cannot be personalised by this command`,
          'give the artifact of a run of program kmeans',
        );
      }
      const embed = BUILT_IN_ENCODERS.get(encoder.name);
      const { dataset } = toDataset(await readEvaluationLog(flags.data), {
        models: model.models,
        encoder: encoder.name,
        ...(embed === undefined ? {} : { embed }),
      });
      const personal = personalKMeans(model, dataset);
      // No provenance: the run did not make this router.
      await writeTextFile(flags.out, encodeArtifact(createArtifact(personal, encoder.name)));
      const change = personal.quality.reduce(
        (most, quality, cell) => Math.max(most, Math.abs(quality - (model.quality[cell] as number))),
        0,
      );
      printLine(
        `${dataset.records} own queries; no predicted quality moved by more than ${change.toFixed(3)}; wrote ${flags.out}`,
      );
      if (flags.json) printResult({ records: dataset.records, largestChange: change, out: flags.out });
    });
}
