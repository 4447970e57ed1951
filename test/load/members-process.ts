/**
 * A few members: the published client's connection, machine, masking and kept vectors, with inputs of the plan instead of training.
 * Argument: `MemberOrders` as JSON.
 */
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import {
  type Bodies,
  type ClientPhase,
  EMPTY_LOG_HEAD,
  type Message,
  memorySecretStore,
  nextLogHead,
  PROTOCOL_VERSION,
  rosterRoot,
} from '@tributary/protocol';
import {
  memoryBlobStore,
  memoryEventLog,
  type MessageSocket,
  openStateDirectory,
  VectorWork,
} from '@tributary/runtime';
import { Backoff } from '../../packages/client/src/backoff.ts';
import { openClientMachine } from '../../packages/client/src/client-journal.ts';
import { connect } from '../../packages/client/src/connection.ts';
import { KeptVectors } from '../../packages/client/src/kept-vectors.ts';
import { RoundParticipant } from '../../packages/client/src/round-participant.ts';
import { rememberVerifications } from '../../packages/protocol/src/in-memory/remembered-verifications.ts';
import { seededBytes, testRoster } from '../support/federation.ts';
import type { FromMembers, MemberOrders, ToMembers } from './messages.ts';
import { expectedRoundOf, vectorOf } from './plan.ts';
import { usageSoFar } from './usage.ts';

const { plan, url, members, directory } = JSON.parse(process.argv[2] ?? '') as MemberOrders;
const { roster, identities } = testRoster(plan.members, seededBytes(plan.seed));
const run = new Uint8Array(32).fill(7);
const policy = { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 2 };
// A thousand members in a few processes: each verdict on a signature is computed once in each process.
const crypto = plan.members > 100 ? rememberVerifications(nodeBackend) : nodeBackend;
const vectors = new VectorWork({ threads: 1 });
const root = rosterRoot(crypto, roster);
let bytesUp = 0;

const tell = (message: FromMembers): void => void process.send?.(message);
const never = new Promise<never>(() => {});

/**
 * Members of one process take turns: a message that reaches all of them at once would else keep the event loop for as long as all
 * need for it, and nobody would answer the coordinator's pings.
 */
let turns: Promise<void> = Promise.resolve();
async function inTurn(work: () => Promise<void>): Promise<void> {
  const mine = turns.then(work);
  turns = mine.then(async () => await breathe());
  await mine;
}

class LoadMember {
  readonly #self: number;
  #participant: RoundParticipant | undefined;
  #socket: MessageSocket | undefined;
  #logHead = EMPTY_LOG_HEAD;
  #round = 1;
  #alive = true;
  #noteDeath: () => void = () => {};
  readonly #death = new Promise<void>((resolve) => {
    this.#noteDeath = resolve;
  });

  constructor(self: number) {
    this.#self = self;
  }

  async join(): Promise<void> {
    const stores = plan.durable
      ? await openStateDirectory(join(directory, `member-${this.#self}`))
      : { log: await memoryEventLog().open(), blobs: memoryBlobStore(), secrets: memorySecretStore() };
    const identity = identities[this.#self] ?? new Uint8Array(32);
    const header = {
      protocolVersion: PROTOCOL_VERSION,
      federation: roster.federation,
      rosterRoot: root,
      run,
      self: this.#self,
      manifest: 'load',
    };
    const { machine } = await openClientMachine(crypto, stores.log, header, { roster, policy });
    this.#participant = new RoundParticipant(
      { crypto, random: nodeRandomBytes, self: this.#self, identity, store: stores.secrets },
      machine,
      new KeptVectors(crypto, stores.blobs),
      vectors,
      {
        contribute: ({ round }) => vectorOf(plan, this.#self, round, plan.rounds[round - 1]?.dimension ?? 0),
        onResult: (result) => {
          this.#logHead = nextLogHead(crypto, this.#logHead, result);
          tell({ kind: 'opened', round: this.#round, member: this.#self });
          this.#round += 1;
        },
        onPhase: async (phase) => {
          // What is lost in the masked input is lost in mid-upload.
          if (phase !== 'masked-input' && this.#isLostIn(phase)) await this.#die();
        },
        onUploaded: (bytes) => void (bytesUp += bytes),
        onVoid: () => {},
        onHead: async () => {},
        onReject: ({ code, detail }) => fail(`member ${this.#self} rejects ${code}: ${detail}`),
        onInputFailed: fail,
        onEvidence: async () => fail(`member ${this.#self} has evidence of cheating`),
      },
    );
    await this.#participant.expect(expectedRoundOf(plan, 1, this.#logHead));
    await connect(
      {
        crypto,
        roster,
        self: this.#self,
        identity,
        url,
        connectSeconds: 60,
        knownSums: () => 0,
        backoff: new Backoff(),
      },
      {
        onWelcome: (_, socket) => this.#attach(socket),
        onMessage: (message) => inTurn(async () => await Promise.race([this.#receive(message), this.#death])),
        onFault: fail,
      },
    );
  }

  #attach(socket: MessageSocket): void {
    this.#socket = socket;
    this.#participant?.attach({
      send: async (kind, body, signature) => {
        await socket.send(kind, body, signature);
        if (kind === 'vector-chunk' && (body as Bodies['vector-chunk']).sequence === 0) {
          if (this.#isLostIn('masked-input')) await this.#die();
        }
      },
    });
  }

  async #receive(message: Message): Promise<void> {
    if (!this.#alive) return;
    const round = this.#round;
    await this.#participant?.receive(message);
    if (this.#round === round || this.#round > plan.rounds.length) return;
    await this.#participant?.expect(expectedRoundOf(plan, this.#round, this.#logHead));
  }

  #isLostIn(phase: ClientPhase): boolean {
    const lost = plan.rounds[this.#round - 1]?.lost ?? [];
    return lost.some(([member, when]) => member === this.#self && when === phase);
  }

  /** As a process that is killed: the connection is cut and nothing is said or done any more. */
  async #die(): Promise<void> {
    this.#alive = false;
    this.#socket?.terminate();
    tell({ kind: 'lost', member: this.#self });
    this.#noteDeath();
    await never;
  }
}

function fail(error: unknown): void {
  tell({ kind: 'failed', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

process.on('message', (order: ToMembers) => {
  if (order.kind === 'end') process.exit(0);
  tell({ kind: 'usage', usage: usageSoFar(), bytesUp });
  bytesUp = 0;
});

try {
  for (const member of members) await new LoadMember(member).join();
} catch (error) {
  fail(error);
}
