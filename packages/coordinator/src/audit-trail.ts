/**
 * The run's audit log on disk, one line for each entry. Lines are durable before anything is said that follows from them. A restart replays
 * the journal into a new recorder: what the log has already is compared, what it lacks is written then.
 */
import {
  appendEntry,
  appendHead,
  AuditRecorder,
  EMPTY_LOG,
  encodeEntry,
  type EntryOf,
  genesisEntry,
  type LogTip,
  readEntry,
  recordEffect,
  type Recorded,
  type RecordedEntry,
  withLine,
} from '@tributary/audit';
import { concatBytes, type CryptoBackend, equalBytes, frontierRoot } from '@tributary/crypto';
import {
  type AuditHead,
  type Bodies,
  type CoordinatorEffect,
  decodeMessage,
  emptyAuditHead,
  type Roster,
  signMessage,
  verifyHead,
} from '@tributary/protocol';
import { RuntimeError } from '@tributary/runtime';
import type { AuditFile } from './audit-file.ts';

export interface AuditTrailOptions {
  readonly crypto: CryptoBackend;
  /** `audit.jsonl` */
  readonly file: AuditFile;
  readonly roster: Roster;
  /** The coordinator's Ed25519 secret seed. */
  readonly identity: Uint8Array;
  readonly run: Uint8Array;
  readonly manifest: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

const LINE_FEED = 10;

export class AuditTrail {
  readonly #options: AuditTrailOptions;
  readonly #recorder: AuditRecorder;
  /** Of the entries that the file had when it was opened, but for heads: digests without their times. */
  readonly #written: Uint8Array[] = [];
  /** How many of them were recorded again. */
  #matched = 0;
  #endsWithHead = false;
  /** Lines that are not from the file. */
  #fresh = 0;
  #end: Bodies['run-ended'] | undefined;
  #tip: LogTip = EMPTY_LOG;
  #head: AuditHead;
  /** Lines that are not written yet. */
  #pending: Uint8Array[] = [];
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: AuditTrailOptions) {
    const { crypto, identity, run } = options;
    this.#options = options;
    this.#recorder = new AuditRecorder(crypto, options.roster, options.manifest);
    this.#head = emptyAuditHead(crypto, identity, run);
  }

  /** The log of a run that begins; nothing is written before `flush`. */
  static begin(options: AuditTrailOptions): AuditTrail {
    const trail = new AuditTrail(options);
    trail.#begin();
    return trail;
  }

  /**
   * Reads back what an earlier life of the process wrote for this run. What a crash left of a last line is cut off.
   * @throws RuntimeError BAD_FILE where the file is no log of this run
   */
  static async open(options: AuditTrailOptions): Promise<AuditTrail> {
    const trail = new AuditTrail(options);
    await trail.#restore();
    trail.#begin();
    return trail;
  }

