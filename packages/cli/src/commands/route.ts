import { BUILT_IN_ENCODERS, createRouter, decodeArtifact, type RouterArtifact } from '@tributary/router';
import { readTextFile, RuntimeError } from '@tributary/runtime';
import type { Command } from 'commander';
import { printLine, printResult } from '../output.ts';

interface Flags {
  readonly artifact: string;
  readonly lambda?: number;
  readonly embedding?: string;
  readonly json?: true;
}

export function addRouteCommand(program: Command): void {
  program
    .command('route')
    .description('choose the model for a query; no network')
    .argument('[text]', 'the query, for a router with the built-in encoder')
    .requiredOption('--artifact <file>', 'router.json of a run')
    .option(
      '--lambda <quality per USD>',
      "trade quality for cost; the artifact's default keeps 97 % of the best model",
      parseLambda,
    )
    .option('--embedding <file>', "JSON array with the query's embedding, for a router with another encoder")
    .option('--json', 'print the result as JSON')
    .action((text: string | undefined, flags: Flags) => {
      const artifact = decodeArtifact(readTextFile(flags.artifact));
      const router = createRouter(artifact);
      const embedding = embeddingFor(artifact, text, flags.embedding);
      const lambda = flags.lambda ?? router.defaultLambda;
      const chosen = router.route(embedding, lambda);
      if (flags.json) {
        printResult({ ...chosen, lambda, ranked: router.rank(embedding, lambda) });
        return;
      }
      printLine(
        `predicted quality ${chosen.quality.toFixed(3)} at $${chosen.costUsd.toPrecision(3)}, lambda ${lambda}`,
      );
      process.stdout.write(`${chosen.model}\n`);
    });
}

function parseLambda(text: string): number {
  const lambda = Number(text);
  if (text.trim() === '' || !Number.isFinite(lambda) || lambda < 0) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `--lambda ${text} is no number >= 0`,
      'it is quality per USD; 0 ignores cost',
    );
  }
  return lambda;
}

function embeddingFor(
  { encoder }: RouterArtifact,
  text: string | undefined,
  file: string | undefined,
): Float32Array {
  if (file !== undefined) return readEmbedding(file, encoder.dimensions);
  const encode = BUILT_IN_ENCODERS.get(encoder.name);
  if (encode === undefined) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `the artifact was trained on embeddings of '${encoder.name}', which is not built in`,
      `give the query's ${encoder.dimensions} numbers with --embedding FILE`,
    );
  }
  if (text === undefined)
    throw new RuntimeError('BAD_ARGUMENT', 'the query is missing', 'tributary route --artifact F "text"');
  return encode(text);
}

function readEmbedding(path: string, dimensions: number): Float32Array {
  const value = parsed(readTextFile(path));
  if (!Array.isArray(value) || !value.every((x) => typeof x === 'number' && Number.isFinite(x))) {
    throw new RuntimeError(
      'BAD_FILE',
      `--embedding ${path} is no JSON array of numbers`,
      "write the query's embedding as [0.1, -0.2, ...]",
    );
  }
  if (value.length !== dimensions) {
    throw new RuntimeError(
      'BAD_FILE',
      `--embedding ${path} has ${value.length} numbers, the artifact takes ${dimensions}`,
      'use the encoder that the router was trained with',
    );
  }
  return Float32Array.from(value);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
