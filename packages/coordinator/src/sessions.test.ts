import { once } from 'node:events';
import { nodeBackend } from '@tributary/crypto/node';
import {
  CHUNK_WORDS,
  encodeMessage,
  type Message,
  OLDEST_PROTOCOL_VERSION,
  PROTOCOL_VERSION,
  verifyMessage,
} from '@tributary/protocol';
import { CLOSE, createLogger } from '@tributary/runtime';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type ListeningServer, listen } from './server.ts';
import { Sessions } from './sessions.ts';
import { type OpenedSum, resultFrames } from './sum-log.ts';
import { Strangers } from './strangers.ts';
import { testFederation } from './testing/federation.ts';
import { Visitor } from './testing/visitor.ts';
import { NO_PROOF } from '../../../test/support/opening-proof.ts';

const federation = testFederation(3);
const { roster, identities, coordinatorIdentity } = federation;

let server: ListeningServer;
let sessions: Sessions;
let strangers: Strangers;
let events: string[];
let openedSums: OpenedSum[];
let handle: (member: number, message: Message) => Promise<void>;
const listeners = new Set<() => void>();

let note: (event: string) => void;

beforeEach(async () => {
  // Connections of the test before may still be ending: what they say is not of this test.
  const own: string[] = [];
  events = own;
  note = (event) => {
    own.push(event);
    for (const listener of listeners) listener();
  };
  const noteHere = note;
  openedSums = [];
  handle = async (member, { kind }) => note(`${member}: ${kind}`);
  sessions = new Sessions(
    {
      crypto: nodeBackend,
      roster,
      identity: coordinatorIdentity,
      manifest: '{"a":"manifest"}',
      openedSums: () => openedSums,
      log: createLogger('silent'),
    },
    {
      onJoined: (member) => noteHere(`${member} joined`),
      onMessage: (member, message) => handle(member, message),
      onLost: (member) => noteHere(`${member} lost`),
    },
  );
  strangers = new Strangers(2);
  server = await listen(
    { listen: { host: '127.0.0.1', port: 0 } },
    (...connection) => sessions.accept(...connection),
    strangers,
  );
});
afterEach(async () => {
  vi.useRealTimers();
  await server.close();
});

const visitor = (): Visitor => new Visitor(federation, server.url);

async function joined(member: number): Promise<Visitor> {
  const guest = visitor();
  await guest.hello(member);
  await guest.hears('welcome');
  return guest;
}

/** Resolves when these events have happened, in this order, and no other. */
async function expectEvents(...wanted: string[]): Promise<void> {
  await new Promise<void>((resolve) => {
    const check = (): void => {
      if (events.length < wanted.length) return;
      listeners.delete(check);
      resolve();
    };
    listeners.add(check);
    check();
  });
  expect(events).toEqual(wanted);
}

function openedSum(round: number, bytes = 100): OpenedSum {
  const packed = new Uint8Array(bytes).fill(round);
  const message = {
    kind: 'round-result',
    body: {
      roundContext: new Uint8Array(32).fill(round),
      round,
      attempt: 1,
      survivors: [0, 1, 2],
      survivorsDigest: new Uint8Array(32),
      length: bytes,
      digest: nodeBackend.sha256(packed),
      proof: NO_PROOF,
    },
    signature: new Uint8Array(64),
  } as const;
  return { message, frames: () => resultFrames(message, packed) };
}

const resultsOf = (guest: Visitor): number[] =>
  guest.received.flatMap((message) => (message.kind === 'round-result' ? [message.body.round] : []));

const HERE = `${OLDEST_PROTOCOL_VERSION}..${PROTOCOL_VERSION}`;

