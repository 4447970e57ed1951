import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeBackend } from '@tributary/crypto/node';
import { rosterRoot, verifyMessage } from '@tributary/protocol';
import { CLOSE, type MessageSocket } from '@tributary/runtime';
import { afterEach, describe, expect, it } from 'vitest';
import { Backoff } from './backoff.ts';
import { connect, type ConnectionEvents, type ConnectionOptions, finalFailure } from './connection.ts';
import { testFederation } from './testing/federation.ts';
import { greeting, Host, type HostBehaviour } from './testing/host.ts';

const federation = testFederation(3);
const { roster, identities, coordinatorIdentity } = federation;
const SELF = 1;

const hosts: Host[] = [];
const sockets: MessageSocket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close(CLOSE.normal);
  for (const opened of hosts.splice(0)) await opened.close();
});

async function host(behaviour: HostBehaviour, identity = coordinatorIdentity): Promise<Host> {
  const opened = await Host.open(identity, behaviour);
  hosts.push(opened);
  return opened;
}

async function connectTo(
  url: string,
  options: Partial<ConnectionOptions> = {},
  events: Partial<ConnectionEvents> = {},
): Promise<MessageSocket> {
  const socket = await connect(
    {
      crypto: nodeBackend,
      roster,
      self: SELF,
      identity: identities[SELF] ?? new Uint8Array(32),
      url,
      connectSeconds: 30,
      knownSums: () => 0,
      backoff: new Backoff(() => Uint8Array.of(1)),
      ...options,
    },
    { onWelcome: () => {}, onMessage: async () => {}, onFault: () => {}, ...events },
  );
  sockets.push(socket);
  return socket;
}

const aborted = {
  batchContext: new Uint8Array(32),
  keyIndex: 3,
  phase: 'ready',
  code: 'BELOW_FLOOR',
  detail: '',
  asks: 'nothing',
} as const;

describe('connect', () => {
  it('proves who it is, says what it knows, and delivers the welcome before everything else', async () => {
    let hello: unknown;
    let signed = false;
    const { onConnection } = greeting(federation);
    const { url } = await host({
      onConnection,
      onMessage: (visit, message) => {
        hello = message.body;
        signed =
          message.kind === 'hello' &&
          verifyMessage(
            nodeBackend,
            roster.members[SELF]?.publicKey ?? new Uint8Array(32),
            'hello',
            message.body,
            message.signature,
          );
        // All in one go, as it may arrive in one packet.
        greeting(federation).onMessage(visit, message);
        visit.say('round-aborted', aborted);
        visit.say('round-aborted', aborted);
      },
    });
    const heard: string[] = [];
    await new Promise<void>((resolve, reject) => {
      connectTo(
        url,
        { knownSums: () => 17 },
        {
          onWelcome: (welcome) => void heard.push(`welcome ${welcome.manifest}`),
          onMessage: async ({ kind }) => {
            if (heard.push(kind) === 3) resolve();
          },
        },
      ).catch(reject);
    });
    expect(heard).toEqual(['welcome {}', 'round-aborted', 'round-aborted']);
    expect(signed).toBe(true);
    expect(hello).toMatchObject({
      federation: 'test',
      member: SELF,
      knownSums: 17,
      rosterRoot: rosterRoot(nodeBackend, roster),
      challenge: new Uint8Array(32).fill(3),
    });
  });

  it('comes back until the coordinator is there', async () => {
    const reasons: number[] = [];
    const running = await host({
      onConnection: (visit) => {
        if (reasons.push(1) < 4) visit.socket.terminate();
        else greeting(federation).onConnection(visit);
      },
      onMessage: greeting(federation).onMessage,
    });
    const socket = await connectTo(running.url);
    expect(socket.open).toBe(true);
    expect(running.visits).toBe(4);
  });
});

describe('connect refuses at once, with exit code 2,', () => {
  it.each<[string, HostBehaviour, Uint8Array, string]>([
    [
      'a peer with another key than the coordinator',
      greeting(federation),
      identities[0] ?? new Uint8Array(32),
      "the peer does not hold the key of the roster's coordinator",
    ],
    [
      'a coordinator of another federation',
      greeting(federation, { challenge: { federation: 'evil\u001b[2J' } }),
      coordinatorIdentity,
      "the peer serves federation 'evil\u001b[2J'",
    ],
    [
      'a welcome that was recorded elsewhere',
      greeting(federation, { welcome: { nonce: new Uint8Array(32) } }),
      coordinatorIdentity,
      'the welcome answers another hello',
    ],
    [
      'a coordinator that begins with something else',
      { onConnection: ({ say }) => say('round-aborted', aborted) },
      coordinatorIdentity,
      'a round-aborted came where a challenge or a welcome was due',
    ],
  ])('%s', async (_, behaviour, identity, reason) => {
    const liar = await host(behaviour, identity);
    await expect(connectTo(liar.url)).rejects.toMatchObject({
      code: 'REFUSED_BY_PEER',
      exitCode: 2,
      message: `${liar.url} and this client do not accept each other: ${reason}`,
    });
    expect(liar.visits).toBe(1);
  });

  it('a coordinator that speaks another version', async () => {
    const newer = await host(greeting(federation, { welcome: { version: 9 } }));
    await expect(connectTo(newer.url)).rejects.toMatchObject({ code: 'VERSION_MISMATCH', exitCode: 2 });
    expect(newer.visits).toBe(1);
  });

  it.each([
    [CLOSE.version, 'VERSION_MISMATCH'],
    [CLOSE.notAuthenticated, 'REFUSED_BY_PEER'],
    [CLOSE.policy, 'REFUSED_BY_PEER'],
  ])('when the coordinator closes with %i', async (code, error) => {
    const strict = await host({
      onConnection: greeting(federation).onConnection,
      onMessage: ({ socket }) => socket.close(code, 'because'),
    });
    await expect(connectTo(strict.url)).rejects.toMatchObject({
      code: error,
      exitCode: 2,
      message: expect.stringContaining('because'),
    });
    expect(strict.visits).toBe(1);
  });
});

