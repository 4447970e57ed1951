import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { EMPTY_SIGNATURE, encodeMessage, MAX_FRAME_BYTES, type Message } from '@tributary/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { CLOSE } from './close-codes.ts';
import { MessageSocket, type MessageSocketEvents, SOCKET_OPTIONS, type SocketEnd } from './message-socket.ts';

const PING_MS = 1000;
const CHUNK = new Uint8Array(65_536);
const servers: WebSocketServer[] = [];

afterEach(() => {
  vi.useRealTimers();
  for (const server of servers.splice(0)) {
    for (const client of server.clients) client.terminate();
    server.close();
  }
});

interface Pair {
  readonly socket: MessageSocket;
  /** The WebSocket under `socket`. */
  readonly own: WebSocket;
  readonly peer: WebSocket;
  readonly log: string[];
  readonly closed: Promise<SocketEnd>;
}

/** A message socket and a bare WebSocket at its other end. */
async function connected(events: Partial<MessageSocketEvents> = {}, peerOptions = {}): Promise<Pair> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...SOCKET_OPTIONS });
  servers.push(server);
  await once(server, 'listening');
  const peer = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, peerOptions);
  const [[own]] = (await Promise.all([once(server, 'connection'), once(peer, 'open')])) as [
    [WebSocket],
    unknown,
  ];
  const log: string[] = [];
  const socket = new MessageSocket(
    own,
    {
      onMessage: async ({ kind }) => void log.push(kind),
      onMalformed: (detail) => void log.push(`malformed: ${detail}`),
      onFault: (error) => void log.push(`fault: ${String(error)}`),
      onClose: () => {},
      ...events,
    },
    // No heartbeat but where a test makes it beat.
    { pingIntervalMs: vi.isFakeTimers() ? PING_MS : 86_400_000 },
  );
  return { socket, own, peer, log, closed: socket.closed };
}

const chunk = (sequence: number, bytes = CHUNK): Uint8Array =>
  encodeMessage('vector-chunk', { roundContext: new Uint8Array(32), sequence, bytes }, EMPTY_SIGNATURE);

const sequenceOf = (message: Message): number =>
  message.kind === 'vector-chunk' ? message.body.sequence : -1;

function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open!: () => void;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

/** Sends chunks until one waits. */
async function fill(
  socket: MessageSocket,
): Promise<{ readonly sent: number; readonly waiting: Promise<void> }> {
  for (let sent = 1; sent < 2000; sent++) {
    let settled = false;
    const waiting = socket.sendFrame(chunk(sent)).then(() => {
      settled = true;
    });
    await new Promise(setImmediate);
    if (!settled) return { sent, waiting };
  }
  throw new Error('no send ever waited');
}

describe('a message socket that receives', () => {
  it('delivers in order, the next when the last is dealt with', async () => {
    const taken: string[] = [];
    let busy = 0;
    const { peer, closed } = await connected({
      async onMessage(message) {
        busy += 1;
        taken.push(`begin ${sequenceOf(message)} with ${busy} at work`);
        await new Promise(setImmediate);
        taken.push(`end ${sequenceOf(message)}`);
        busy -= 1;
      },
    });
    for (let i = 0; i < 5; i++) peer.send(chunk(i));
    peer.close();
    await closed;
    expect(taken).toEqual([0, 1, 2, 3, 4].flatMap((i) => [`begin ${i} with 1 at work`, `end ${i}`]));
  });

  it('handles what came before the close, then reports the close once', async () => {
    const order: string[] = [];
    const handled = gate();
    const { peer, own, closed } = await connected({
      async onMessage() {
        await handled.passed;
        order.push('message');
      },
      onClose: () => void order.push('close'),
    });
    peer.send(chunk(0));
    peer.close(1000, 'bye');
    await once(own, 'close');
    expect(order).toEqual([]);
    handled.open();
    expect(await closed).toEqual({ code: 1000, reason: 'bye' });
    expect(order).toEqual(['message', 'close']);
  });

  it.each([
    [
      'a frame that is no message',
      Uint8Array.of(0xc1),
      'malformed: byte 0 begins no integer, text, bytes or list',
    ],
    ['an empty frame', new Uint8Array(0), 'malformed: the frame ends within a value'],
    ['text', 'hello', 'malformed: a text frame'],
  ])('reports %s, closes with 4400 and hears no more', async (_, frame, entry) => {
    const { peer, log, closed } = await connected();
    peer.send(frame);
    peer.send(chunk(1));
    peer.send(frame);
    const [code] = (await once(peer, 'close')) as [number];
    await closed;
    expect(code).toBe(CLOSE.badMessage);
    expect(log).toEqual([entry]);
  });

  it('refuses a frame above the cap before it is whole', async () => {
    const { peer, log, closed } = await connected();
    peer.on('error', () => {});
    peer.send(new Uint8Array(MAX_FRAME_BYTES + 1));
    await closed;
    expect(log).toEqual(['malformed: Max payload size exceeded']);
  });

  it('reports a handler that fails as a fault of this side, and closes', async () => {
    const faults: unknown[] = [];
    const taken: number[] = [];
    const { peer, closed } = await connected({
      async onMessage(message) {
        taken.push(sequenceOf(message));
        throw new Error('disk full');
      },
      onFault: (error) => void faults.push(error),
    });
    peer.send(chunk(0));
    peer.send(chunk(1));
    const [code, reason] = (await once(peer, 'close')) as [number, Buffer];
    await closed;
    expect([code, reason.toString()]).toEqual([CLOSE.fault, 'internal error']);
    expect(faults).toEqual([new Error('disk full')]);
    expect(taken).toEqual([0]);
  });

  it('stops reading while much waits to be handled, and reads on after it', async () => {
    const handled = gate();
    const first = gate();
    let taken = 0;
    const { peer, own, closed } = await connected({
      async onMessage() {
        first.open();
        await handled.passed;
        taken += 1;
      },
    });
    const total = 400;
    for (let i = 0; i < total; i++) peer.send(chunk(i));
    await first.passed;
    while (!own.isPaused) await new Promise(setImmediate);
    // The peer has far more to say than this side has heard.
    expect(peer.bufferedAmount).toBeGreaterThan(0);
    handled.open();
    peer.close();
    await closed;
    expect(taken).toBe(total);
  });

  it('stops reading small messages too', async () => {
    const handled = gate();
    let taken = 0;
    const { peer, own, closed } = await connected({
      async onMessage() {
        await handled.passed;
        taken += 1;
      },
    });
    for (let i = 0; i < 1000; i++) peer.send(chunk(i, new Uint8Array(1)));
    while (!own.isPaused) await new Promise(setImmediate);
    handled.open();
    peer.close();
    await closed;
    expect(taken).toBe(1000);
  });
});

