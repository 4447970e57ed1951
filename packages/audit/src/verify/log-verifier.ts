/**
 * Offline verification of a log, line by line. Lines are held back until a head covers them: the tree says which line was changed before
 * any rule looks at what it says.
 */
import {
  appendLeaf,
  type CryptoBackend,
  EMPTY_FRONTIER,
  equalBytes,
  frontierRoot,
  leafHash,
  type MerkleFrontier,
} from '@tributary/crypto';
import { type VerifiedLedger, verifyLedger } from '@tributary/privacy';
import { rosterRoot, type SignedTreeHead, verifyHead } from '@tributary/protocol';
import { type EntryOf, type ReadEntry, readEntry } from '../entries.ts';
import { type Fault, finding, type Finding } from '../errors.ts';
import { owedBudget } from './budget.ts';
import { applyRule } from './rules.ts';
import { type AuditCounts, type AuditExpectations, AuditState, type RoundVectors } from './state.ts';

/** What a log that holds says of itself. */
export interface AuditReport {
  readonly entries: number;
  readonly run: Uint8Array;
  /** Root of the roster in force at the end. */
  readonly rosterRoot: Uint8Array;
  readonly sums: number;
  /** Whether the run is said to have ended: a log without its end may be the beginning of a longer one. */
  readonly ended: boolean;
  /** Whether an attempt is still open. */
  readonly open: boolean;
  readonly head: SignedTreeHead;
  /** Head of the log of opened sums: what members have in their state, and in every signature. */
  readonly logHead: Uint8Array;
  readonly counts: Readonly<AuditCounts>;
  /** Why the run could not go on after its newest sum. */
  readonly failure: string | undefined;
  /** The privacy budget, recomputed; undefined for a run without one. */
  readonly ledger: VerifiedLedger | undefined;
}

export type AuditVerdict =
  | { readonly ok: true; readonly report: AuditReport }
  | { readonly ok: false; readonly fault: Fault };

/** A line that no head covers yet. */
interface HeldLine {
  readonly read: ReadEntry;
  readonly vectors: RoundVectors;
}

const NO_VECTORS: RoundVectors = { uploads: new Map() };

export class LogVerifier {
  readonly #crypto: CryptoBackend;
  readonly #state: AuditState;
  /** The tree before the first line of `#leaves`. */
  #covered: MerkleFrontier = EMPTY_FRONTIER;
  /** Hashes of the lines since the last head, that head's own among them. */
  #leaves: Uint8Array[] = [];
  #held: HeldLine[] = [];
  #head: SignedTreeHead | undefined;
  #lines = 0;
  #fault: Fault | undefined;

  constructor(crypto: CryptoBackend, asked: AuditExpectations = {}) {
    this.#crypto = crypto;
    this.#state = new AuditState(crypto, asked);
  }

