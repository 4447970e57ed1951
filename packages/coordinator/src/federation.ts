/** The parts of a running federation, joined together: sessions bring messages to the rounds, rounds send through the sessions. */
import { join } from 'node:path';
import { nodeBackend } from '@tributary/crypto/node';
import {
  type AuditHead,
  type Drop,
  type MemberEvidence,
  type Message,
  type Rejection,
  signMessage,
  verifyMessage,
} from '@tributary/protocol';
import { appendEvidence, CLOSE, type Logger, type StateDirectory, type VectorWork } from '@tributary/runtime';
import type { MemberRefusal } from './cohort.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { CoordinatorMachine } from './coordinator-journal.ts';
import type { DropCounts } from './drop-counts.ts';
import { type CoordinatorProgress, logProgress, type MemberDrops } from './progress.ts';
import { RefusedMessages } from './refused-messages.ts';
import { type OpenedRound, RoundRunner } from './round-runner.ts';
import type { RunTerms } from './run-terms.ts';
import { Sessions } from './sessions.ts';
import type { SumLog } from './sum-log.ts';

export interface FederationOptions {
  readonly terms: RunTerms;
  readonly machine: CoordinatorMachine;
  readonly state: Pick<StateDirectory, 'blobs'>;
  readonly vectors: VectorWork;
  readonly sums: SumLog;
  readonly audit: AuditTrail;
  /** Output directory. */
  readonly output: string;
  /** Who was missing so far. */
  readonly drops: DropCounts;
  readonly log: Logger;
  readonly onProgress?: ((progress: CoordinatorProgress) => void) | undefined;
}

export class Federation {
  readonly runner: RoundRunner;
  readonly sessions: Sessions;
  /** Members that came since the last setup and have no secrets of its batch. */
  readonly strangers: Set<number> = new Set();
  readonly #options: FederationOptions;
  readonly #refused = new RefusedMessages();
  readonly #joinListeners = new Set<() => void>();
  /** Why members stay out of the run. */
  readonly #refusals = new Map<number, string>();
  #begun = false;