describe('a message socket that sends', () => {
  it('waits while the peer does not read, so that memory stays bounded, and loses nothing', async () => {
    const { socket, own, peer } = await connected();
    peer.pause();
    const { sent, waiting } = await fill(socket);
    expect(own.bufferedAmount).toBeLessThan(2 ** 20 + 2 * CHUNK.length);
    let received = 0;
    let intact = true;
    const all = gate();
    peer.on('message', (data: Buffer) => {
      received += 1;
      intact &&= data.equals(chunk(received));
      if (received === sent) all.open();
    });
    peer.resume();
    await waiting;
    await all.passed;
    expect(intact).toBe(true);
    expect(socket.bytesSent).toBe(sent * chunk(1).length);
  });

  it('does not wait for ever for a peer that dies', async () => {
    const { socket, peer, closed } = await connected();
    peer.pause();
    const { waiting } = await fill(socket);
    peer.terminate();
    await waiting;
    await closed;
    expect(socket.open).toBe(false);
  });

  it('swallows what is sent after the close', async () => {
    const { socket, peer, closed } = await connected();
    peer.terminate();
    await closed;
    await socket.sendFrame(chunk(0));
    expect(socket.bytesSent).toBe(0);
  });

  it('cuts a close reason to whole characters that fit', async () => {
    const { socket, peer } = await connected();
    socket.close(CLOSE.policy, `${'x'.repeat(121)}€€€`);
    const [code, reason] = (await once(peer, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([CLOSE.policy, 'x'.repeat(121)]);
  });

  it('drops what arrives after its own close', async () => {
    const { socket, peer, log, closed } = await connected();
    socket.close(CLOSE.policy);
    peer.send(chunk(0));
    peer.send('text');
    await closed;
    expect(log).toEqual([]);
  });

  it('closes while it has stopped reading', async () => {
    const handled = gate();
    const { socket, own, peer, closed } = await connected({ onMessage: () => handled.passed });
    for (let i = 0; i < 200; i++) peer.send(chunk(i, new Uint8Array(1)));
    while (!own.isPaused) await new Promise(setImmediate);
    socket.close(CLOSE.superseded);
    const [code] = (await once(peer, 'close')) as [number];
    expect(code).toBe(CLOSE.superseded);
    handled.open();
    await closed;
  });
});

async function withFakeIntervals(peerOptions = {}): Promise<Pair> {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  return await connected({}, peerOptions);
}

describe('the heartbeat', () => {
  it('keeps a peer that answers', async () => {
    const { socket, own } = await withFakeIntervals();
    for (let beat = 0; beat < 6; beat++) {
      const pong = once(own, 'pong');
      vi.advanceTimersByTime(PING_MS);
      await pong;
    }
    expect(socket.open).toBe(true);
  });

  it('gives up a half-open peer', async () => {
    const { closed } = await withFakeIntervals({ autoPong: false });
    vi.advanceTimersByTime(3 * PING_MS);
    expect(await closed).toEqual({ code: 1006, reason: '' });
  });

  it('gives up a peer that says it lives and reads nothing', async () => {
    const { socket, own, peer, closed } = await withFakeIntervals({ autoPong: false });
    peer.pause();
    const { waiting } = await fill(socket);
    for (let beat = 0; beat < 3; beat++) {
      const pong = once(own, 'pong');
      peer.pong();
      await pong;
      vi.advanceTimersByTime(PING_MS);
    }
    expect(await closed).toEqual({ code: 1006, reason: '' });
    await waiting;
  });

  it('does not blame the peer while this side has stopped reading', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const handled = gate();
    const { socket, own, peer, closed } = await connected({ onMessage: () => handled.passed });
    for (let i = 0; i < 200; i++) peer.send(chunk(i, new Uint8Array(1)));
    while (!own.isPaused) await new Promise(setImmediate);
    vi.advanceTimersByTime(10 * PING_MS);
    expect(socket.open).toBe(true);
    handled.open();
    peer.close();
    await closed;
  });

  it('ends with the socket', async () => {
    const { peer, closed } = await withFakeIntervals();
    peer.close();
    await closed;
    expect(vi.getTimerCount()).toBe(0);
  });
});
