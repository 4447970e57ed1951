/**
 * Messages over one WebSocket: frames are checked before they are seen, sending waits for the peer, silence closes the
 * connection. Both ends use it.
 */
import {
  type Bodies,
  decodeMessage,
  encodeMessage,
  MAX_FRAME_BYTES,
  type Message,
  type MessageKind,
} from '@tributary/protocol';
import { type RawData, WebSocket } from 'ws';
import { systemErrorCode } from '../errors.ts';
import { CLOSE, type CloseCode } from './close-codes.ts';

/**
 * Options that both ends set: no compression (masked vectors do not shrink), no frame above the codec's cap, and no long wait for
 * a peer that does not answer a close.
 */
export const SOCKET_OPTIONS: {
  readonly perMessageDeflate: false;
  readonly maxPayload: number;
  readonly closeTimeout: number;
} = {
  perMessageDeflate: false,
  maxPayload: MAX_FRAME_BYTES,
  closeTimeout: 10_000,
};

/** Bytes that may wait in the sending buffer before `send` waits. */
const HIGH_WATER_BYTES = 1 << 20;
/** Messages, and bytes of messages, that may wait to be handled before the socket stops reading. */
const MAX_WAITING = 64;
const MAX_WAITING_BYTES = 1 << 18;
const PING_INTERVAL_MS = 15_000;
/** Intervals in which nothing comes, or nothing goes, before the peer counts as gone. One may pass while this process is busy. */
const MAX_MISSED_BEATS = 2;
/** RFC 6455 section 5.5: a control frame holds 125 bytes, two of them are the code. */
const MAX_REASON_BYTES = 123;

export interface MessageSocketEvents {
  /** Messages arrive one after the other: the next is delivered when the promise of the last has settled. */
  readonly onMessage: (message: Message) => Promise<void>;
  /** After the last message was handled. */
  readonly onClose: (end: SocketEnd) => void;
  /** A frame that is no message of this protocol; the socket closes after it. */
  readonly onMalformed: (detail: string) => void;
  /** `onMessage` failed: a fault of this side. The socket closes after it. */
  readonly onFault: (error: unknown) => void;
}

export interface MessageSocketOptions {
  readonly pingIntervalMs?: number;
}

/** How a session ended; code 1006 where the connection was cut. */
export interface SocketEnd {
  readonly code: number;
  readonly reason: string;
}

export class MessageSocket {
  /** Resolves after `onClose`. */
  readonly closed: Promise<SocketEnd>;
  readonly #socket: WebSocket;
  readonly #events: MessageSocketEvents;
  readonly #heartbeat: NodeJS.Timeout;
  #missedBeats = 0;
  #heard = true;
  /** Frames on their way out, and whether one left since the last beat. */
  #leaving = 0;
  #left = false;
  #inbox: Promise<void> = Promise.resolve();
  #waiting = 0;
  #waitingBytes = 0;
  #closing = false;
  #bytesSent = 0;

  constructor(socket: WebSocket, events: MessageSocketEvents, options: MessageSocketOptions = {}) {
    this.#socket = socket;
    this.#events = events;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    for (const sign of ['ping', 'pong'] as const) {
      socket.on(sign, () => {
        this.#heard = true;
      });
    }
    socket.on('error', (error) => this.#failed(error));
    this.closed = this.#ended();
    this.#heartbeat = setInterval(() => this.#beat(), options.pingIntervalMs ?? PING_INTERVAL_MS);
    this.#heartbeat.unref();
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Bytes of all frames sent, without the WebSocket's and TLS's own. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** Resolves at once while little waits to be sent, else when the message is handed over. A closed socket swallows it. */
  async send<K extends MessageKind>(kind: K, body: Bodies[K], signature: Uint8Array): Promise<void> {
    await this.sendFrame(encodeMessage(kind, body, signature));
  }

  /** As `send`, for a message that is encoded already. */
  async sendFrame(frame: Uint8Array): Promise<void> {
    if (!this.open) return;
    const full = this.#socket.bufferedAmount >= HIGH_WATER_BYTES;
    this.#bytesSent += frame.length;
    this.#leaving += 1;
    const gone = new Promise<void>((resolve) => {
      // Also called, with an error, for what a closing socket leaves unsent.
      this.#socket.send(frame, () => {
        this.#leaving -= 1;
        this.#left = true;
        resolve();
      });
    });
    if (full) await gone;
  }

  /** Ends the session: what arrives from now on is dropped, what was sent before still goes out. */
  close(code: CloseCode, reason = ''): void {
    this.#closing = true;
    if (this.#socket.readyState === WebSocket.CONNECTING) {
      this.#socket.terminate();
      return;
    }
    // A paused socket would not see the answer.
    this.#socket.resume();
    this.#socket.close(code, clipped(reason));
  }

  /** Cuts the connection at once, without a word to the peer; what waits is not sent. */
  terminate(): void {
    this.#closing = true;
    this.#socket.terminate();
  }

  async #ended(): Promise<SocketEnd> {
    const end = await new Promise<SocketEnd>((resolve) => {
      this.#socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    clearInterval(this.#heartbeat);
    // What was received before the close is handled before it.
    await this.#inbox;
    try {
      this.#events.onClose(end);
    } catch (error) {
      this.#events.onFault(error);
    }
    return end;
  }

  /** A peer that is silent, or that takes nothing of what is sent to it, is gone. */
  #beat(): void {
    const silent = !this.#heard && !this.#socket.isPaused;
    const stuck = this.#leaving > 0 && !this.#left;
    this.#missedBeats = silent || stuck ? this.#missedBeats + 1 : 0;
    if (this.#missedBeats === MAX_MISSED_BEATS) {
      this.#socket.terminate();
      return;
    }
    this.#heard = false;
    this.#left = false;
    if (this.open) this.#socket.ping();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closing) return;
    this.#heard = true;
    if (!isBinary || !(data instanceof Uint8Array)) {
      this.#malformed('a text frame');
      return;
    }
    const decoded = decodeMessage(data);
    if (!decoded.ok) {
      this.#malformed(decoded.detail);
      return;
    }
    this.#wait(1, data.length);
    this.#inbox = this.#inbox.then(async () => {
      try {
        if (!this.#closing) await this.#events.onMessage(decoded.message);
      } catch (error) {
        this.#events.onFault(error);
        this.close(CLOSE.fault, 'internal error');
      } finally {
        this.#wait(-1, -data.length);
      }
    });
  }

  /** Counts what waits to be handled; too much of it stops the reading until it is less. */
  #wait(messages: number, bytes: number): void {
    this.#waiting += messages;
    this.#waitingBytes += bytes;
    const full = this.#waiting >= MAX_WAITING || this.#waitingBytes >= MAX_WAITING_BYTES;
    if (full && !this.#closing) this.#socket.pause();
    else if (this.#socket.isPaused) this.#socket.resume();
  }

  #malformed(detail: string): void {
    this.#events.onMalformed(detail);
    this.close(CLOSE.badMessage, 'malformed frame');
  }

  /** ws closes the socket itself after an error; a broken WebSocket frame, such as one above the cap, is the peer's fault. */
  #failed(error: Error): void {
    if (!this.#closing && (systemErrorCode(error)?.startsWith('WS_ERR_') ?? false)) {
      this.#events.onMalformed(error.message);
    }
    this.#closing = true;
  }
}

/** Whole characters of `reason`, as many as a close frame holds. */
function clipped(reason: string): Buffer {
  const bytes = Buffer.alloc(MAX_REASON_BYTES);
  return bytes.subarray(0, new TextEncoder().encodeInto(reason, bytes).written);
}
