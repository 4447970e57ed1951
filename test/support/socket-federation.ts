/** A coordinator and honest clients over real sockets, and a member that speaks to them by hand. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64, unpackWords } from '@tributary/crypto';
import { nodeBackend as crypto, nodeRandomBytes } from '@tributary/crypto/node';
import { type ClientReport, readClientConfig, runClient } from '@tributary/client';
import {
  type CoordinatorProgress,
  type CoordinatorReport,
  readCoordinatorConfig,
  runCoordinator,
} from '@tributary/coordinator';
import {
  decodeMessage,
  encodeMessage,
  type Message,
  type Roster,
  rosterRoot,
  type RoundTerms,
} from '@tributary/protocol';
import { createKeyFile, createLogger, type Identity, readRosterFile, runId } from '@tributary/runtime';
import { WebSocket } from 'ws';
import { temporaryDirectory } from './cli.ts';
import { HonestMember } from './honest-member.ts';
import { TOY_DIMENSIONS, toyDataset } from './toy-data.ts';

/** Member 0 is the one that a test plays; the others are clients. */
export class SocketFederation {
  readonly directory: string = temporaryDirectory();
  readonly seen: CoordinatorProgress[] = [];
  readonly #identities: readonly Identity[];
  #url = '';
  #heard: () => void = () => {};

