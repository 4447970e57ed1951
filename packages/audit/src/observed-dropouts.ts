/** How many members were lost in each phase of a run, as its log shows it: what a plan for the next run may start from. */
import {
  type Bodies,
  decodeMessage,
  type DropoutRates,
  type MessageKind,
  type Phase,
} from '@tributary/protocol';
import { type EntryOf, readEntry } from './entries.ts';

/** Members who were there when a phase began, over all attempts, and who were lost in it. */
export interface PhaseCount {
  readonly present: number;
  readonly lost: number;
}

export interface ObservedDropouts {
  /** Members of the newest cohort. */
  readonly cohort: number;
  /** Attempts that began. */
  readonly attempts: number;
  readonly phases: Readonly<Record<Phase, PhaseCount>>;
  /** `lost / present`, 0 where nobody was seen. */
  readonly rates: DropoutRates;
}

function bodyOf<K extends MessageKind>(kind: K, frame: Uint8Array): Bodies[K] | undefined {
  const decoded = decodeMessage(frame);
  return decoded.ok && decoded.message.kind === kind
    ? (decoded.message.body as unknown as Bodies[K])
    : undefined;
}

class Counter {
  cohort = 0;
  attempts = 0;
  readonly #counts = new Map<Phase, PhaseCount>();
  #keys = 0;
  #ready = 0;
  #uploads = 0;
  #survivors = 0;
  #signers = 0;
  #releases = 0;

  batch({ start, adverts }: EntryOf<'batch'>): void {
    const terms = bodyOf('batch-start', start);
    if (terms === undefined) return;
    this.cohort = terms.cohort.length;
    this.#keys = adverts.length;
    this.#add('setup', terms.cohort.length, adverts.length);
  }

  round({ start }: EntryOf<'round'>): void {
    this.attempts += 1;
    this.#ready = bodyOf('round-start', start)?.ready.length ?? 0;
    this.#uploads = 0;
    this.#survivors = 0;
    this.#releases = 0;
    this.#add('ready', this.#keys, this.#ready);
  }

  upload(): void {
    this.#uploads += 1;
  }

  survivors({ set, signatures }: EntryOf<'survivors'>): void {
    const uploads = bodyOf('survivors', set)?.uploads ?? [];
    const signed = new Set(signatures.map(({ member }) => member));
    this.#survivors = uploads.length;
    this.#signers = signed.size;
    this.#add('masked-input', this.#ready, uploads.length);
    this.#add('consistency', uploads.length, uploads.filter(({ member }) => signed.has(member)).length);
  }

  release(): void {
    this.#releases += 1;
  }

  /** The phase ends with as many releases as are needed: none of those that gave one was lost, of the rest nothing is known. */
  sum(): void {
    this.#add('unmask', this.#releases, this.#releases);
  }

  abort({ aborted, announce }: EntryOf<'abort'>): void {
    const phase = bodyOf('round-aborted', aborted)?.phase;
    // An attempt that ended before it began names nobody who was ready.
    if (announce !== undefined) return;
    if (phase === 'masked-input' && this.#survivors === 0)
      this.#add('masked-input', this.#ready, this.#uploads);
    if (phase === 'unmask') this.#add('unmask', this.#signers, Math.min(this.#signers, this.#releases));
  }

  count(phase: Phase): PhaseCount {
    return this.#counts.get(phase) ?? { present: 0, lost: 0 };
  }

  #add(phase: Phase, present: number, left: number): void {
    const { present: before, lost } = this.count(phase);
    this.#counts.set(phase, { present: before + present, lost: lost + Math.max(0, present - left) });
  }
}

/** Reads what it can; nothing is verified here. */
export function observedDropouts(lines: Iterable<Uint8Array>): ObservedDropouts {
  const counter = new Counter();
  for (const line of lines) {
    const read = readEntry(line);
    if (!read.ok) continue;
    const { entry } = read;
    if (entry.type === 'batch') counter.batch(entry);
    else if (entry.type === 'round') counter.round(entry);
    else if (entry.type === 'upload') counter.upload();
    else if (entry.type === 'survivors') counter.survivors(entry);
    else if (entry.type === 'release') counter.release();
    else if (entry.type === 'sum') counter.sum();
    else if (entry.type === 'abort') counter.abort(entry);
  }
  const perPhase = <T>(of: (count: PhaseCount) => T): Readonly<Record<Phase, T>> => ({
    setup: of(counter.count('setup')),
    ready: of(counter.count('ready')),
    'masked-input': of(counter.count('masked-input')),
    consistency: of(counter.count('consistency')),
    unmask: of(counter.count('unmask')),
  });
  return {
    cohort: counter.cohort,
    attempts: counter.attempts,
    phases: perPhase((count) => count),
    rates: perPhase(({ present, lost }) => (present === 0 ? 0 : lost / present)),
  };
}
