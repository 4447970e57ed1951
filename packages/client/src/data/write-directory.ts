import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { csvField } from './csv.ts';
import { type EmbeddingFormat, writeEmbeddings } from './embeddings-file.ts';
import type { EvaluationLog } from './evaluation-log.ts';

export interface WriteDirectoryOptions {
  /** `float32` (the default) keeps embeddings exactly, `float16` halves their file. */
  readonly embeddings?: EmbeddingFormat;
}

/** Writes a log as the directory that `readDirectory` reads; makes the directory where it is missing, replaces its files. */
export async function writeDirectory(
  log: EvaluationLog,
  directory: string,
  options: WriteDirectoryOptions = {},
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeGzip(join(directory, 'queries.jsonl.gz'), queryLines(log));
  await writeGzip(join(directory, 'evaluations.csv.gz'), evaluationLines(log));
  await writeFile(join(directory, 'models.csv'), [...modelLines(log)].join(''));
  if (log.embeddings !== undefined) {
    await writeEmbeddings(directory, log.embeddings, options.embeddings ?? 'float32');
  }
}

function* queryLines(log: EvaluationLog): Generator<string> {
  for (const { id, task, user, text } of log.queries)
    yield `${JSON.stringify({ id, task, user, prompt: text })}\n`;
}

function* evaluationLines(log: EvaluationLog): Generator<string> {
  yield 'query_id,model,score,cost_usd\n';
  const { offsets, model, quality, costUsd } = log.evaluations;
  const names = log.models.map(({ name }) => csvField(name));
  for (let query = 0; query < log.queries.length; query++) {
    const id = csvField(log.queries[query]!.id);
    for (let row = offsets[query]!; row < offsets[query + 1]!; row++) {
      const cost = costUsd[row]!;
      yield `${id},${names[model[row]!]},${quality[row]},${Number.isNaN(cost) ? '' : cost}\n`;
    }
  }
}

function* modelLines(log: EvaluationLog): Generator<string> {
  yield 'model,kind\n';
  for (const { name, kind } of log.models) {
    yield `${csvField(name)},${csvField(kind ?? '')}\n`;
  }
}

const CHUNK_CHARACTERS = 64 * 1024;

async function writeGzip(path: string, lines: Iterable<string>): Promise<void> {
  // Speed over size: the files are read back at once, on the same machine.
  await pipeline(Readable.from(chunked(lines)), createGzip({ level: 1 }), createWriteStream(path));
}

function* chunked(lines: Iterable<string>): Generator<string> {
  let chunk = '';
  for (const line of lines) {
    chunk += line;
    if (chunk.length < CHUNK_CHARACTERS) continue;
    yield chunk;
    chunk = '';
  }
  yield chunk;
}
