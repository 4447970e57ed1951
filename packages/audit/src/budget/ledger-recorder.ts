/**
 * The privacy budget of a run from what the log says of its protocol: which entries of a ledger follow from which messages. The coordinator
 * writes them behind the entries of the messages; a verifier derives them again and compares.
 */
import { type CryptoBackend, toHex } from '@tributary/crypto';
import {
  type LedgerEntry,
  parseDeclaration,
  plannedLimit,
  type PrivacyDeclaration,
  PrivacyError,
  readRoundPrivacy,
  reservedCharge,
  type RoundPrivacy,
  settledCharge,
} from '@tributary/privacy';
import {
  batchContext,
  type BatchTerms,
  type Bodies,
  decodeMessage,
  drawDigest,
  drawOf,
  type Message,
  type MessageKind,
  NO_DRAW,
  promisedBy,
  type Roster,
  type RoundTerms,
  sealedOwners,
  topologyOf,
} from '@tributary/protocol';
import { type AuditEntry, type EntryOf, rosterOf } from '../entries.ts';

interface RecordedBatch {
  readonly terms: BatchTerms;
  readonly draw: Uint8Array;
}

interface RecordedAttempt {
  readonly terms: RoundTerms;
  readonly noise: RoundPrivacy;
  /** Whose vectors it may have. */
  readonly cohort: readonly number[];
}

export class LedgerRecorder {
  #declaration: PrivacyDeclaration | undefined;
  /** Whether the ledger has its genesis: t is known with the first setup. */
  #begun = false;
  readonly #crypto: CryptoBackend;
  #roster: Roster | undefined;
  /** By context. */
  readonly #batches = new Map<string, RecordedBatch>();
  #open: RecordedAttempt | undefined;
  /** The newest attempt, where it ended without a sum: the announcement of the next may bring promises about it. */
  #failed: RecordedAttempt | undefined;

  constructor(crypto: CryptoBackend) {
    this.#crypto = crypto;
  }

  /** The run whose log it is, with its first roster. */
  begin(roster: Roster, manifest: string): void {
    this.#roster = roster;
    try {
      this.#declaration = declarationIn(manifest);
    } catch (error) {
      if (!(error instanceof PrivacyError)) throw error;
    }
  }

  /**
   * The entries of the ledger that follow from an entry of the log. Nothing for a run without a budget, and for what cannot be read: that is a
   * fault of the log itself.
   */
  take(entry: AuditEntry): readonly LedgerEntry[] {
    try {
      return this.#take(entry);
    } catch (error) {
      if (error instanceof PrivacyError) return [];
      throw error;
    }
  }

  #take(entry: AuditEntry): readonly LedgerEntry[] {
    const declaration = this.#declaration;
    if (declaration === undefined) return [];
    switch (entry.type) {
      case 'batch':
        return this.#setUp(entry, declaration);
      case 'round': {
        const participants = messageIn('round-start', entry.start)?.body.ready.map(({ member }) => member);
        return this.#announced(entry.announce, participants ?? [], declaration);
      }
      case 'upload': {
        const member = messageIn('upload-end', entry.end)?.body.member;
        const attempt = this.#attempt();
        return attempt === undefined || member === undefined ? [] : [{ type: 'upload', ...attempt, member }];
      }
      case 'survivors': {
        const uploads = messageIn('survivors', entry.set)?.body.uploads;
        const attempt = this.#attempt();
        if (attempt === undefined || uploads === undefined) return [];
        return [{ type: 'survivors', ...attempt, members: uploads.map(({ member }) => member) }];
      }
      case 'sum':
        return this.#release(entry.result);
      case 'abort':
        // What ended before it began is reserved like what ended after: that it never began is the coordinator's word.
        return entry.announce === undefined
          ? this.#close()
          : [...this.#announced(entry.announce, undefined, declaration), ...this.#close()];
      case 'roster':
        return this.#follow(rosterOf(entry.roster));
      case 'genesis':
      case 'release':
      case 'evidence':
      case 'end':
      case 'head':
      case 'budget':
        return [];
    }
  }

