/**
 * From what a coordinator sends and accepts to the entries of its log. Whoever drives the protocol calls `sent` and `accepted` with
 * every message, in order, and appends the entries that come back before it sends the message or acts on it. The same message again
 * gives no second entry, so what is repeated after a lost connection, or replayed after a restart, does no harm.
 */
import { ledgerEntryToJson } from '@tributary/privacy';
import { type CryptoBackend, toHex } from '@tributary/crypto';
import {
  batchContext,
  type Bodies,
  encodeMessage,
  type Message,
  type Roster,
  type RosterApproval,
  roundContext,
  roundTermsDigest,
  sameBytes,
} from '@tributary/protocol';
import { LedgerRecorder } from './budget/ledger-recorder.ts';
import {
  type AuditEntry,
  type GenesisEntry,
  loggedRoster,
  LOG_VERSION,
  type SignatureOfMember,
} from './entries.ts';

/** An entry that a recorder makes; heads are signed by whoever has the key. */
export type RecordedEntry = Exclude<AuditEntry, { type: 'head' }>;

export interface Recorded {
  readonly entries: readonly RecordedEntry[];
  /** Whether the log should be signed behind them: a setup, a survivor set, a round or the run is complete. */
  readonly closes: boolean;
}

export const NOTHING_RECORDED: Recorded = { entries: [], closes: false };

/** The first entry of a log. */
export function genesisEntry(roster: Roster, manifest: string, run: Uint8Array): GenesisEntry {
  return { type: 'genesis', version: LOG_VERSION, roster: loggedRoster(roster), manifest, run };
}

/** The entry of a roster that follows. */
export function rosterEntry(roster: Roster, approvals: readonly RosterApproval[]): RecordedEntry {
  return { type: 'roster', roster: loggedRoster(roster), approvals };
}

interface SetupOnRecord {
  readonly start: Uint8Array;
  readonly adverts: Map<number, Uint8Array>;
  readonly reveals: Map<number, Uint8Array>;
  written: boolean;
}

interface RoundOnRecord {
  readonly context: Uint8Array | undefined;
  readonly batchContext: Uint8Array;
  readonly keyIndex: number;
  readonly announce: Uint8Array;
  readonly termsDigest: Uint8Array;
  readonly uploads: Set<number>;
  readonly signatures: Map<number, SignatureOfMember & { readonly digest: Uint8Array }>;
  readonly releases: Set<number>;
  set: Uint8Array | undefined;
  stage: 'announced' | 'started' | 'agreed' | 'closed';
}

export class AuditRecorder {
  readonly #crypto: CryptoBackend;
  readonly #setups = new Map<string, SetupOnRecord>();
  readonly #culprits = new Set<number>();
  #round: RoundOnRecord | undefined;
  #ended = false;

  readonly #budget: LedgerRecorder;

  /** @param manifest of the run: whether it has a privacy budget */
  constructor(crypto: CryptoBackend, roster: Roster, manifest: string) {
    this.#crypto = crypto;
    this.#budget = new LedgerRecorder(crypto);
    this.#budget.begin(roster, manifest);
  }

  /** A message that the coordinator sends; one call for all its receivers, or one for each. */
  sent(message: Message): Recorded {
    return this.#withBudget(this.#sent(message));
  }