  constructor(members: number, deadlines: object = {}) {
    const coordinator = createKeyFile(join(this.directory, 'coordinator.key'));
    this.#identities = Array.from({ length: members }, (_, i) =>
      createKeyFile(join(this.directory, `org-${i}.key`)),
    );
    const roster = {
      federation: 'test',
      version: 1,
      coordinator: toBase64(coordinator.publicKey),
      members: this.#identities.map(({ publicKey }, i) => ({
        name: `org-${i}`,
        publicKey: toBase64(publicKey),
      })),
    };
    this.#write('roster.yaml', roster);
    this.#write('coordinator.yaml', {
      roster: 'roster.yaml',
      key: 'coordinator.key',
      listen: { port: 0 },
      output: 'output',
      deadlines,
      privacy: { epsilon: 'none' },
      run: {
        name: 'toy',
        encoder: 'toy',
        parameters: { models: ['small', 'large'], dimensions: TOY_DIMENSIONS, clusters: 2 },
      },
    });
  }

  async serve(): Promise<Promise<CoordinatorReport>[]> {
    const config = readCoordinatorConfig(join(this.directory, 'coordinator.yaml'), { insecure: false });
    const report = runCoordinator({
      config,
      log: createLogger('silent'),
      onProgress: (event) => {
        if (event.kind === 'listening') this.#url = event.url;
        this.seen.push(event);
        this.#heard();
      },
    });
    report.catch(() => {});
    await this.until(({ kind }) => kind === 'listening');
    return [report];
  }

  async until(wanted: (event: CoordinatorProgress) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#heard = () => {
        if (this.seen.some(wanted)) resolve();
      };
      this.#heard();
    });
  }

  /** An honest client with data of its own. */
  async client(i: number): Promise<ClientReport> {
    this.#write(`org-${i}.yaml`, {
      roster: 'roster.yaml',
      key: `org-${i}.key`,
      coordinator: this.#url,
      data: 'none',
      artifact: `router-${i}.json`,
      connectSeconds: 30,
      policy: { allowNoNoise: true },
    });
    const config = readClientConfig(join(this.directory, `org-${i}.yaml`), { insecure: false });
    return await runClient({
      config,
      roster: readRosterFile(config.roster),
      identity: this.#identity(i),
      log: createLogger('silent'),
      loadData: () => toyDataset(i),
    });
  }

  /** A member that takes part with a vector of zeros, and says what its `twist` makes of its words. */
  async byHand(twist: WireTwist = (message) => [message]): Promise<WireMember> {
    const roster = readRosterFile(join(this.directory, 'roster.yaml'));
    const member = new WireMember(this.#url, roster, this.#identity(0), twist);
    await member.entered;
    return member;
  }

  /** A connection of somebody who has heard a member's hello and says it again. @returns how it was closed */
  async eavesdropped(hello: Uint8Array): Promise<{ readonly code: number; readonly reason: string }> {
    const webSocket = new WebSocket(this.#url, { perMessageDeflate: false });
    webSocket.on('error', () => {});
    webSocket.once('message', () => webSocket.send(hello));
    return await new Promise((resolve) => {
      webSocket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
  }

  router(i: number): string {
    const path = join(this.directory, `router-${i}.json`);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  #identity(i: number): Identity {
    const identity = this.#identities[i];
    if (identity === undefined) throw new Error(`there is no org-${i}`);
    return identity;
  }

  #write(name: string, content: object): void {
    writeFileSync(join(this.directory, name), JSON.stringify(content));
  }
}

/** What goes to the coordinator in place of a message; `raw` frames go as they are. */
export type WireTwist = (
  message: Message,
  member: WireMember,
) => readonly (Message | { readonly raw: Uint8Array })[];

export interface OpenedSum {
  readonly round: number;
  readonly terms: RoundTerms;
  readonly words: Int32Array;
}

export class WireMember {
  readonly webSocket: WebSocket;
  /** Resolves with the welcome. */
  readonly entered: Promise<void>;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Every sum that was opened while it was there to hear its terms. */
  readonly sums: OpenedSum[] = [];
  /** The frame of its hello. */
  hello: Uint8Array = new Uint8Array(0);
  /** Everything that its machine said, before it was changed. */
  readonly said: Message[] = [];
  readonly #roster: Roster;
  readonly #identity: Identity;
  readonly #twist: WireTwist;
  #member: HonestMember | undefined;
  #terms: RoundTerms | undefined;
  #chunks: Uint8Array[] = [];

  constructor(url: string, roster: Roster, identity: Identity, twist: WireTwist) {
    this.#roster = roster;
    this.#identity = identity;
    this.#twist = twist;
    this.webSocket = new WebSocket(url, { perMessageDeflate: false });
    this.webSocket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      this.webSocket.once('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
    this.entered = new Promise((resolve) => {
      this.webSocket.on('message', (data: Buffer) => {
        const decoded = decodeMessage(data);
        if (!decoded.ok) throw new Error(decoded.detail);
        this.#take(decoded.message, resolve);
      });
    });
  }

  get machine(): HonestMember {
    if (this.#member === undefined) throw new Error('the session is not open');
    return this.#member;
  }

  send(message: Message): void {
    this.sendRaw(encodeMessage(message.kind, message.body, message.signature));
  }

  sendRaw(bytes: Uint8Array): void {
    if (this.webSocket.readyState === WebSocket.OPEN) this.webSocket.send(bytes);
  }

  #take(message: Message, onWelcome: () => void): void {
    const { kind, body } = message;
    if (kind === 'challenge') this.#greet(body.nonce);
    else if (kind === 'welcome') {
      this.#member = this.#enter(runId(crypto, body.manifest));
      onWelcome();
    } else if (kind === 'vector-chunk') this.#chunks.push(body.bytes);
    else if (kind === 'round-result') this.#hear(body.round);
    else {
      if (kind === 'round-announce') {
        // It takes part in whatever it is asked: what it expects is what it is told.
        this.#terms = body.terms;
        this.machine.vector = new Int32Array(body.terms.dimension);
        this.machine.take({ kind: 'expect', expected: body.terms });
      }
      for (const answer of this.machine.take({ kind: 'message', message })) this.#say(answer);
    }
  }

  #say(message: Message): void {
    this.said.push(message);
    for (const said of this.#twist(message, this)) {
      if ('raw' in said) this.sendRaw(said.raw);
      else this.send(said);
    }
  }

  #hear(round: number): void {
    const packed = Buffer.concat(this.#chunks.splice(0));
    const terms = this.#terms;
    if (terms?.round !== round) return;
    const words = new Int32Array(terms.dimension);
    if (unpackWords(packed, terms.bits, words)) this.sums.push({ round, terms, words });
  }

  #greet(challenge: Uint8Array): void {
    const body = {
      federation: this.#roster.federation,
      member: 0,
      rosterRoot: rosterRoot(crypto, this.#roster),
      oldestVersion: 1,
      newestVersion: 1,
      knownSums: 0,
      challenge,
      nonce: nodeRandomBytes(32),
    };
    const { signature } = this.#enter(new Uint8Array(32)).sign('hello', body);
    this.hello = encodeMessage('hello', body, signature);
    this.sendRaw(this.hello);
  }

  #enter(run: Uint8Array): HonestMember {
    return new HonestMember({
      id: 0,
      roster: this.#roster,
      identity: this.#identity.secretKey,
      run,
      policy: { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 2 },
      random: nodeRandomBytes,
    });
  }
}

/** Records in a sum of means, and the sum of the members' numbers over them: who is in it, without a doubt. */
export function membersIn({ terms, words }: OpenedSum): {
  readonly records: number;
  readonly numbers: number;
} {
  const { scale } = terms.encoding;
  const count = (words[TOY_DIMENSIONS] ?? 0) / scale;
  return { records: count, numbers: Math.round(((words[1] ?? 0) / scale) * 20) / 30 };
}