  #begin(): void {
    const { roster, manifest, run } = this.#options;
    this.#take({ entries: [genesisEntry(roster, manifest, run)], closes: false });
  }

  /** Newest head, which covers all but what was recorded since; that behind the run's end is for readers of the log only. */
  get head(): AuditHead {
    return this.#head;
  }

  /** How the run ended, where an earlier life of the process wrote that. */
  get ended(): Bodies['run-ended'] | undefined {
    return this.#end;
  }

  /** An effect of an event in the journal. */
  replayed(effect: CoordinatorEffect): void {
    this.#record(effect);
  }

  /**
   * An effect that is about to be carried out. Resolves when nothing that may be said of it is unwritten.
   * @throws RuntimeError BAD_FILE
   */
  async record(effect: CoordinatorEffect): Promise<void> {
    const closes = this.#record(effect);
    if (closes || effect.kind === 'send') await this.flush();
  }

  /** The end of the run, before members are told. @throws RuntimeError BAD_FILE */
  async recordEnd(body: Bodies['run-ended']): Promise<void> {
    this.#take(this.#recorder.sent({ kind: 'run-ended', body, signature: this.#sign('run-ended', body) }));
    await this.flush();
  }

  /** Makes everything that was recorded durable. @throws RuntimeError BAD_FILE */
  async flush(): Promise<void> {
    const lines = this.#pending;
    this.#pending = [];
    if (lines.length > 0) {
      const text = lines.map((line) => `${Buffer.from(line).toString('utf8')}\n`).join('');
      this.#writing = this.#writing.then(() => this.#options.file.append(text));
    }
    await this.#writing;
  }

  #record(effect: CoordinatorEffect): boolean {
    const recorded = recordEffect(this.#recorder, effect, (kind, body) => this.#sign(kind, body));
    this.#take(recorded);
    return recorded.closes;
  }

  #sign: <K extends keyof Bodies>(kind: K, body: Bodies[K]) => Uint8Array = (kind, body) => {
    const { crypto, identity } = this.#options;
    return signMessage(crypto, identity, kind, body);
  };

  #take({ entries, closes }: Recorded): void {
    for (const entry of entries) this.#append(entry);
    const inFile = this.#fresh === 0 && (this.#matched < this.#written.length || this.#endsWithHead);
    if (closes && !inFile) this.#close();
  }

  #append(entry: RecordedEntry): void {
    const due = this.#written[this.#matched];
    if (due !== undefined) {
      // The run has ended: what its setup may still have done was not said to anybody.
      if (this.#matched === this.#written.length - 1 && this.#end !== undefined && entry.type !== 'end')
        return;
      if (!equalBytes(this.#digest(entry), due))
        throw this.#damaged(`its entry ${this.#matched + 1} is another one than the journal gives`);
      this.#matched += 1;
      return;
    }
    const { crypto, now } = this.#options;
    const { line, tip } = appendEntry(crypto, this.#tip, entry, now());
    this.#push(line, tip);
  }

  #close(): void {
    const { crypto, identity, run, now } = this.#options;
    const { line, tip } = appendHead(crypto, this.#tip, { identity, run }, now());
    this.#push(line, tip);
    const read = readEntry(line);
    if (read.ok && read.entry.type === 'head') this.#noteHead(read.entry);
  }

  #push(line: Uint8Array, tip: LogTip): void {
    this.#pending.push(line);
    this.#tip = tip;
    this.#fresh += 1;
  }

  #noteHead({ size, root, time, signature }: EntryOf<'head'> & { readonly time: number }): void {
    if (this.#end === undefined) this.#head = { size, root, time, signature };
  }

  /** Of an entry without its time, which the next life of the process does not know. */
  #digest(entry: RecordedEntry): Uint8Array {
    return this.#options.crypto.sha256(encodeEntry({ ...entry, time: 0 }));
  }

  async #restore(): Promise<void> {
    const { file } = this.#options;
    let whole = 0;
    let rest: Uint8Array = new Uint8Array(0);
    for await (const piece of file.pieces()) {
      rest = concatBytes(rest, piece);
      for (let end = rest.indexOf(LINE_FEED); end !== -1; end = rest.indexOf(LINE_FEED)) {
        this.#restoreLine(rest.slice(0, end));
        whole += end + 1;
        rest = rest.subarray(end + 1);
      }
    }
    if (rest.length > 0) await file.cut(whole);
  }

  #restoreLine(line: Uint8Array): void {
    const { crypto, run, roster } = this.#options;
    const number = this.#tip.tree.size + 1;
    const read = readEntry(line);
    if (!read.ok) throw this.#damaged(`line ${number}: ${read.reason}`);
    const { entry } = read;
    if (number === 1 && (entry.type !== 'genesis' || !equalBytes(entry.run, run))) {
      throw this.#damaged('it is the log of another run');
    }
    this.#endsWithHead = entry.type === 'head';
    if (entry.type === 'head') {
      const { size, root, time, signature } = entry;
      const good =
        size === this.#tip.tree.size &&
        equalBytes(root, frontierRoot(crypto, this.#tip.tree)) &&
        verifyHead(crypto, roster.coordinatorKey, { run, size, root, time, signature });
      if (!good) throw this.#damaged(`the head in line ${number} is not that of the lines before it`);
      this.#noteHead(entry);
    } else {
      if (entry.type === 'end') this.#end = endIn(entry.ended);
      this.#written.push(this.#digest(entry));
    }
    this.#tip = withLine(crypto, this.#tip, line, entry.type === 'head');
  }

  #damaged(what: string): RuntimeError {
    return new RuntimeError(
      'BAD_FILE',
      `${this.#options.file.path}: ${what}`,
      "restore 'output' from a backup, or begin the run anew in another 'output'",
    );
  }
}

function endIn(frame: Uint8Array): Bodies['run-ended'] | undefined {
  const decoded = decodeMessage(frame);
  return decoded.ok && decoded.message.kind === 'run-ended' ? decoded.message.body : undefined;
}
