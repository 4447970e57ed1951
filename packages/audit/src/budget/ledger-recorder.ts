/**
 * The privacy budget of a run from what the log says of its protocol: which entries of a ledger follow from which messages. The coordinator
 * writes them behind the entries of the messages; a verifier derives them again and compares.
 */
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
import { decodeMessage, type Message, type MessageKind, type RoundTerms } from '@tributary/protocol';
import type { AuditEntry } from '../entries.ts';

interface OpenAttempt {
  readonly round: number;
  readonly attempt: number;
  readonly noise: RoundPrivacy;
}

export class LedgerRecorder {
  #declaration: PrivacyDeclaration | undefined;
  /** Whether the ledger has its genesis: t is known with the first setup. */
  #begun = false;
  #cohort: readonly number[] = [];
  #open: OpenAttempt | undefined;

  /** The run whose log it is. */
  begin(manifest: string): void {
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
        return this.#setUp(entry.start, declaration);
      case 'round': {
        const participants = messageIn('round-start', entry.start)?.body.ready.map(({ member }) => member);
        return this.#reserve(entry.announce, participants ?? [], declaration);
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
        // What ended before it began stays reserved, like every attempt of which nobody proves that it cannot be opened.
        return entry.announce === undefined
          ? this.#close()
          : [...this.#reserve(entry.announce, this.#cohort, declaration), ...this.#close()];
      case 'genesis':
      case 'roster':
      case 'release':
      case 'evidence':
      case 'end':
      case 'head':
      case 'budget':
        return [];
    }
  }

  #setUp(start: Uint8Array, declaration: PrivacyDeclaration): readonly LedgerEntry[] {
    const terms = messageIn('batch-start', start)?.body;
    if (terms === undefined) return [];
    this.#cohort = terms.cohort;
    if (this.#begun) return [];
    this.#begun = true;
    return [{ type: 'genesis', declaration, threshold: terms.threshold, limit: plannedLimit(declaration) }];
  }

  #reserve(
    announce: Uint8Array,
    cohort: readonly number[],
    declaration: PrivacyDeclaration,
  ): readonly LedgerEntry[] {
    const terms: RoundTerms | undefined = messageIn('round-announce', announce)?.body.terms;
    if (terms === undefined) return [];
    const noise = readRoundPrivacy(terms.privacy, declaration);
    const { round, attempt } = terms;
    const { normBound, variance } = noise;
    this.#open = { round, attempt, noise };
    const charge = reservedCharge(noise);
    return [{ type: 'reserve', round, attempt, cohort, normBound, variance, charge }];
  }

  #release(result: Uint8Array): readonly LedgerEntry[] {
    const open = this.#open;
    const survivors = messageIn('round-result', result)?.body.survivors;
    if (open === undefined || survivors === undefined) return [];
    const { round, attempt, noise } = open;
    this.#open = undefined;
    return [{ type: 'release', round, attempt, charge: settledCharge(noise, survivors.length) }];
  }

  #close(): readonly LedgerEntry[] {
    this.#open = undefined;
    return [];
  }

  #attempt(): Pick<OpenAttempt, 'round' | 'attempt'> | undefined {
    return this.#open && { round: this.#open.round, attempt: this.#open.attempt };
  }
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
