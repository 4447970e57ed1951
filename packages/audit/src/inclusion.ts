/** What an organisation needs to see that its uploads are in the log, and in the sums: lines that name it, with proofs. */
import { type CryptoBackend, inclusionProof, leafHash, verifyInclusion } from '@tributary/crypto';
import { decodeMessage, type Roster, sameBytes, type SignedTreeHead, verifyHead } from '@tributary/protocol';
import { readEntry, rosterOf, type TimedEntry } from './entries.ts';

/** A line that names a member, and that it is in the tree of the newest head. */
export interface ProvenLine {
  readonly type: 'upload' | 'survivors' | 'sum';
  /** Number of the line, from 1. */
  readonly entry: number;
  readonly line: Uint8Array;
  /** RFC 6962 section 2.1.1. */
  readonly proof: readonly Uint8Array[];
}

export interface InclusionStatement {
  readonly member: string;
  readonly head: SignedTreeHead;
  readonly lines: readonly ProvenLine[];
}

/**
 * @param member its name, or its public key of 32 bytes
 * @returns undefined where the log has no head, or no roster with this member
 */
export function proveMember(
  crypto: CryptoBackend,
  lines: readonly Uint8Array[],
  member: string | Uint8Array,
): InclusionStatement | undefined {
  let roster: Roster | undefined;
  let run: Uint8Array = new Uint8Array(0);
  let head: SignedTreeHead | undefined;
  let name: string | undefined;
  const found: { readonly type: ProvenLine['type']; readonly index: number }[] = [];
  for (const [index, line] of lines.entries()) {
    const read = readEntry(line);
    if (!read.ok) continue;
    const { entry } = read;
    if (entry.type === 'genesis') ({ run } = entry);
    if (entry.type === 'genesis' || entry.type === 'roster') roster = rosterOf(entry.roster);
    if (entry.type === 'head') {
      const { size, root, time, signature } = entry;
      head = { run, size, root, time, signature };
    }
    const self = roster?.members.find(({ name: called, publicKey }) =>
      typeof member === 'string' ? called === member : sameBytes(publicKey, member),
    );
    name ??= self?.name;
    const type = self && namedIn(entry, self.id);
    if (type !== undefined) found.push({ type, index });
  }
  if (head === undefined || name === undefined) return undefined;
  const { size } = head;
  const leaves = lines.slice(0, size).map((line) => leafHash(crypto, line));
  const proven = found
    .filter(({ index }) => index < size)
    .map(({ type, index }) => ({
      type,
      entry: index + 1,
      line: lines[index] as Uint8Array,
      proof: inclusionProof(crypto, leaves, index),
    }));
  return { member: name, head, lines: proven };
}

/** Which of the types an entry is that names this member, if it is one. */
function namedIn(entry: TimedEntry, member: number): ProvenLine['type'] | undefined {
  const frame = frameIn(entry);
  const decoded = frame && decodeMessage(frame);
  if (decoded?.ok !== true) return undefined;
  const { message } = decoded;
  if (message.kind === 'upload-end' && message.body.member === member) return 'upload';
  if (message.kind === 'survivors' && message.body.uploads.some((upload) => upload.member === member)) {
    return 'survivors';
  }
  return message.kind === 'round-result' && message.body.survivors.includes(member) ? 'sum' : undefined;
}

function frameIn(entry: TimedEntry): Uint8Array | undefined {
  if (entry.type === 'upload') return entry.end;
  if (entry.type === 'survivors') return entry.set;
  return entry.type === 'sum' ? entry.result : undefined;
}

/** Whether the coordinator signed a log that has every line of the statement at its place. */
export function verifyStatement(
  crypto: CryptoBackend,
  coordinatorKey: Uint8Array,
  { head, lines }: InclusionStatement,
): boolean {
  const { root, size } = head;
  return (
    verifyHead(crypto, coordinatorKey, head) &&
    lines.every(({ line, entry, proof }) =>
      verifyInclusion(crypto, { leaf: leafHash(crypto, line), index: entry - 1, size, root }, proof),
    )
  );
}
