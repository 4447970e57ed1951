/**
 * What is on its way to one member, in order. Nobody waits for it: a member that reads slowly, or not at all, delays itself and
 * nobody else.
 */
import { CLOSE, type MessageSocket } from '@tributary/runtime';

/** Bytes of messages that may wait for one member. Vectors do not count: their bytes are shared by all who get them. */
const MAX_WAITING_BYTES = 32 * 2 ** 20;

export class Outbox {
  readonly #socket: Pick<MessageSocket, 'close' | 'sendFrame'>;
  #tail: Promise<void> = Promise.resolve();
  #waitingBytes = 0;

  constructor(socket: Pick<MessageSocket, 'close' | 'sendFrame'>) {
    this.#socket = socket;
  }

  push(frame: Uint8Array): void {
    this.#waitingBytes += frame.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) {
      this.#socket.close(CLOSE.tryAgainLater, 'messages are read too slowly');
    }
    this.#tail = this.#tail.then(async () => {
      await this.#socket.sendFrame(frame);
      this.#waitingBytes -= frame.length;
    });
  }

  /**
   * Frames that are made when their turn comes.
   * @param onFault they could not be made: the socket is closed, and the member may come back for them
   */
  pushStream(
    frames: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
    onFault: (error: unknown) => void,
  ): void {
    this.#tail = this.#tail.then(async () => {
      try {
        for await (const frame of frames()) await this.#socket.sendFrame(frame);
      } catch (error) {
        onFault(error);
        this.#socket.close(CLOSE.fault, 'internal error');
      }
    });
  }

  /** Resolves when all that was pushed is handed over, or the socket is closed. */
  async drained(): Promise<void> {
    await this.#tail;
  }
}
