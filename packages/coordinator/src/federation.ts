/** The parts of a running federation, joined together: sessions bring messages to the rounds, rounds send through the sessions. */
import { nodeBackend } from '@tributary/crypto/node';
import type { Drop, Rejection } from '@tributary/protocol';
import { CLOSE, type Logger } from '@tributary/runtime';
import { type CoordinatorProgress, logProgress } from './progress.ts';
import { RoundRunner } from './round-runner.ts';
import type { RunTerms } from './run-terms.ts';
import { Sessions } from './sessions.ts';
import type { SumLog } from './sum-log.ts';

/** Messages of one member that may be refused in one phase; an honest one that is late has a few. */
const MAX_REFUSED = 32;

export interface FederationOptions {
  readonly terms: RunTerms;
  readonly sums: SumLog;
  readonly spoolDirectory: string;
  readonly log: Logger;
  readonly onProgress?: ((progress: CoordinatorProgress) => void) | undefined;
}

export class Federation {
  readonly runner: RoundRunner;
  readonly sessions: Sessions;
  /** Members that came since the last setup and have no secrets of its batch. */
  readonly strangers: Set<number> = new Set();
  readonly #options: FederationOptions;
  readonly #refused = new Map<number, number>();
  readonly #joinListeners = new Set<() => void>();

  constructor(options: FederationOptions) {
    const { terms, sums, spoolDirectory, log } = options;
    const { roster, identity, manifestText: manifest, run } = terms;
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
        onMessage: (member, message) => this.runner.receive(member, message),
        onLost: (member) => this.#lost(member),
      },
    );
    this.runner = new RoundRunner({
      crypto: nodeBackend,
      roster,
      run,
      spoolDirectory,
      send: (members, kind, body) => this.sessions.send(members, kind, body),
      progress: {
        onPhase: (phase, round, awaiting) => {
          this.#refused.clear();
          this.progress({ kind: 'phase', phase, round, awaiting });
        },
        onDrop: (drop) => this.#dropped(drop),
        onReject: (rejection) => this.#rejected(rejection),
      },
    });
  }

  /** Calls back whenever a member has joined. @returns what ends that */
  onJoined(listener: () => void): () => void {
    this.#joinListeners.add(listener);
    return () => void this.#joinListeners.delete(listener);
  }

  progress(event: CoordinatorProgress): void {
    logProgress(this.#options.log, event);
    this.#options.onProgress?.(event);
  }

  #joined(member: number): void {
    // Also while a setup goes on: its cohort was chosen without this member.
    if (this.runner.batch?.dealt.has(member) !== true) this.strangers.add(member);
    this.runner.joined(member);
    const { length: present } = this.sessions.present;
    const { length: members } = this.#options.terms.roster.members;
    this.progress({ kind: 'joined', member: this.#name(member), present, members });
    for (const listener of this.#joinListeners) listener();
  }

  #lost(member: number): void {
    this.runner.lost(member);
    this.progress({ kind: 'left', member: this.#name(member) });
  }

  #dropped(drop: Drop): void {
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
    if (from === 'coordinator') return;
    const refused = (this.#refused.get(from) ?? 0) + 1;
    this.#refused.set(from, refused);
    if (refused === MAX_REFUSED) {
      this.sessions.disconnect(from, CLOSE.badMessage, 'too many messages that were refused');
    }
  }

  #name(member: number): string {
    return this.#options.terms.roster.members[member]?.name ?? String(member);
  }
}