describe('connect gives up within its time, with exit code 2,', () => {
  it('where nobody listens', async () => {
    const free = createTcpServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const url = `ws://127.0.0.1:${(free.address() as AddressInfo).port}`;
    free.close();
    await once(free, 'close');
    await expect(connectTo(url, { connectSeconds: 0.5 })).rejects.toMatchObject({
      code: 'CANNOT_CONNECT',
      exitCode: 2,
      message: expect.stringMatching(
        /^no session with ws:\/\/127.0.0.1:\d+ within 0.5 s: connect ECONNREFUSED/,
      ),
      hint: "check 'coordinator', the network and whether the coordinator runs",
    });
  });

  it('where somebody accepts and says nothing', async () => {
    const silent = await host({});
    await expect(connectTo(silent.url, { connectSeconds: 0.2 })).rejects.toMatchObject({
      code: 'CANNOT_CONNECT',
      message: `no session with ${silent.url} within 0.2 s: no welcome in time`,
    });
  });

  it('where somebody takes the connection and never answers', async () => {
    const hole = createTcpServer(() => {}).listen(0, '127.0.0.1');
    await once(hole, 'listening');
    const url = `ws://127.0.0.1:${(hole.address() as AddressInfo).port}`;
    await expect(connectTo(url, { connectSeconds: 0.2 })).rejects.toMatchObject({
      code: 'CANNOT_CONNECT',
      message: `no session with ${url} within 0.2 s: no welcome in time`,
    });
    hole.close();
  });

  it('where something else answers', async () => {
    const other = await host({ onConnection: ({ socket }) => socket.send('welcome to the jungle') });
    await expect(connectTo(other.url, { connectSeconds: 0.2 })).rejects.toMatchObject({
      code: 'CANNOT_CONNECT',
      message: expect.stringContaining('sent what is no message of this protocol: a text frame'),
    });
    expect(other.visits).toBeGreaterThan(1);
  });
});

describe('connect', () => {
  it('names a file of authorities that is not there', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tributary-ca-'));
    const ca = join(directory, 'ca.pem');
    await expect(connectTo('wss://127.0.0.1:1', { ca })).rejects.toMatchObject({
      code: 'BAD_FILE',
      message: `cannot read ${ca}: no such file or directory`,
    });
    rmSync(directory, { recursive: true });
  });

  it('ends when it is told to stop, between attempts and within one', async () => {
    for (const behaviour of [
      { onConnection: () => {} },
      { onConnection: (visit) => visit.socket.terminate() },
    ] satisfies HostBehaviour[]) {
      const controller = new AbortController();
      const busy = await host({
        onConnection: (visit) => {
          behaviour.onConnection(visit);
          controller.abort('SIGTERM');
        },
      });
      await expect(connectTo(busy.url, { signal: controller.signal })).rejects.toMatchObject({
        code: 'RUN_FAILED',
        message: 'stopped by SIGTERM',
      });
    }
  });

  it('reports what breaks the protocol after the welcome', async () => {
    let breakIt!: () => void;
    const { url } = await host(
      greeting(federation, {
        onWelcomed: ({ socket }) => {
          breakIt = () => socket.send(Uint8Array.of(0xc1));
        },
      }),
    );
    const fault = await new Promise<unknown>((resolve, reject) => {
      connectTo(url, {}, { onWelcome: () => breakIt(), onFault: resolve }).catch(reject);
    });
    expect(fault).toMatchObject({ code: 'CONNECTION_LOST', exitCode: 2 });
  });

  it('answers no second challenge after the welcome', async () => {
    let hellos = 0;
    const { onConnection, onMessage } = greeting(federation, {
      onWelcomed: ({ say }) => say('challenge', { federation: 'test', nonce: new Uint8Array(32).fill(8) }),
    });
    const { url } = await host({
      onConnection,
      onMessage(visit, message) {
        if (message.kind === 'hello') hellos += 1;
        onMessage(visit, message);
      },
    });
    const later = await new Promise<string>((resolve, reject) => {
      connectTo(url, {}, { onMessage: async ({ kind }) => resolve(kind) }).catch(reject);
    });
    expect([later, hellos]).toEqual(['challenge', 1]);
  });
});

describe('a session that ended', () => {
  it.each([
    [CLOSE.superseded, 'CONNECTION_LOST', 'another connection with the key of this client took over'],
    [CLOSE.badMessage, 'CONNECTION_LOST', 'wss://c did not understand this client: why'],
    [CLOSE.policy, 'REFUSED_BY_PEER', 'wss://c and this client do not accept each other: why'],
  ])('with %i is not tried again', (code, error, message) => {
    expect(finalFailure('wss://c', { code, reason: 'why' })).toMatchObject({
      code: error,
      message,
      exitCode: 2,
    });
  });

  it.each([1000, 1006, CLOSE.goingAway, CLOSE.serviceRestart, CLOSE.tryAgainLater, CLOSE.fault])(
    'with %i is',
    (code) => {
      expect(finalFailure('wss://c', { code, reason: 'why' })).toBeUndefined();
    },
  );
});