  constructor(options: FederationOptions) {
    const { terms, machine, state, vectors, sums, audit, log } = options;
    const { roster, identity, manifestText: manifest } = terms;
    this.#options = options;
    this.sessions = new Sessions(
      {
        crypto: nodeBackend,
        roster,
        identity: identity.secretKey,
        manifest,
        openedSums: () => sums.opened,
        log,
      },
      {
        onJoined: (member) => this.#joined(member),
        onMessage: async (member, message) => {
          if (message.kind === 'refusal') this.#refusesRun(member, message);
          if (this.#begun) await this.runner.receive(member, message);
        },
        onLost: (member) => this.#lost(member),
      },
    );
    this.runner = new RoundRunner({
      crypto: nodeBackend,
      machine,
      blobs: state.blobs,
      vectors,
      keepSum: (opened) => this.#keepSum(opened),
      keepMaskedSum: (round, maskedSum) => sums.keepMasked(round, maskedSum),
      keepUpload: (round, member, packed) => sums.keepUpload(round, member, packed),
      record: (effect) => audit.record(effect),
      send: (members, kind, body) => this.sessions.send(members, kind, body),
      progress: {
        onPhase: (phase, round, awaiting) => {
          this.#refused.clear();
          this.progress({ kind: 'phase', phase, round, awaiting });
        },
        onDrop: (drop) => this.#dropped(drop),
        onReject: (rejection) => this.#rejected(rejection),
        onEvidence: (evidence, culprit) => this.#keepEvidence(evidence, culprit),
      },
    });
  }

  /**
   * Lets the machine know who is there. After a restart it takes up what was going on: not before, or a phase would end
   * as soon as the first member is back, without those that had answered and are still on their way.
   * @throws RuntimeError RUN_FAILED
   */
  async begin({ resumed }: { readonly resumed: boolean }): Promise<void> {
    if (resumed) await this.runner.discardStrays();
    this.#begun = true;
    if (resumed) this.runner.resume();
    else this.#missAbsent();
    for (const member of this.sessions.present) this.#welcome(member);
  }

  /** Members that the run begins without: no setup invites them. */
  #missAbsent(): void {
    const present = new Set(this.sessions.present);
    for (const { id: member } of this.#options.terms.roster.members) {
      if (present.has(member) || this.#refusals.has(member)) continue;
      const versions = this.sessions.refusedVersion(member);
      const reason = versions === undefined ? 'never-connected' : 'version';
      this.#dropped({ member, reason, phase: 'setup', detail: versions ?? '' });
    }
  }

  /** Members that refuse the run, with their reasons. */
  get refusals(): readonly MemberRefusal[] {
    return [...this.#refusals].map(([member, reason]) => ({ member: this.#name(member), reason }));
  }

  /** Whether a member will not be in the run. */
  refuses(member: number): boolean {
    return this.#refusals.has(member);
  }

  /** A member that says on its welcome that its policy does not allow the run. */
  #refusesRun(member: number, { body, signature }: Message<'refusal'>): void {
    const publicKey = this.#options.terms.roster.members[member]?.publicKey;
    if (publicKey === undefined || body.member !== member || body.code !== 'POLICY_REFUSED') return;
    if (!verifyMessage(nodeBackend, publicKey, 'refusal', body, signature)) return;
    this.#refusals.set(member, body.detail);
    if (!this.#begun) {
      const detail = body.detail;
      this.#dropped({ member, reason: 'refused-by-client-policy', phase: 'setup', detail });
    }
    for (const listener of this.#joinListeners) listener();
  }

  /** Calls back whenever a member has joined, or refuses the run. @returns what ends that */
  readonly onJoined = (listener: () => void): (() => void) => {
    this.#joinListeners.add(listener);
    return () => void this.#joinListeners.delete(listener);
  };

  /** Newest head of the audit log. */
  get auditHead(): AuditHead {
    return this.#options.audit.head;
  }

  /** Who was missing where, and why, in the whole run. */
  get drops(): readonly MemberDrops[] {
    return this.#options.drops.list().map((drop) => ({ ...drop, member: this.#name(drop.member) }));
  }

  progress(event: CoordinatorProgress): void {
    logProgress(this.#options.log, event);
    this.#options.onProgress?.(event);
  }

  #welcome(member: number): void {
    const { batch, state } = this.runner;
    // Also while a setup goes on: its cohort was chosen without this member.
    if (batch?.dealt.has(member) !== true && !state.culprits.has(member)) this.strangers.add(member);
    this.runner.joined(member);
  }

  #joined(member: number): void {
    this.#refusals.delete(member);
    if (this.#begun) this.#welcome(member);
    const { length: present } = this.sessions.present;
    const { length: members } = this.#options.terms.roster.members;
    this.progress({ kind: 'joined', member: this.#name(member), present, members });
    for (const listener of this.#joinListeners) listener();
  }

  #lost(member: number): void {
    if (this.#begun) this.runner.lost(member);
    this.progress({ kind: 'left', member: this.#name(member) });
  }

  /** Signs an opened sum and puts it into the log. */
  async #keepSum({
    round,
    survivors,
    survivorsDigest,
    proof,
    digest,
    packed,
    sum,
  }: OpenedRound): Promise<void> {
    const { terms, sums } = this.#options;
    const { identity } = terms;
    const { dimension, bits, encoding, step } = round.terms;
    const body = {
      roundContext: round.context,
      round: round.terms.round,
      attempt: round.terms.attempt,
      survivors,
      survivorsDigest,
      length: packed.length,
      digest,
      proof,
    };
    const signature = signMessage(nodeBackend, identity.secretKey, 'round-result', body);
    const names = survivors.map((id) => this.#name(id));
    const record = { step, dimension, bits, scale: encoding.scale, survivors: names };
    await sums.append({ message: { kind: 'round-result', body, signature }, packed }, record, sum);
  }

  async #keepEvidence(evidence: MemberEvidence, culprit: number): Promise<void> {
    const { log, output, terms } = this.#options;
    log.error({ client: this.#name(culprit), proof: evidence.proof }, 'evidence of cheating kept');
    await appendEvidence(join(output, 'evidence.jsonl'), terms.run, evidence);
  }

  #dropped(drop: Drop): void {
    this.#options.drops.add(drop);
    // It came back without the secrets of the batch, after a restart.
    if (drop.reason === 'refused-by-client-policy' && drop.detail.startsWith('WRONG_CONTEXT')) {
      this.strangers.add(drop.member);
    }
    this.progress({ kind: 'dropped', member: this.#name(drop.member), drop });
  }

  #rejected(rejection: Rejection): void {
    const { from } = rejection;
    const member = from === 'coordinator' ? from : this.#name(from);
    this.progress({ kind: 'rejected', member, rejection });
    if (this.#refused.count(rejection) && from !== 'coordinator') {
      this.sessions.disconnect(from, CLOSE.badMessage, 'too many messages that were refused');
    }
  }

  #name(member: number): string {
    return this.#options.terms.roster.members[member]?.name ?? String(member);
  }
}
