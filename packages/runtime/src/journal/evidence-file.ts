/** Proof that somebody cheated, in a file of its own: JSON lines that are handed to whoever is to judge. */
import { existsSync } from 'node:fs';
import { toBase64, toHex } from '@tributary/crypto';
import { encodeEvidence, type Evidence } from '@tributary/protocol';
import { fileFailure, readTextFile } from '../config/text-file.ts';
import { appendDurably } from '../stores/durable-file.ts';

/** One line of the file. */
export interface EvidenceRecord {
  /** Id of the run, hexadecimal. */
  readonly run: string;
  readonly proof: Evidence['proof'];
  /** Its canonical bytes, base64. */
  readonly evidence: string;
}

/**
 * Keeps a proof, and against the coordinator one of each kind in a run: it convicts, and a coordinator that goes on lying would
 * otherwise fill the disk. Against a member the same proof is kept once. Resolves once the line is durable.
 * @returns whether the proof was kept now
 * @throws RuntimeError BAD_FILE
 */
export async function appendEvidence(path: string, run: Uint8Array, evidence: Evidence): Promise<boolean> {
  const record: EvidenceRecord = {
    run: toHex(run),
    proof: evidence.proof,
    evidence: toBase64(encodeEvidence(evidence)),
  };
  const text = existsSync(path) ? readTextFile(path) : '';
  const isOfCoordinator = !('batchContext' in evidence);
  const isKept = text.split('\n').some((line) => {
    const kept = recordOf(line);
    const ofThisKind = kept?.run === record.run && kept.proof === record.proof;
    return ofThisKind && (isOfCoordinator || kept.evidence === record.evidence);
  });
  if (isKept) return false;
  // A crash may have left a part of a line.
  const start = text === '' || text.endsWith('\n') ? '' : '\n';
  try {
    await appendDurably(path, `${start}${JSON.stringify(record)}\n`);
  } catch (error) {
    throw fileFailure('write', path, error);
  }
  return true;
}

function recordOf(line: string): Partial<EvidenceRecord> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