describe('the handshake', () => {
  it('opens a session for who signs the challenge with a key of the roster', async () => {
    const guest = visitor();
    const hello = await guest.hello(1);
    const welcome = await guest.hears('welcome');
    expect(welcome.body).toEqual({
      nonce: hello.nonce,
      version: 1,
      manifest: '{"a":"manifest"}',
      openedSums: 0,
    });
    expect(
      verifyMessage(nodeBackend, roster.coordinatorKey, 'welcome', welcome.body, welcome.signature),
    ).toBe(true);
    await expectEvents('1 joined');
    expect(sessions.present).toEqual([1]);
  });

  it.each([
    [OLDEST_PROTOCOL_VERSION, OLDEST_PROTOCOL_VERSION],
    [PROTOCOL_VERSION, PROTOCOL_VERSION],
    [PROTOCOL_VERSION + 1, PROTOCOL_VERSION],
  ])('with a member whose newest version is %i speaks version %i', async (newestVersion, spoken) => {
    const guest = visitor();
    await guest.hello(0, { oldestVersion: OLDEST_PROTOCOL_VERSION, newestVersion });
    expect((await guest.hears('welcome')).body.version).toBe(spoken);
    expect(sessions.versionOf(0)).toBe(spoken);
  });

  it('remembers whom it could not speak with, until it can', async () => {
    const newer = visitor();
    await newer.hello(2, { oldestVersion: PROTOCOL_VERSION + 1, newestVersion: PROTOCOL_VERSION + 1 });
    await newer.closed;
    expect(sessions.refusedVersion(2)).toBe(
      `protocol ${HERE} here, ${PROTOCOL_VERSION + 1}..${PROTOCOL_VERSION + 1} there`,
    );
    // A stranger cannot say it in its name.
    const stranger = visitor();
    const versions = { oldestVersion: PROTOCOL_VERSION + 1, newestVersion: PROTOCOL_VERSION + 1 };
    await stranger.hello(1, versions, new Uint8Array(32));
    expect((await stranger.closed).code).toBe(CLOSE.notAuthenticated);
    expect(sessions.refusedVersion(1)).toBeUndefined();
    await joined(2);
    expect(sessions.refusedVersion(2)).toBeUndefined();
  });

  it('challenges each connection anew', async () => {
    const [a, b] = await Promise.all([visitor().hears('challenge'), visitor().hears('challenge')]);
    expect(a.body.nonce).not.toEqual(b.body.nonce);
  });

  it.each<[string, Parameters<Visitor['hello']>, number, string]>([
    [
      'of another federation',
      [0, { federation: 'other' }],
      CLOSE.policy,
      'this coordinator serves federation test',
    ],
    [
      'over another roster',
      [0, { rosterRoot: new Uint8Array(32) }],
      CLOSE.policy,
      'the roster differs: compare roster roots',
    ],
    [
      'of nobody in the roster',
      [7, {}],
      CLOSE.notAuthenticated,
      'the hello is signed by no member of the roster',
    ],
    [
      "signed with another member's key",
      [0, {}, identities[1]],
      CLOSE.notAuthenticated,
      'the hello is signed by no member of the roster',
    ],
    [
      'for another challenge',
      [0, { challenge: new Uint8Array(32) }],
      CLOSE.notAuthenticated,
      'the hello is signed by no member of the roster',
    ],
    [
      'of a version to come',
      [0, { oldestVersion: PROTOCOL_VERSION + 1, newestVersion: PROTOCOL_VERSION + 2 }],
      CLOSE.version,
      `protocol ${HERE} here, ${PROTOCOL_VERSION + 1}..${PROTOCOL_VERSION + 2} there`,
    ],
    [
      'of a version that is past',
      [0, { oldestVersion: 0, newestVersion: 0 }],
      CLOSE.version,
      `protocol ${HERE} here, 0..0 there`,
    ],
  ])('refuses a hello %s', async (_, hello, code, reason) => {
    const guest = visitor();
    await guest.hello(...hello);
    expect(await guest.closed).toEqual({ code, reason });
    expect(events).toEqual([]);
  });

  it('refuses a hello that was recorded in another connection', async () => {
    const honest = visitor();
    const recorded = await honest.hello(0);
    await honest.hears('welcome');
    const thief = visitor();
    await thief.hears('challenge');
    thief.say('hello', recorded, identities[0] ?? new Uint8Array(32));
    expect((await thief.closed).code).toBe(CLOSE.notAuthenticated);
    await expectEvents('0 joined');
  });

  it('refuses whatever comes before the hello', async () => {
    const guest = visitor();
    await once(guest.webSocket, 'open');
    guest.say('refusal', { member: 0, round: 0, code: '', detail: '' }, identities[0] ?? new Uint8Array(32));
    await guest.hello(0);
    expect(await guest.closed).toEqual({ code: CLOSE.notAuthenticated, reason: 'a hello was due' });
    expect(events).toEqual([]);
  });

  it('does not wait for ever for a hello', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const guest = visitor();
    await guest.hears('challenge');
    vi.advanceTimersByTime(10_000);
    expect(await guest.closed).toEqual({ code: CLOSE.notAuthenticated, reason: 'no hello in time' });
  });

  it('cuts a stranger that sends more than a hello', async () => {
    const guest = visitor();
    await guest.hears('challenge');
    guest.webSocket.send(new Uint8Array(1_000_000));
    expect((await guest.closed).code).toBe(1006);
  });

  it('lets a member send as much as it has to say', async () => {
    const guest = await joined(0);
    const body = { roundContext: new Uint8Array(32), sequence: 0, bytes: new Uint8Array(4 * CHUNK_WORDS) };
    for (let i = 0; i < 20; i++) guest.webSocket.send(encodeMessage('vector-chunk', body, new Uint8Array(0)));
    await expectEvents('0 joined', ...Array<string>(20).fill('0: vector-chunk'));
  });

  it('closes on what is no message', async () => {
    const guest = await joined(0);
    guest.webSocket.send('hello?');
    expect((await guest.closed).code).toBe(CLOSE.badMessage);
    await expectEvents('0 joined', '0 lost');
  });
});