  /**
   * The next line, without its line feed. After a fault nothing more is looked at.
   * @param vectors of the round whose sum the line is
   * @returns the fault that is now known, perhaps of an earlier line
   */
  take(line: Uint8Array, vectors: RoundVectors = NO_VECTORS): Fault | undefined {
    if (this.#fault !== undefined) return this.#fault;
    const read = readEntry(line);
    if (read.ok && read.entry.type === 'head') this.#fault = this.#takeHead(read.entry);
    else this.#held.push({ read, vectors });
    this.#leaves.push(leafHash(this.#crypto, line));
    this.#lines += 1;
    return this.#fault;
  }

  /** After the last line. */
  finish(): AuditVerdict {
    const fault = this.#fault ?? this.#endFault();
    const head = this.#head;
    if (fault !== undefined) return { ok: false, fault };
    const { roster, run, sums, ended, round, logHead, counts, failure, ledger } = this.#state;
    if (head === undefined || roster === undefined) {
      return { ok: false, fault: { entry: 1, ...finding('UNCOVERED', 'the log is empty') } };
    }
    const open = round !== undefined;
    const root = rosterRoot(this.#crypto, roster);
    const report = {
      entries: this.#lines,
      run,
      rosterRoot: root,
      sums,
      ended,
      open,
      head,
      logHead,
      counts,
      failure,
      ledger: ledger.length === 0 ? undefined : verifyLedger(ledger),
    };
    return { ok: true, report };
  }

  #endFault(): Fault | undefined {
    const first = this.#lines - this.#held.length + 1;
    const unread = this.#held.findIndex(({ read }) => !read.ok);
    const { read } = this.#held[unread] ?? {};
    if (read?.ok === false) return { entry: first + unread, code: read.code, reason: read.reason };
    if (this.#held.length > 0) {
      return { entry: first, ...finding('UNCOVERED', `no head covers the last ${this.#held.length} lines`) };
    }
    const owed = owedBudget(this.#state);
    if (owed !== undefined) return { entry: this.#lines, ...owed };
    const { asked, logHeads, heads, run, counts } = this.#state;
    const shown = asked.heads?.filter((head) => equalBytes(head.run, run)) ?? [];
    const other = shown.find(({ size, root }) => !equalBytes(heads.get(size) ?? run.subarray(1), root));
    if (other !== undefined) {
      const reason = `an organisation was shown another log: the head over its first ${other.size} lines is not in this one`;
      return { entry: Math.min(Math.max(other.size, 1), this.#lines), ...finding('UNKNOWN_HEAD', reason) };
    }
    counts.heads = shown.length;
    const unknown = asked.logHeads?.find((seen) => !logHeads.some((head) => equalBytes(head, seen)));
    return (
      unknown && {
        entry: this.#lines,
        ...finding('UNKNOWN_HEAD', 'a head that an organisation saw is not in the log'),
      }
    );
  }

  #takeHead(entry: EntryOf<'head'> & { readonly time: number }): Fault | undefined {
    const number = this.#lines + 1;
    const fault = this.#treeFault(entry);
    if (fault !== undefined) return fault;
    for (const [i, { read, vectors }] of this.#held.entries()) {
      this.#state.line = number - this.#held.length + i;
      const wrong: Finding | undefined = read.ok ? applyRule(this.#state, read.entry, vectors) : read;
      if (wrong !== undefined) {
        const { code, reason } = wrong;
        return { entry: number - this.#held.length + i, code, reason };
      }
    }
    const { size, root, signature, time } = entry;
    const { roster, run } = this.#state;
    const head: SignedTreeHead = { run, size, root, signature, time };
    const { coordinatorKey } = roster ?? {};
    if (coordinatorKey === undefined || !verifyHead(this.#crypto, coordinatorKey, head)) {
      return { entry: number, ...finding('BAD_HEAD', 'the head is not signed by the coordinator') };
    }
    this.#head = head;
    this.#state.heads.set(size, root);
    this.#held = [];
    this.#covered = this.#leaves.reduce((tree, leaf) => appendLeaf(this.#crypto, tree, leaf), this.#covered);
    this.#leaves = [];
    return undefined;
  }

  /**
   * A head lists the lines that it adds to the head before. Where that list gives its root, the first line that differs from it is the one
   * that was changed, wherever the head before went; where it does not, the head itself is wrong.
   */
  #treeFault({ size, root, leaves }: EntryOf<'head'>): Fault | undefined {
    const crypto = this.#crypto;
    const first = size - leaves.length;
    const known = first - this.#covered.size;
    const wrongHead = {
      entry: this.#lines + 1,
      ...finding('BAD_HEAD', 'the head is not that of the lines before it'),
    };
    if (known < 0 || known > this.#leaves.length) return wrongHead;
    const before = this.#leaves.slice(0, known);
    const tree = [...before, ...leaves].reduce(
      (grown, leaf) => appendLeaf(crypto, grown, leaf),
      this.#covered,
    );
    if (!equalBytes(frontierRoot(crypto, tree), root)) return wrongHead;
    const own = this.#leaves.slice(known);
    const longer = Math.max(own.length, leaves.length);
    for (let i = 0; i < longer; i++) {
      const [mine, signed] = [own[i], leaves[i]];
      if (mine === undefined || signed === undefined || !equalBytes(mine, signed)) {
        const reason = 'the line is not the one that the next head covers';
        return { entry: first + i + 1, ...finding('CHANGED', reason) };
      }
    }
    return undefined;
  }
}

/** Verifies a whole log that is in memory, with the vectors of its sums by round where they are at hand. */
export function verifyLog(
  crypto: CryptoBackend,
  lines: Iterable<Uint8Array>,
  asked: AuditExpectations = {},
  vectorsOf: (line: Uint8Array) => RoundVectors | undefined = () => undefined,
): AuditVerdict {
  const verifier = new LogVerifier(crypto, asked);
  for (const line of lines) {
    if (verifier.take(line, vectorsOf(line)) !== undefined) break;
  }
  return verifier.finish();
}