  /** Batches of the roster before are over, and what was promised in them was by its members. */
  #follow(roster: Roster): readonly LedgerEntry[] {
    this.#roster = roster;
    this.#batches.clear();
    this.#failed = undefined;
    return [];
  }

  #setUp(entry: EntryOf<'batch'>, declaration: PrivacyDeclaration): readonly LedgerEntry[] {
    const terms = messageIn('batch-start', entry.start)?.body;
    if (terms === undefined) return [];
    const context = batchContext(this.#crypto, terms);
    this.#batches.set(toHex(context), { terms, draw: drawIn(this.#crypto, terms, context, entry) });
    if (this.#begun) return [];
    this.#begun = true;
    return [{ type: 'genesis', declaration, threshold: terms.threshold, limit: plannedLimit(declaration) }];
  }

  /** @param participants of the attempt, where it began */
  #announced(
    announce: Uint8Array,
    participants: readonly number[] | undefined,
    declaration: PrivacyDeclaration,
  ): readonly LedgerEntry[] {
    const body = messageIn('round-announce', announce)?.body;
    if (body === undefined) return [];
    const { terms } = body;
    const noise = readRoundPrivacy(terms.privacy, declaration);
    const cohort = participants ?? this.#batchOf(terms)?.terms.cohort ?? [];
    const voided = this.#voided(body);
    this.#open = { terms, noise, cohort };
    const { round, attempt } = terms;
    const { normBound, variance } = noise;
    const charge = reservedCharge(noise);
    return [...voided, { type: 'reserve', round, attempt, cohort, normBound, variance, charge }];
  }

  #batchOf({ batchContext: context }: RoundTerms): RecordedBatch | undefined {
    return this.#batches.get(toHex(context));
  }

  /** What the promises in an announcement say of the attempt before it: the same as every member that counts them. */
  #voided({ terms, promises }: Bodies['round-announce']): readonly LedgerEntry[] {
    const [failed, roster] = [this.#failed, this.#roster];
    this.#failed = undefined;
    if (failed?.terms.round !== terms.round || roster === undefined) return [];
    const batch = this.#batchOf(failed.terms);
    if (batch === undefined) return [];
    const promised = promisedBy(this.#crypto, roster, failed.terms, batch.terms.cohort, promises);
    const organisationOf = (id: number): string => roster.members[id]?.organisation ?? '';
    const topology = topologyOf(this.#crypto, batch.terms, organisationOf, batch.draw);
    if (topology === undefined) return [];
    const members = sealedOwners(roster, batch.terms, topology.holders, promised, failed.cohort);
    if (members.length === 0) return [];
    const { round, attempt } = failed.terms;
    return [{ type: 'void', round, attempt, promises: [...promised].toSorted((a, b) => a - b), members }];
  }

  #release(result: Uint8Array): readonly LedgerEntry[] {
    const open = this.#open;
    const survivors = messageIn('round-result', result)?.body.survivors;
    if (open === undefined || survivors === undefined) return [];
    const { terms, noise } = open;
    const { round, attempt } = terms;
    this.#open = undefined;
    return [{ type: 'release', round, attempt, charge: settledCharge(noise, survivors.length) }];
  }

  #close(): readonly LedgerEntry[] {
    this.#failed = this.#open;
    this.#open = undefined;
    return [];
  }

  #attempt(): Pick<RoundTerms, 'round' | 'attempt'> | undefined {
    return this.#open && { round: this.#open.terms.round, attempt: this.#open.terms.attempt };
  }
}

/** The public randomness of a setup whose adverts and reveals are checked elsewhere. */
function drawIn(
  crypto: CryptoBackend,
  { committee }: BatchTerms,
  context: Uint8Array,
  { adverts, reveals }: EntryOf<'batch'>,
): Uint8Array {
  if (committee.length === 0) return NO_DRAW;
  const bodies = adverts.flatMap((frame) => messageIn('key-advert', frame)?.body ?? []);
  const commitments = committee.map(
    (id) => bodies.find(({ member }) => member === id)?.drawCommitment ?? NO_DRAW,
  );
  const members = bodies.map(({ member }) => member);
  const nonces = reveals.flatMap((frame) => messageIn('draw-reveal', frame)?.body ?? []);
  return drawOf(crypto, drawDigest(crypto, context, members, commitments), nonces);
}

function messageIn<K extends MessageKind>(kind: K, frame: Uint8Array): Message<K> | undefined {
  const decoded = decodeMessage(frame);
  return decoded.ok && decoded.message.kind === kind ? (decoded.message as unknown as Message<K>) : undefined;
}

/** What a manifest declares; undefined for a run without noise. @throws PrivacyError where it is no declaration */
function declarationIn(manifest: string): PrivacyDeclaration | undefined {
  let privacy: unknown;
  try {
    ({ privacy } = JSON.parse(manifest) as { privacy?: unknown });
  } catch {
    return undefined;
  }
  if (privacy === 'none' || privacy === undefined) return undefined;
  const declaration = parseDeclaration(privacy);
  return declaration;
}