describe('a crowd of strangers', () => {
  it('displaces itself: members stay, and another gets in', async () => {
    const members = [await joined(0), await joined(1)];
    const crowd = [];
    for (let count = 0; count < 4; count++) {
      const stranger = visitor();
      await stranger.hears('challenge');
      crowd.push(stranger);
    }
    await Promise.all(crowd.slice(0, 2).map(({ closed }) => closed));
    members.push(await joined(2));
    expect(sessions.present).toEqual([0, 1, 2]);
    expect(members.every(({ webSocket }) => webSocket.readyState === WebSocket.OPEN)).toBe(true);
  });

  it('has the connections among it that a member left behind', async () => {
    const silent = await joined(0);
    silent.webSocket.pause();
    expect(strangers.size).toBe(0);
    await joined(0);
    // It does not answer the close.
    expect(strangers.size).toBe(1);
  });
});

describe('a member', () => {
  it('that connects again takes over from its old connection', async () => {
    const old = await joined(2);
    const fresh = await joined(2);
    expect(await old.closed).toMatchObject({ code: CLOSE.superseded });
    await expectEvents('2 joined', '2 lost', '2 joined');
    expect(sessions.present).toEqual([2]);
    sessions.send([2], 'round-aborted', {
      batchContext: new Uint8Array(32),
      keyIndex: 0,
      phase: '',
      code: '',
      detail: '',
      asks: 'nothing',
    });
    await fresh.hears('round-aborted');
    expect(old.received.map(({ kind }) => kind)).toEqual(['challenge', 'welcome']);
  });

  it('is not spoken for by messages that its old connection left behind', async () => {
    let proceed!: () => void;
    const held = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    handle = async (member, { kind }) => {
      note(`${member}: ${kind}`);
      await held;
    };
    const old = await joined(0);
    const refusal = { member: 0, round: 0, code: '', detail: '' };
    for (let i = 0; i < 3; i++) old.say('refusal', refusal, identities[0] ?? new Uint8Array(32));
    await expectEvents('0 joined', '0: refusal');
    await joined(0);
    proceed();
    await old.closed;
    await expectEvents('0 joined', '0: refusal', '0 lost', '0 joined');
  });

  it('that leaves is lost once', async () => {
    const guest = await joined(1);
    guest.webSocket.terminate();
    await expectEvents('1 joined', '1 lost');
    expect(sessions.present).toEqual([]);
  });

  it('that is disconnected is lost at once, though it does not answer the close', async () => {
    const guest = await joined(1);
    guest.webSocket.pause();
    sessions.disconnect(1, CLOSE.badMessage, 'enough');
    sessions.disconnect(1, CLOSE.badMessage, 'enough');
    expect([events, sessions.present]).toEqual([['1 joined', '1 lost'], []]);
    guest.webSocket.resume();
    expect(await guest.closed).toEqual({ code: CLOSE.badMessage, reason: 'enough' });
    expect(events).toEqual(['1 joined', '1 lost']);
  });

  it('whose message cannot be handled is disconnected, and the others stay', async () => {
    handle = async () => {
      throw new Error('bug');
    };
    await joined(0);
    const guest = await joined(1);
    guest.say('refusal', { member: 1, round: 0, code: '', detail: '' }, identities[1] ?? new Uint8Array(32));
    expect((await guest.closed).code).toBe(CLOSE.fault);
    await expectEvents('0 joined', '1 joined', '1 lost');
  });
});

