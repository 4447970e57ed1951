/** A federation in one process over real sockets, in which members come, go, stall and misbehave. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { toBase64 } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { type ClientProgress, type ClientReport, readClientConfig, runClient } from '@tributary/client';
import {
  type CoordinatorProgress,
  type CoordinatorReport,
  readCoordinatorConfig,
  runCoordinator,
} from '@tributary/coordinator';
import {
  type Bodies,
  CHUNK_WORDS,
  decodeMessage,
  encodeMessage,
  type MessageKind,
  rosterRoot,
  signMessage,
} from '@tributary/protocol';
import type { Dataset } from '@tributary/router';
import { createKeyFile, createLogger, type Identity, readRosterFile } from '@tributary/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { temporaryDirectory } from '../support/cli.ts';
import { TOY_DIMENSIONS, toyDataset } from '../support/toy-data.ts';

/** Events, and waiting for them. */
class Log<T> {
  readonly seen: T[] = [];
  readonly #listeners = new Set<() => void>();

  readonly add = (event: T): void => {
    this.seen.push(event);
    for (const listener of this.#listeners) listener();
  };

  async has(wanted: (event: T) => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!this.seen.some(wanted)) return;
        this.#listeners.delete(check);
        resolve();
      };
      this.#listeners.add(check);
      check();
    });
  }
}

interface Organisation {
  readonly log: Log<ClientProgress>;
  readonly report: Promise<ClientReport>;
  readonly stop: AbortController;
}

/** A directory with keys, roster and configurations for a coordinator and `n` members. */
class Federation {
  readonly directory: string = temporaryDirectory();
  readonly log: Log<CoordinatorProgress> = new Log<CoordinatorProgress>();
  stop: AbortController = new AbortController();
  readonly identities: readonly Identity[];
  #url = '';
  #lives = 0;

  constructor(n: number, settings: object = {}) {
    const coordinator = createKeyFile(join(this.directory, 'coordinator.key'));
    this.identities = Array.from({ length: n }, (_, i) =>
      createKeyFile(join(this.directory, `org-${i}.key`)),
    );
    const members = this.identities.map(({ publicKey }, i) => ({
      name: `org-${i}`,
      publicKey: toBase64(publicKey),
    }));
    const roster = { federation: 'test', version: 1, coordinator: toBase64(coordinator.publicKey), members };
    writeFileSync(join(this.directory, 'roster.yaml'), JSON.stringify(roster));
    const config = {
      roster: 'roster.yaml',
      key: 'coordinator.key',
      listen: { port: 0 },
      output: 'output',
      privacy: { epsilon: 'none' },
      run: {
        name: 'toy',
        encoder: 'toy',
        parameters: { models: ['small', 'large'], dimensions: TOY_DIMENSIONS, clusters: 2 },
      },
      ...settings,
    };
    writeFileSync(join(this.directory, 'coordinator.yaml'), JSON.stringify(config));
  }

  get output(): string {
    return join(this.directory, 'output');
  }

