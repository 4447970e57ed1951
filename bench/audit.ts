/** What an auditor's check of a whole archive costs: 100 rounds, 10 clients, 10^5 coordinates, inner products in place of uploads. */
import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { archiveStart, LogVerifier, recordHeader, recordsOf, type RoundVectors } from '@tributary/audit';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { RecordedFederation } from '../packages/audit/src/testing/recorded-federation.ts';
import { linesWithVectors } from '../packages/cli/src/commands/audit-files.ts';
import { peakRssMb } from '../test/load/usage.ts';
import { cpuMs } from './measure.ts';
import type { Row } from './rows.ts';

const CLIENTS = 10;
const DIMENSION = 100_000;
const ROUNDS = 100;
const MEBIBYTE = 2 ** 20;

const NO_UPLOADS: RoundVectors = { uploads: new Map() };

/** Plays the rounds one by one, and holds the vectors of one. */
function writeArchive(path: string): void {
  const run = new RecordedFederation({ crypto, members: CLIENTS, dimension: DIMENSION });
  const file = openSync(path, 'w');
  const write = (line: Uint8Array): void => {
    const vectors = run.vectorsOf(line) ?? NO_UPLOADS;
    for (const record of recordsOf({ line, vectors: { ...vectors, uploads: new Map() } })) {
      writeSync(file, recordHeader(record));
      writeSync(file, record.bytes);
    }
    if (!run.vectors.has(line)) return;
    run.vectors.set(line, NO_UPLOADS);
    run.sums.splice(-1, 1, { words: new Int32Array(0), bits: 20 });
  };
  writeSync(file, archiveStart());
  let written = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const outcome = run.sum();
    if (outcome.kind !== 'opened') throw new Error(outcome.detail);
    for (; written < run.lines.length; written++) write(run.lines[written] as Uint8Array);
  }
  run.end();
  for (; written < run.lines.length; written++) write(run.lines[written] as Uint8Array);
  writeSync(file, recordHeader({ kind: 'end', bytes: new Uint8Array(0) }));
  closeSync(file);
}

/** Plans are not recomputed: what they cost is their program's. */
async function verify(path: string): Promise<void> {
  const verifier = new LogVerifier(crypto);
  for await (const { line, vectors } of linesWithVectors(path)) {
    if (verifier.take(line, vectors) !== undefined) break;
  }
  const verdict = verifier.finish();
  if (!verdict.ok) throw new Error(`entry ${verdict.fault.entry}: ${verdict.fault.reason}`);
  const { masks, summation } = verdict.report.counts;
  if (masks !== ROUNDS || summation !== ROUNDS) throw new Error('a sum was not checked');
}

export async function benchAudit(log: (line: string) => void): Promise<Row[]> {
  const directory = mkdtempSync(join(tmpdir(), 'tributary-bench-audit-'));
  const path = join(directory, 'run.audit');
  try {
    log(`playing ${ROUNDS} rounds of ${CLIENTS} clients`);
    writeArchive(path);
    const bytes = statSync(path).size;
    const before = cpuMs();
    await verify(path);
    const spent = cpuMs() - before;
    const peak = Math.round(peakRssMb());
    log(`verify ${Math.round(bytes / MEBIBYTE)} MiB: ${(spent / 1000).toFixed(1)} s CPU, ${peak} MB at most`);
    const note = `${ROUNDS} rounds, ${bytes} bytes; the memory is that of playing and verifying`;
    return [{ name: 'verify an archive', n: CLIENTS, d: DIMENSION, cpuMs: spent, peakRssMb: peak, note }];
  } finally {
    rmSync(directory, { recursive: true });
  }
}
