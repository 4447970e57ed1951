/**
 * An honest coordinator among members some of which cheat: a member may say something else than its machine
 * does, and may deal other secrets than it advertised.
 */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  type CoordinatorEvent,
  DEFAULT_DEADLINES,
  decodeMessage,
  type Drop,
  EMPTY_LOG_HEAD,
  type Evidence,
  type ExpectedRound,
  type Message,
  nextLogHead,
  type Rejection,
  roundTermsFor,
} from '@tributary/protocol';
// The one driver of the coordinator's machine that exists; it is not exported, because no shell uses it.
import { CoordinatorProcess } from '../../packages/protocol/src/in-memory/coordinator-process.ts';
import type { AttackScene } from './attack-scene.ts';
import { Attacker } from './attacker.ts';
import { expectedSum } from './expected-sum.ts';

/** What a member says in place of a message of its machine. */
export type Twist = (message: Message) => readonly Message[];

export interface SumReport {
  readonly sum: Int32Array | undefined;
  readonly survivors: readonly number[];
  /** How each attempt that failed ended. */
  readonly failures: readonly string[];
}

export class CheatingFederation {
  /** Its members and keys; nobody attacks by it. */
  readonly cast: Attacker;
  readonly rejections: Rejection[] = [];
  readonly drops: Drop[] = [];
  readonly evidence: { readonly evidence: Evidence; readonly culprit: number }[] = [];
  readonly #coordinator: CoordinatorProcess;
  readonly #twists = new Map<number, Twist>();
  readonly #tasks: (() => void)[] = [];
  #batch = 0;
  #round = 0;
  #logHead = EMPTY_LOG_HEAD;

  constructor(scene: AttackScene) {
    this.cast = new Attacker(scene);
    const { roster, run, coordinatorIdentity: identity } = this.cast;
    this.#coordinator = new CoordinatorProcess({
      crypto,
      identity,
      roster,
      run,
      post: (to, bytes) => void this.#tasks.push(() => this.#deliver(to, bytes)),
      later: (event: CoordinatorEvent) => void this.#tasks.push(() => this.#coordinator.take(event)),
      onDrop: (drop) => void this.drops.push(drop),
      onReject: (rejection) => void this.rejections.push(rejection),
      onEvidence: (evidence, culprit) => void this.evidence.push({ evidence, culprit }),
      onUploaded: () => {},
    });
    for (const id of this.cast.everybody) this.#coordinator.take({ kind: 'member-joined', member: id });
  }

  /** Whom the coordinator shuns. */
  get culprits(): readonly number[] {
    return [...this.#coordinator.state.culprits];
  }

  /** From now on the member says what `twist` makes of its words. */
  corrupt(member: number, twist: Twist): void {
    this.#twists.set(member, twist);
  }

  /** The member's shares will be of other secrets than those it advertised; its own masks stay right. */
  dealsOtherSecrets(member: number): void {
    const { keeper } = this.cast.member(member);
    const { store } = keeper;
    const put = store.put.bind(store);
    const get = store.get.bind(store);
    let advertised: ReturnType<typeof get>;
    store.put = (context, secrets) => {
      advertised ??= secrets;
      // What is dealt is of the changed seeds, what is kept for its own masks of those that it advertised.
      const { selfSeeds, roundSecrets } = advertised;
      put(context, { ...secrets, selfSeeds, roundSecrets });
    };
    store.get = (context) => {
      const secrets = get(context);
      if (secrets === undefined || secrets.dealt.size > 0) return secrets;
      return { ...secrets, selfSeeds: secrets.selfSeeds.map((seed) => seed.map((byte) => byte ^ 1)) };
    };
  }

  /** A sum, with a new batch where none is open, and further attempts where they may be made. */
  sum(change: Partial<ExpectedRound> = {}): SumReport {
    this.#round += 1;
    const expected = this.cast.expect(this.#round, {
      ...expectedSum(this.#round, this.cast.dimension),
      logHead: this.#logHead,
      ...change,
    });
    const failures: string[] = [];
    for (let attempt = 1; ; attempt++) {
      if (!this.#hasKeys() && !this.#openBatch(failures)) return { sum: undefined, survivors: [], failures };
      const batch = this.#coordinator.state.batches.at(-1);
      if (batch === undefined) throw new Error('no batch is open');
      this.#forgetOutcome();
      const { context: batchContext, nextKeyIndex: keyIndex } = batch;
      const auditHead = this.cast.auditHead;
      const choice = {
        batchContext,
        keyIndex,
        attempt,
        step: 'test',
        deadlines: DEFAULT_DEADLINES,
        auditHead,
      };
      this.#coordinator.take({ kind: 'round-requested', terms: roundTermsFor(expected, choice) });
      this.#drain();
      const { outcome, opened } = this.#coordinator;
      if (outcome === undefined) throw new Error('the attempt has no end');
      if (opened !== undefined) this.#logHead = nextLogHead(crypto, this.#logHead, opened);
      if (outcome.kind === 'opened') return { sum: outcome.sum, survivors: outcome.survivors, failures };
      failures.push(`${outcome.phase} ${outcome.code}: ${outcome.detail}`);
      if (!outcome.retryable) return { sum: undefined, survivors: [], failures };
    }
  }

  #hasKeys(): boolean {
    const batch = this.#coordinator.state.batches.at(-1);
    if (batch === undefined || batch.nextKeyIndex >= batch.terms.keyCount) return false;
    const usable = [...batch.dealt.keys()].filter((id) => !this.culprits.includes(id));
    return usable.length >= batch.terms.minSurvivors;
  }

  #openBatch(failures: string[]): boolean {
    this.#batch += 1;
    const { cast } = this;
    this.#forgetOutcome();
    const terms = { ...cast.terms(), batch: this.#batch };
    this.#coordinator.take({ kind: 'batch-requested', terms, deadlineMs: DEFAULT_DEADLINES.setup });
    this.#drain();
    const { batchFailure } = this.#coordinator;
    if (batchFailure !== undefined)
      failures.push(`${batchFailure.phase} ${batchFailure.code}: ${batchFailure.detail}`);
    return batchFailure === undefined;
  }

  #forgetOutcome(): void {
    this.#coordinator.outcome = undefined;
    this.#coordinator.opened = undefined;
    this.#coordinator.batchFailure = undefined;
  }

  #deliver(to: number, bytes: Uint8Array): void {
    const decoded = decodeMessage(bytes);
    if (!decoded.ok) throw new Error(decoded.detail);
    const answers = this.cast.deliver([to], decoded.message);
    const twist = this.#twists.get(to);
    for (const answer of answers) {
      for (const said of twist?.(answer) ?? [answer]) {
        this.#tasks.push(() => this.#coordinator.receive(to, said));
      }
    }
  }

  #drain(): void {
    for (;;) {
      const task = this.#tasks.shift();
      if (task !== undefined) {
        task();
        continue;
      }
      const [lane] = this.#coordinator.pendingDeadlines;
      if (lane === undefined) return;
      this.#coordinator.passDeadline(lane);
    }
  }
}

/** A box of dealt shares, signed by its dealer again after a change. */
export { signSealedShares } from '../../packages/protocol/src/signing.ts';