describe('opened sums', () => {
  it('come to a late member in order, each once, also those that open while it catches up', async () => {
    openedSums = [openedSum(1, 3_000_000), openedSum(2, 3_000_000), openedSum(3)];
    const guest = visitor();
    await guest.hello(0, { knownSums: 1 });
    expect((await guest.hears('welcome')).body.openedSums).toBe(3);
    openedSums.push(openedSum(4));
    sessions.deliverSums();
    sessions.deliverSums();
    openedSums.push(openedSum(5));
    sessions.deliverSums();
    await guest.hears('round-result', 4);
    expect(resultsOf(guest)).toEqual([2, 3, 4, 5]);
    const chunks = guest.received.flatMap((message) =>
      message.kind === 'vector-chunk' ? [message.body] : [],
    );
    expect(chunks.map(({ roundContext }) => roundContext[0])).toEqual([
      ...Array<number>(12).fill(2),
      3,
      4,
      5,
    ]);
  });

  it('reach the others while one member reads nothing', async () => {
    const [stalled, lively] = await Promise.all([joined(0), joined(1)]);
    stalled.webSocket.pause();
    for (let round = 1; round <= 8; round++) {
      openedSums.push(openedSum(round, 4_000_000));
      sessions.deliverSums();
    }
    await lively.hears('round-result', 8);
    expect(resultsOf(lively)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(resultsOf(stalled)).toEqual([]);
    stalled.webSocket.resume();
    await stalled.hears('round-result', 8);
    expect(resultsOf(stalled)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it('all go to a member that knows more of them, which are those of another run', async () => {
    openedSums = [openedSum(1)];
    const guest = visitor();
    await guest.hello(0, { knownSums: 3 });
    await guest.hears('welcome');
    for (const round of [2, 3, 4]) {
      openedSums.push(openedSum(round));
      sessions.deliverSums();
    }
    await guest.hears('round-result', 4);
    expect(resultsOf(guest)).toEqual([1, 2, 3, 4]);
  });
});

describe('a member that reads too slowly', () => {
  it('is disconnected before what waits for it fills the memory', async () => {
    const guest = await joined(0);
    guest.webSocket.pause();
    const boxes = Array.from({ length: 50 }, () => ({
      body: {
        batchContext: new Uint8Array(32),
        dealer: 0,
        holder: 1,
        sealed: new Uint8Array(20_000),
        commitments: new Uint8Array(0),
      },
      signature: new Uint8Array(64),
    }));
    for (let i = 0; i < 40; i++)
      sessions.send([0], 'held-shares', { batchContext: new Uint8Array(32), boxes });
    guest.webSocket.resume();
    expect(await guest.closed).toEqual({ code: CLOSE.tryAgainLater, reason: 'messages are read too slowly' });
    await expectEvents('0 joined', '0 lost');
  });
});

describe('the end', () => {
  const ended = {
    run: new Uint8Array(32),
    outcome: 'completed',
    detail: '',
    rounds: 1,
    logHead: new Uint8Array(32),
    auditHead: { size: 0, root: new Uint8Array(32), time: 0, signature: new Uint8Array(64) },
  };

  it('lets everything arrive before it closes', async () => {
    const guests = await Promise.all([joined(0), joined(1)]);
    openedSums.push(openedSum(1, 6_000_000));
    sessions.deliverSums();
    sessions.send(sessions.present, 'run-ended', ended);
    await sessions.end(CLOSE.normal, 'run ended', 60_000);
    for (const guest of guests) {
      expect(await guest.closed).toEqual({ code: CLOSE.normal, reason: 'run ended' });
      expect(resultsOf(guest)).toEqual([1]);
      expect(guest.received.at(-1)?.kind).toBe('run-ended');
    }
    // Nobody was lost: it was the end.
    expect(events.filter((event) => event.endsWith('lost'))).toEqual([]);
  });

  it('does not wait for ever for a member that reads nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const [stalled, lively] = await Promise.all([joined(0), joined(1)]);
    stalled.webSocket.pause();
    openedSums.push(openedSum(1, 30_000_000));
    sessions.deliverSums();
    sessions.send(sessions.present, 'run-ended', ended);
    const ending = sessions.end(CLOSE.normal, 'run ended', 10_000);
    await lively.hears('run-ended');
    expect(await lively.closed).toEqual({ code: CLOSE.normal, reason: 'run ended' });
    vi.advanceTimersByTime(10_000);
    await ending;
    expect(resultsOf(stalled)).toEqual([]);
  });
});
