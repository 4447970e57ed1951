/** Proof that somebody cheated, in a file of its own: JSON lines that are handed to whoever is to judge. */
import { toBase64, toHex } from '@tributary/crypto';
import { encodeEvidence, type Evidence } from '@tributary/protocol';
import { fileFailure } from '../config/text-file.ts';
import { appendDurably } from '../stores/durable-file.ts';

/** One line of the file. */
export interface EvidenceRecord {
  /** Id of the run, hexadecimal. */
  readonly run: string;
  readonly proof: Evidence['proof'];
  /** Its canonical bytes, base64. */
  readonly evidence: string;
}

/** Resolves once the line is durable. @throws RuntimeError BAD_FILE */
export async function appendEvidence(path: string, run: Uint8Array, evidence: Evidence): Promise<void> {
  const record: EvidenceRecord = {
    run: toHex(run),
    proof: evidence.proof,
    evidence: toBase64(encodeEvidence(evidence)),
  };
  try {
    await appendDurably(path, `${JSON.stringify(record)}\n`);
  } catch (error) {
    throw fileFailure('write', path, error);
  }
}
