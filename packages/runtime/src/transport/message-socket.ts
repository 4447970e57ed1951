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
import { CLOSE, type CloseCode } from './close-codes.ts';

/** Options that both ends set: no compression (masked vectors do not shrink) and no frame above the codec's cap. */
export const SOCKET_OPTIONS: { readonly perMessageDeflate: false; readonly maxPayload: number } = {
  perMessageDeflate: false,
  maxPayload: MAX_FRAME_BYTES,
};

/** Bytes that may wait in the sending buffer before `send` waits. */
const HIGH_WATER_BYTES = 1 << 20;
const PING_INTERVAL_MS = 20_000;

export interface MessageSocketEvents {
  /** Messages arrive one after the other: the next is delivered when the promise of the last has settled. */
  readonly onMessage: (message: Message) => Promise<void>;
  readonly onClose: (code: number, reason: string) => void;
  /** A frame that is no message of this protocol; the socket closes after it. */
  readonly onMalformed: (detail: string) => void;
  /** `onMessage` failed: a fault of this side. The socket closes after it. */
  readonly onFault: (error: unknown) => void;
}

export class MessageSocket {
  readonly #socket: WebSocket;
  readonly #events: MessageSocketEvents;
  readonly #ping: NodeJS.Timeout;
  #answered = true;
  #inbox: Promise<void> = Promise.resolve();
  #waiting = 0;
  #closed = false;
  #bytesSent = 0;

  constructor(socket: WebSocket, events: MessageSocketEvents) {
    this.#socket = socket;
    this.#events = events;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data, isBinary) => this.#receive(data, isBinary));
    socket.on('pong', () => {
      this.#answered = true;
    });
    socket.on('error', () => socket.terminate());
    socket.on('close', (code, reason) => {
      clearInterval(this.#ping);
      if (this.#closed) return;
      this.#closed = true;
      // What was received before the close is handled before it.
      void this.#inbox.then(() => events.onClose(code, reason.toString()));
    });
    this.#ping = setInterval(() => this.#beat(), PING_INTERVAL_MS);
    this.#ping.unref();
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Bytes of all frames sent, without the WebSocket's and TLS's own. */
  get bytesSent(): number {
    return this.#bytesSent;
  }

  /** Resolves when the message is handed over, or at once while the buffer is short; a closed socket swallows it. */
  async send<K extends MessageKind>(kind: K, body: Bodies[K], signature: Uint8Array): Promise<void> {
    await this.sendFrame(encodeMessage(kind, body, signature));
  }

  async sendFrame(frame: Uint8Array): Promise<void> {
    if (!this.open) return;
    this.#bytesSent += frame.length;
    if (this.#socket.bufferedAmount < HIGH_WATER_BYTES) {
      this.#socket.send(frame, () => {});
      return;
    }
    await new Promise<void>((resolve) => {
      this.#socket.send(frame, () => resolve());
    });
  }

  close(code: CloseCode, reason = ''): void {
    if (this.#socket.readyState === WebSocket.CONNECTING) this.#socket.terminate();
    else this.#socket.close(code, reason.slice(0, 120));
  }

  #beat(): void {
    if (!this.#answered) {
      this.#socket.terminate();
      return;
    }
    this.#answered = false;
    if (this.open) this.#socket.ping();
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (this.#closed) return;
    const decoded = isBinary && data instanceof Uint8Array ? decodeMessage(data) : undefined;
    if (decoded === undefined || !decoded.ok) {
      this.#events.onMalformed(decoded === undefined ? 'a text frame' : decoded.detail);
      this.close(CLOSE.badMessage, 'malformed frame');
      return;
    }
    this.#waiting += 1;
    if (this.#waiting === MAX_WAITING) this.#socket.pause();
    this.#inbox = this.#inbox.then(async () => {
      try {
        await this.#events.onMessage(decoded.message);
      } catch (error) {
        this.#events.onFault(error);
        this.close(CLOSE.fault, 'internal error');
      } finally {
        this.#waiting -= 1;
        if (this.#waiting === MAX_WAITING - 1) this.#socket.resume();
      }
    });
  }
}

/** Messages that may wait to be handled before the socket stops reading. */
const MAX_WAITING = 64;