  /** The coordinator, once it listens. */
  async serve(): Promise<{ readonly report: Promise<CoordinatorReport> }> {
    const config = readCoordinatorConfig(join(this.directory, 'coordinator.yaml'), { insecure: false });
    const report = runCoordinator({
      config,
      log: createLogger('silent'),
      onProgress: this.log.add,
      signal: this.stop.signal,
    });
    // A test looks at the outcome when it is due.
    report.catch(() => {});
    this.#lives += 1;
    const listening = (): number => this.log.seen.filter(({ kind }) => kind === 'listening').length;
    await this.log.has(() => listening() >= this.#lives);
    for (const event of this.log.seen) if (event.kind === 'listening') this.#url = event.url;
    return { report };
  }

  /** The next life of the coordinator, at the same address. */
  async serveAgain(settings: object = {}): Promise<{ readonly report: Promise<CoordinatorReport> }> {
    const path = join(this.directory, 'coordinator.yaml');
    const config = JSON.parse(readFileSync(path, 'utf8')) as object;
    writeFileSync(
      path,
      JSON.stringify({ ...config, ...settings, listen: { port: Number(new URL(this.#url).port) } }),
    );
    this.stop = new AbortController();
    return await this.serve();
  }

  get url(): string {
    return this.#url;
  }

  organisation(
    i: number,
    options: {
      readonly url?: string;
      readonly policy?: object;
      /** Its state directory, where that is not the default. */
      readonly state?: string;
      readonly loadData?: () => Dataset;
      /** Holds the member, and with it the federation, until it resolves. */
      readonly hold?: (progress: ClientProgress) => Promise<void>;
    } = {},
  ): Organisation {
    const path = join(this.directory, `org-${i}.yaml`);
    const home = join(this.directory, `org-${i}`);
    mkdirSync(home, { recursive: true });
    writeFileSync(
      path,
      JSON.stringify({
        roster: 'roster.yaml',
        key: `org-${i}.key`,
        coordinator: options.url ?? this.#url,
        data: 'none',
        artifact: join(home, 'router.json'),
        connectSeconds: 30,
        policy: options.policy ?? { allowNoNoise: true },
        ...(options.state === undefined ? {} : { state: options.state }),
      }),
    );
    const config = readClientConfig(path, { insecure: false });
    const log = new Log<ClientProgress>();
    const stop = new AbortController();
    const identity = this.identities[i];
    if (identity === undefined) throw new Error(`there is no org-${i}`);
    const report = runClient({
      config,
      roster: readRosterFile(config.roster),
      identity,
      log: createLogger('silent'),
      loadData: options.loadData ?? (() => toyDataset(i)),
      onProgress: async (progress) => {
        log.add(progress);
        await options.hold?.(progress);
      },
      signal: stop.signal,
    });
    report.catch(() => {});
    return { log, report, stop };
  }

  /** Resolves when a member has joined as many times. */
  async joined(name: string, times: number): Promise<void> {
    const joins = (): number =>
      this.log.seen.filter((event) => event.kind === 'joined' && event.member === name).length;
    await this.log.has(() => joins() >= times);
  }

  router(i: number): string {
    return readFileSync(join(this.directory, `org-${i}`, 'router.json'), 'utf8');
  }

  /** What is left of uploads. */
  leftovers(): string[] {
    const names = readdirSync(join(this.output, 'state'), { recursive: true, encoding: 'utf8' });
    return names.filter((name) => /(^|\/)(upload-|\.partial-)/.test(name));
  }

  /** Somebody with a member's key who speaks by hand, after an honest hello. */
  async intruder(i: number, versions?: Versions): Promise<Intruder> {
    const identity = this.identities[i];
    if (identity === undefined) throw new Error(`there is no org-${i}`);
    const intruder = new Intruder(this.#url, identity);
    await intruder.enter(join(this.directory, 'roster.yaml'), i, versions);
    return intruder;
  }
}

/** Of the protocol. */
interface Versions {
  readonly oldest: number;
  readonly newest: number;
}

class Intruder {
  readonly webSocket: WebSocket;
  readonly #identity: Identity;

  constructor(url: string, identity: Identity) {
    this.webSocket = new WebSocket(url, { perMessageDeflate: false });
    this.webSocket.on('error', () => {});
    this.#identity = identity;
  }

  say<K extends MessageKind>(kind: K, body: Bodies[K], signature?: Uint8Array): void {
    const signed = signature ?? signMessage(nodeBackend, this.#identity.secretKey, kind, body);
    this.webSocket.send(encodeMessage(kind, body, signed));
  }

  /** Until it is welcomed, or refused. */
  async enter(
    rosterPath: string,
    member: number,
    versions: Versions = { oldest: 1, newest: 1 },
  ): Promise<void> {
    const roster = readRosterFile(rosterPath);
    await new Promise<void>((resolve) => {
      this.webSocket.on('close', () => resolve());
      this.webSocket.on('message', (data: Buffer) => {
        const decoded = decodeMessage(data);
        if (!decoded.ok) return;
        const { kind, body } = decoded.message;
        if (kind === 'welcome') resolve();
        if (kind !== 'challenge') return;
        this.say('hello', {
          federation: roster.federation,
          member,
          rosterRoot: rosterRoot(nodeBackend, roster),
          oldestVersion: versions.oldest,
          newestVersion: versions.newest,
          knownSums: 0,
          challenge: body.nonce,
          nonce: new Uint8Array(32),
        });
      });
    });
  }
}

/** A way to the coordinator that can be cut. */
class CuttableProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(target: string) {
    const { hostname, port } = new URL(target);
    this.#server = createServer((inward) => {
      const outward = connect(Number(port), hostname);
      for (const [from, to] of [
        [inward, outward],
        [outward, inward],
      ] as const) {
        this.#sockets.add(from);
        from.pipe(to);
        from.on('error', () => {});
        from.on('close', () => to.destroy());
      }
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    const address = this.#server.address();
    return `ws://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}

const inRound = (progress: ClientProgress, round: number): boolean =>
  progress.kind === 'phase' && progress.round === round;

const proxies: CuttableProxy[] = [];
afterEach(() => {
  for (const proxy of proxies.splice(0)) proxy.close();
});

describe('a federation', () => {
  it('trains, tells everyone the end, and leaves nothing behind', async () => {
    const federation = new Federation(3);
    const { report } = await federation.serve();
    const members = [0, 1, 2].map((i) => federation.organisation(i));
    expect(await report).toMatchObject({ survivors: 3, artifact: join(federation.output, 'router.json') });
    for (const { report: own } of members) expect(await own).toMatchObject({ records: 30 });
    const router = readFileSync(join(federation.output, 'router.json'), 'utf8');
    expect([0, 1, 2].map((i) => federation.router(i) === router)).toEqual([true, true, true]);
    expect(federation.leftovers()).toEqual([]);
  });

  it('goes on without a member that leaves, and the others finish', async () => {
    const federation = new Federation(4);
    const { report } = await federation.serve();
    const members = [0, 1, 2, 3].map((i) => federation.organisation(i));
    await federation.log.has(({ kind }) => kind === 'sum');
    members[3]?.stop.abort('SIGINT');
    await expect(members[3]?.report).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: 'stopped by SIGINT',
    });
    expect(await report).toMatchObject({ survivors: 3 });
    await Promise.all(members.slice(0, 3).map(({ report: own }) => own));
    expect(federation.router(0)).toBe(federation.router(2));
  });

  it('takes a member in that comes late, and it ends with the same router', async () => {
    const federation = new Federation(4, { cohort: { min: 3, joinSeconds: 2 } });
    const { report } = await federation.serve();
    const hold = async (progress: ClientProgress): Promise<void> => {
      if (inRound(progress, 3)) await federation.joined('org-3', 1);
    };
    const early = [0, 1, 2].map((i) => federation.organisation(i, { hold }));
    await federation.log.has(({ kind }) => kind === 'sum');
    const late = federation.organisation(3);
    const { rounds, drops } = await report;
    expect(drops).toContainEqual({ member: 'org-3', phase: 'setup', reason: 'never-connected', times: 1 });
    expect(await late.report).toMatchObject({ rounds });
    await Promise.all(early.map(({ report: own }) => own));
    expect(federation.router(3)).toBe(federation.router(0));
    // It was there in the end, not only at the end.
    const sums = federation.log.seen.filter((event) => event.kind === 'sum');
    expect(sums.map(({ survivors }) => survivors)).toContain(3);
    expect(sums.at(-1)).toMatchObject({ survivors: 4 });
  });

  it('has a member back whose connection was cut, with all sums of the time between', async () => {
    const federation = new Federation(4);
    const { report } = await federation.serve();
    const proxy = new CuttableProxy(federation.url);
    proxies.push(proxy);
    const hold = async (progress: ClientProgress): Promise<void> => {
      if (inRound(progress, 5)) await federation.joined('org-3', 2);
    };
    const others = [0, 1, 2].map((i) => federation.organisation(i, { hold }));
    const cut = federation.organisation(3, { url: await proxy.open() });
    await cut.log.has((event) => event.kind === 'sum' && event.round === 2);
    proxy.cut();
    const { rounds } = await report;
    expect(await cut.report).toMatchObject({ rounds });
    expect(cut.log.seen.filter(({ kind }) => kind === 'disconnected')).toHaveLength(1);
    expect(cut.log.seen.flatMap((event) => (event.kind === 'sum' ? [event.round] : []))).toEqual(
      Array.from({ length: rounds }, (_, i) => i + 1),
    );
    await Promise.all(others.map(({ report: own }) => own));
    expect(federation.router(3)).toBe(federation.router(0));
  });

  it('stops with its operator, and goes on where it was when it is started again', async () => {
    const federation = new Federation(3);
    const { report } = await federation.serve();
    const members = [0, 1, 2].map((i) => federation.organisation(i));
    await federation.log.has((event) => event.kind === 'sum' && event.round === 2);
    federation.stop.abort('SIGTERM');
    await expect(report).rejects.toMatchObject({ code: 'RUN_FAILED', message: 'stopped by SIGTERM' });
    for (const { log } of members) {
      await log.has(
        (event) =>
          event.kind === 'disconnected' &&
          event.reason === 'the coordinator stops, and goes on when it is started again',
      );
    }
    const { report: finished } = await federation.serveAgain();
    const { run, rounds } = await finished;
    expect(federation.log.seen).toContainEqual({
      kind: 'resumed',
      run,
      sums: expect.any(Number) as number,
    });
    // What was opened before the stop was not opened again.
    const sums = federation.log.seen.flatMap((event) => (event.kind === 'sum' ? [event.round] : []));
    expect(sums).toEqual(Array.from({ length: rounds }, (_, i) => i + 1));
    for (const { report: own } of members) expect(await own).toMatchObject({ run, rounds });
    expect(federation.router(0)).toBe(readFileSync(join(federation.output, 'router.json'), 'utf8'));
    expect(federation.leftovers()).toEqual([]);
  });

  it('that was stopped with its last sum has its router when it is started again, whoever is there', async () => {
    const federation = new Federation(3);
    const { report } = await federation.serve();
    const members = [0, 1, 2].map((i) => federation.organisation(i));
    await federation.log.has((event) => {
      const last = event.kind === 'sum' && event.step === 'statistics';
      if (last) federation.stop.abort('SIGTERM');
      return last;
    });
    await report.catch(() => {});
    for (const { stop, report: own } of members) {
      stop.abort('SIGTERM');
      await own.catch(() => {});
    }
    rmSync(join(federation.output, 'router.json'), { force: true });
    const { report: again } = await federation.serveAgain({ cohort: { joinSeconds: 0.2 } });
    expect(await again).toMatchObject({ survivors: 3 });
    expect(existsSync(join(federation.output, 'router.json'))).toBe(true);
  });

  it('that its operator begins anew is joined anew, also in its course, by those who were in the old run', async () => {
    const federation = new Federation(4, { cohort: { min: 3, joinSeconds: 1 } });
    const { report } = await federation.serve();
    const members = [0, 1, 2, 3].map((i) => federation.organisation(i));
    for (const { log } of members) await log.has((event) => event.kind === 'sum' && event.round === 1);
    federation.stop.abort('SIGTERM');
    await expect(report).rejects.toMatchObject({ message: 'stopped by SIGTERM' });
    for (const { stop, report: own } of members) {
      stop.abort('SIGTERM');
      await expect(own).rejects.toMatchObject({ message: 'stopped by SIGTERM' });
    }
    rmSync(federation.output, { recursive: true });
    const { report: anew } = await federation.serveAgain();
    const joins = federation.log.seen.filter(
      (event) => event.kind === 'joined' && event.member === 'org-3',
    ).length;
    const hold = async (progress: ClientProgress): Promise<void> => {
      if (inRound(progress, 3)) await federation.joined('org-3', joins + 1);
    };
    const again = [0, 1, 2].map((i) => federation.organisation(i, { hold }));
    const sums = (): number => federation.log.seen.filter(({ kind }) => kind === 'sum').length;
    const before = sums();
    await federation.log.has(() => sums() >= before + 2);
    again.push(federation.organisation(3));
    const { run, rounds } = await anew;
    for (const { report: own } of again) expect(await own).toMatchObject({ run, rounds });
    expect(federation.router(3)).toBe(federation.router(0));
    expect(federation.log.seen.filter(({ kind }) => kind === 'resumed')).toEqual([]);
    // Of the old run each member has its journal, so that it never takes part in it as if for the first time.
    const states = readdirSync(join(federation.directory, 'org-3.state'), {
      recursive: true,
      encoding: 'utf8',
    });
    expect(states.filter((name) => name.endsWith('.closed'))).toHaveLength(2);
    expect(states.filter((name) => /\/(secrets|blobs)\/./.test(name))).toEqual([]);
  });

  it('that nobody joins ends in time, and can be stopped before', async () => {
    const lonely = new Federation(3, { cohort: { joinSeconds: 0.1 } });
    await expect((await lonely.serve()).report).rejects.toMatchObject({ code: 'TIMED_OUT', exitCode: 3 });
    const stopped = new Federation(3);
    const { report } = await stopped.serve();
    stopped.stop.abort('SIGTERM');
    await expect(report).rejects.toMatchObject({ message: 'stopped by SIGTERM' });
    expect(stopped.leftovers()).toEqual([]);
  });

  it('with too few left says so on both sides, with exit code 7', async () => {
    const federation = new Federation(3);
    const { report } = await federation.serve();
    const members = [0, 1, 2].map((i) => federation.organisation(i));
    await federation.log.has(({ kind }) => kind === 'sum');
    members[0]?.stop.abort('SIGINT');
    await expect(report).rejects.toMatchObject({
      code: 'TOO_FEW_SURVIVORS',
      exitCode: 7,
      message: expect.stringContaining('org-0') as string,
    });
    for (const { report: own } of members.slice(1)) {
      await expect(own).rejects.toMatchObject({ code: 'TOO_FEW_SURVIVORS', exitCode: 7 });
    }
    expect(existsSync(join(federation.output, 'router.json'))).toBe(false);
  });
});

describe('a member', () => {
  it('that does not agree to so many sums leaves with exit code 6, and the others go on', async () => {
    const federation = new Federation(4);
    const { report } = await federation.serve();
    const members = [0, 1, 2].map((i) => federation.organisation(i));
    const careful = federation.organisation(3, { policy: { maxRounds: 2, allowNoNoise: true } });
    await expect(careful.report).rejects.toMatchObject({
      code: 'POLICY',
      exitCode: 6,
      message: "the run asks for sum 3, 'policy.maxRounds' is 2",
    });
    expect(await report).toMatchObject({ survivors: 3 });
    await Promise.all(members.map(({ report: own }) => own));
  });

  it('does not take part without noise unless its policy says so: both sides end with exit code 6 and the reason', async () => {
    const federation = new Federation(3);
    const { report } = await federation.serve();
    const members = [0, 1, 2].map((i) => federation.organisation(i, { policy: {} }));
    await expect(report).rejects.toMatchObject({
      code: 'POLICY',
      exitCode: 6,
      message: expect.stringContaining('org-0: the run adds no privacy noise to its sums') as string,
    });
    for (const { report: own } of members)
      await expect(own).rejects.toMatchObject({ code: 'POLICY', exitCode: 6 });
  });

  it('that wants a larger cohort refuses aloud, and the others go on', async () => {
    const federation = new Federation(4);
    const { report } = await federation.serve();
    const members = [0, 1, 2].map((i) => federation.organisation(i));
    const careful = federation.organisation(3, { policy: { minCohort: 30, allowNoNoise: true } });
    expect(await report).toMatchObject({ survivors: 3 });
    expect(federation.log.seen.filter(({ kind }) => kind === 'dropped')).toMatchObject([
      {
        member: 'org-3',
        drop: {
          phase: 'setup',
          reason: 'refused-by-client-policy',
          detail: "UNSAFE_TERMS: minCohort 3 is below this member's policy of 30",
        },
      },
    ]);
    // It gave nothing, and computed the router from the public sums like everyone.
    expect(await careful.report).toMatchObject({ rounds: expect.any(Number) as number });
    await Promise.all(members.map(({ report: own }) => own));
  });

  it('whose data do not fit the run stops with its own error', async () => {
    // It may be gone before the cohort is looked at: then the others wait this long for it.
    const federation = new Federation(4, { cohort: { min: 3, joinSeconds: 5 } });
    const { report } = await federation.serve();
    const members = [0, 1, 2].map((i) => federation.organisation(i));
    const wrong = federation.organisation(3, {
      loadData: () => {
        throw new TypeError('logs/evaluations.csv has no model large');
      },
    });
    await expect(wrong.report).rejects.toThrow('logs/evaluations.csv has no model large');
    await Promise.all([report, ...members.map(({ report: own }) => own)]);
  });

  it('that speaks no version of the coordinator is missing, and the report says why', async () => {
    const federation = new Federation(4, { cohort: { min: 3, joinSeconds: 0.5 } });
    const { report } = await federation.serve();
    const newer = await federation.intruder(3, { oldest: 90, newest: 91 });
    expect(newer.webSocket.readyState).toBe(WebSocket.CLOSED);
    const members = [0, 1, 2].map((i) => federation.organisation(i));
    const { drops } = await report;
    expect(drops).toEqual([{ member: 'org-3', phase: 'setup', reason: 'version', times: 1 }]);
    await Promise.all(members.map(({ report: own }) => own));
  });

  it('started twice on one state directory is refused, and the first goes on', async () => {
    const federation = new Federation(3);
    const { report } = await federation.serve();
    const members = [0, 1, 2].map((i) => federation.organisation(i));
    await federation.joined('org-0', 1);
    await expect(federation.organisation(0).report).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      exitCode: 4,
      message: `state directory ${join(federation.directory, 'org-0.state')} is in use by pid ${process.pid}`,
    });
    await Promise.all([report, ...members.map(({ report: own }) => own)]);
  });

  it('started twice on two machines gives way to the newer one, once', async () => {
    const federation = new Federation(4);
    const { report } = await federation.serve();
    const first = federation.organisation(0);
    await federation.joined('org-0', 1);
    const second = federation.organisation(0, { state: 'elsewhere' });
    await expect(first.report).rejects.toMatchObject({
      code: 'CONNECTION_LOST',
      exitCode: 2,
      message: 'another connection with the key of this client took over',
    });
    const others = [1, 2, 3].map((i) => federation.organisation(i));
    await Promise.all([report, second.report, ...others.map(({ report: own }) => own)]);
    expect(
      federation.log.seen.filter((event) => event.kind === 'joined' && event.member === 'org-0'),
    ).toHaveLength(2);
  });
});

describe('a hostile member', () => {
  const SHORT = { deadlines: { setup: 2 } };

  it('that reads nothing and says nothing costs the others one deadline', async () => {
    const federation = new Federation(4, SHORT);
    const { report } = await federation.serve();
    const members = [1, 2, 3].map((i) => federation.organisation(i));
    const stalled = await federation.intruder(0);
    stalled.webSocket.pause();
    for (const { report: own } of members) await own;
    const drops = federation.log.seen.filter(({ kind }) => kind === 'dropped');
    expect(drops).toMatchObject([{ member: 'org-0', drop: { phase: 'setup', reason: 'late' } }]);
    // The coordinator would wait a while for it to take the last messages.
    stalled.webSocket.terminate();
    expect(await report).toMatchObject({ survivors: 3 });
  });

  it('that floods the coordinator keeps nobody from the sum', async () => {
    const federation = new Federation(4, SHORT);
    const { report } = await federation.serve();
    const flood = await federation.intruder(0);
    const flooded = once(flood.webSocket, 'close');
    const members = [1, 2, 3].map((i) => federation.organisation(i));
    await federation.log.has(({ kind }) => kind === 'phase');
    const chunk = { roundContext: new Uint8Array(32), sequence: 0, bytes: new Uint8Array(4 * CHUNK_WORDS) };
    for (let i = 0; i < 200; i++) {
      flood.say('vector-chunk', chunk, new Uint8Array(0));
      flood.say('ready', { termsDigest: new Uint8Array(32), member: 0, nonce: new Uint8Array(32) });
      flood.say('release', {
        batchContext: new Uint8Array(32),
        keyIndex: 0,
        roundContext: new Uint8Array(32),
        member: 1,
        shares: [],
        maskedSum: new Uint8Array(32),
        innerProduct: new Uint8Array(0),
      });
      flood.say('refusal', { member: 0, round: 999, code: 'X', detail: 'x\n\u001b[2J' }, new Uint8Array(64));
      flood.say('hello', {
        federation: 'test',
        member: 2,
        rosterRoot: new Uint8Array(32),
        oldestVersion: 1,
        newestVersion: 1,
        knownSums: 0,
        challenge: new Uint8Array(32),
        nonce: new Uint8Array(32),
      });
    }
    expect(await report).toMatchObject({ survivors: 3 });
    await Promise.all(members.map(({ report: own }) => own));
    const [code, reason] = (await flooded) as [number, Buffer];
    expect([code, String(reason)]).toEqual([4400, 'too many messages that were refused']);
    // What is logged and shown of it is bounded.
    expect(federation.log.seen.filter(({ kind }) => kind === 'rejected').length).toBeLessThan(100);
  });

  it('that breaks the framing is cut off, and the others go on', async () => {
    const federation = new Federation(4);
    const { report } = await federation.serve();
    const garbler = await federation.intruder(0);
    garbler.webSocket.send(Uint8Array.of(0xc1, 1, 2, 3));
    const members = [1, 2, 3].map((i) => federation.organisation(i));
    const again = federation.organisation(0);
    expect(await report).toMatchObject({ survivors: 4 });
    await Promise.all([...members, again].map(({ report: own }) => own));
  });
});
