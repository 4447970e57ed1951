/**
 * Heads of the audit log that an organisation was shown, in a file of its own: JSON lines that organisations compare with each other and
 * with the log. Two heads that no log has both of convict the coordinator, for it signed them.
 */
import { fromBase64, fromHex, toBase64, toHex } from '@tributary/crypto';
import type { SignedTreeHead } from '@tributary/protocol';
import { z } from 'zod';
import { fileFailure, readTextFile } from '../config/text-file.ts';
import { RuntimeError } from '../errors.ts';
import { appendDurably } from '../stores/durable-file.ts';

/** A head and with what it was shown. */
export interface ShownHead {
  readonly head: SignedTreeHead;
  /** A round's number, or that the run ended. */
  readonly shown: number | 'end';
}

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const headRecord = z.object({
  run: digest,
  shown: z.union([z.int().min(1), z.literal('end')]),
  size: z.int().min(0),
  root: digest,
  time: z.int().min(0),
  signature: z.base64(),
});

/** Resolves once the lines are durable. @throws RuntimeError BAD_FILE */
export async function appendShownHeads(path: string, heads: readonly ShownHead[]): Promise<void> {
  const lines = heads.map(({ head: { run, size, root, time, signature }, shown }) => {
    const record = { run: toHex(run), shown, size, root: toHex(root), time, signature: toBase64(signature) };
    return `${JSON.stringify(record)}\n`;
  });
  if (lines.length === 0) return;
  try {
    await appendDurably(path, lines.join(''));
  } catch (error) {
    throw fileFailure('write', path, error);
  }
}

/** A last line without its end, which a crash leaves, is no line. @throws RuntimeError BAD_FILE */
export function readShownHeads(path: string): ShownHead[] {
  const lines = readTextFile(path).split('\n').slice(0, -1);
  return lines.map((line, i) => {
    const head = shownHead(line);
    if (head !== undefined) return head;
    throw new RuntimeError(
      'BAD_FILE',
      `${path}: line ${i + 1} is no head of an audit log`,
      "give the 'heads.jsonl' of a client",
    );
  });
}

function shownHead(line: string): ShownHead | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const parsed = headRecord.safeParse(value);
  if (!parsed.success) return undefined;
  const { run, shown, size, root, time, signature } = parsed.data;
  const bytes = [fromHex(run), fromHex(root), fromBase64(signature)] as const;
  const [runBytes, rootBytes, signatureBytes] = bytes;
  if (runBytes === undefined || rootBytes === undefined || signatureBytes?.length !== 64) return undefined;
  return { head: { run: runBytes, size, root: rootBytes, time, signature: signatureBytes }, shown };
}