  #sent(message: Message): Recorded {
    if (message.kind === 'batch-start') return this.#batchStarted(message);
    if (message.kind === 'key-roster') return this.#keysFixed(message.body);
    if (message.kind === 'round-announce') return this.#announced(message);
    if (message.kind === 'round-start') return this.#started(message);
    if (message.kind === 'survivors') return this.#survivorsNamed(message);
    if (message.kind === 'unmask-request') return this.#agreed(message.body);
    if (message.kind === 'round-result') return this.#opened(message);
    if (message.kind === 'round-aborted') return this.#aborted(message);
    return message.kind === 'run-ended' ? this.#runEnded(message) : NOTHING_RECORDED;
  }

  /** A member that was proven to have cheated, by the message that tells all. */
  convicted(message: Message<'evidence'>, culprit: number): Recorded {
    if (this.#culprits.has(culprit)) return NOTHING_RECORDED;
    this.#culprits.add(culprit);
    return { entries: [{ type: 'evidence', evidence: frameOf(message), culprit }], closes: true };
  }

  /**
   * A message of a member that the coordinator's machine accepted.
   * @param refused of a `release`: owners whose shares did not open what was committed to
   */
  accepted(message: Message, refused: readonly number[] = []): Recorded {
    if (message.kind === 'key-advert') {
      this.#setup(message.body.batchContext)?.adverts.set(message.body.member, frameOf(message));
    } else if (message.kind === 'draw-reveal') {
      this.#setup(message.body.batchContext)?.reveals.set(message.body.member, frameOf(message));
    } else if (message.kind === 'upload-end') {
      return this.#withBudget(this.#uploaded(message));
    } else if (message.kind === 'survivors-signature') {
      this.#signed(message);
    } else if (message.kind === 'release') {
      return this.#released(message, refused);
    }
    return NOTHING_RECORDED;
  }

  /** Behind each entry what it does to the privacy budget. */
  #withBudget({ entries, closes }: Recorded): Recorded {
    const budgeted = entries.flatMap((entry): RecordedEntry[] => [
      entry,
      ...this.#budget
        .take(entry)
        .map((change) => ({ type: 'budget' as const, ledger: ledgerEntryToJson(change) })),
    ]);
    return { entries: budgeted, closes };
  }

  #setup(context: Uint8Array): SetupOnRecord | undefined {
    const setup = this.#setups.get(toHex(context));
    return setup?.written === true ? undefined : setup;
  }

  #batchStarted(message: Message<'batch-start'>): Recorded {
    const name = toHex(batchContext(this.#crypto, message.body));
    if (!this.#setups.has(name)) {
      const setup = { start: frameOf(message), adverts: new Map(), reveals: new Map(), written: false };
      this.#setups.set(name, setup);
    }
    return NOTHING_RECORDED;
  }

  #keysFixed({ batchContext: context, members }: Bodies['key-roster']): Recorded {
    const setup = this.#setup(context);
    if (setup === undefined) return NOTHING_RECORDED;
    setup.written = true;
    const { start, adverts, reveals } = setup;
    const entry: RecordedEntry = {
      type: 'batch',
      start,
      adverts: members.flatMap((member) => adverts.get(member) ?? []),
      reveals: [...reveals].toSorted(([a], [b]) => a - b).map(([, frame]) => frame),
    };
    adverts.clear();
    reveals.clear();
    return { entries: [entry], closes: true };
  }

  #announced(message: Message<'round-announce'>): Recorded {
    const { terms } = message.body;
    const termsDigest = roundTermsDigest(this.#crypto, terms);
    if (this.#round !== undefined && sameBytes(termsDigest, this.#round.termsDigest)) return NOTHING_RECORDED;
    this.#round = {
      context: undefined,
      batchContext: terms.batchContext,
      keyIndex: terms.keyIndex,
      announce: frameOf(message),
      termsDigest,
      uploads: new Set(),
      signatures: new Map(),
      releases: new Set(),
      set: undefined,
      stage: 'announced',
    };
    return NOTHING_RECORDED;
  }

  #started(message: Message<'round-start'>): Recorded {
    const round = this.#round;
    const { termsDigest, ready } = message.body;
    if (round?.stage !== 'announced' || !sameBytes(termsDigest, round.termsDigest)) return NOTHING_RECORDED;
    const context = roundContext(this.#crypto, termsDigest, ready);
    this.#round = { ...round, context, stage: 'started' };
    return { entries: [{ type: 'round', announce: round.announce, start: frameOf(message) }], closes: false };
  }

  /** The round that a message speaks of, where it is at one of these stages. */
  #at(context: Uint8Array, ...stages: readonly RoundOnRecord['stage'][]): RoundOnRecord | undefined {
    const round = this.#round;
    const ours = round?.context !== undefined && sameBytes(round.context, context);
    return ours && stages.includes(round.stage) ? round : undefined;
  }

  #uploaded(message: Message<'upload-end'>): Recorded {
    const { roundContext: context, member } = message.body;
    const round = this.#at(context, 'started');
    // What comes when the survivors are named is late, and counts for nothing.
    if (round === undefined || round.set !== undefined || round.uploads.has(member)) return NOTHING_RECORDED;
    round.uploads.add(member);
    return { entries: [{ type: 'upload', end: frameOf(message) }], closes: false };
  }

  #survivorsNamed(message: Message<'survivors'>): Recorded {
    const round = this.#at(message.body.roundContext, 'started');
    if (round !== undefined) round.set ??= frameOf(message);
    return NOTHING_RECORDED;
  }

  #signed({ body, signature }: Message<'survivors-signature'>): void {
    const { member, roundContext: context, survivorsDigest: digest } = body;
    this.#at(context, 'started')?.signatures.set(member, { member, signature, digest });
  }

  #agreed({ roundContext: context, survivorsDigest, maskedSum }: Bodies['unmask-request']): Recorded {
    const round = this.#at(context, 'started');
    if (round?.set === undefined) return NOTHING_RECORDED;
    round.stage = 'agreed';
    const signatures = [...round.signatures.values()]
      .filter(({ digest }) => sameBytes(digest, survivorsDigest))
      .toSorted((a, b) => a.member - b.member)
      .map(({ member, signature }) => ({ member, signature }));
    return { entries: [{ type: 'survivors', set: round.set, signatures, maskedSum }], closes: true };
  }

  #released(message: Message<'release'>, refused: readonly number[]): Recorded {
    const { roundContext: context, member } = message.body;
    const round = this.#at(context, 'agreed');
    if (round === undefined || round.releases.has(member)) return NOTHING_RECORDED;
    round.releases.add(member);
    return { entries: [{ type: 'release', release: frameOf(message), refused }], closes: false };
  }

  #opened(message: Message<'round-result'>): Recorded {
    const round = this.#at(message.body.roundContext, 'agreed');
    if (round === undefined) return NOTHING_RECORDED;
    round.stage = 'closed';
    return { entries: [{ type: 'sum', result: frameOf(message) }], closes: true };
  }

  #aborted(message: Message<'round-aborted'>): Recorded {
    const round = this.#round;
    const { batchContext: context, keyIndex } = message.body;
    const ours = round !== undefined && sameBytes(round.batchContext, context) && round.keyIndex === keyIndex;
    if (!ours || round.stage === 'closed') return NOTHING_RECORDED;
    const announce = round.stage === 'announced' ? round.announce : undefined;
    round.stage = 'closed';
    return { entries: [{ type: 'abort', aborted: frameOf(message), announce }], closes: true };
  }

  #runEnded(message: Message<'run-ended'>): Recorded {
    if (this.#ended) return NOTHING_RECORDED;
    this.#ended = true;
    return { entries: [{ type: 'end', ended: frameOf(message) }], closes: true };
  }
}

function frameOf({ kind, body, signature }: Message): Uint8Array {
  return encodeMessage(kind, body, signature);
}
