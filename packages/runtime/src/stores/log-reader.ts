/** Reads the frames of a log file front to back and tells a torn tail from damage. */
import { RuntimeError } from '../errors.ts';
import { crc32c } from './crc32c.ts';
import { MAX_TRANSACTION_BYTES } from './event-log.ts';
import type { OpenFile } from './file-system.ts';
import {
  decodeFrameHeader,
  decodeRecords,
  FILE_HEADER_BYTES,
  FRAME_HEADER_BYTES,
  RESTORE_HINT,
} from './log-format.ts';

const READ_AHEAD_BYTES = 256 * 1024;

export interface Frame {
  readonly position: number;
  readonly epoch: number;
  readonly payload: Uint8Array;
}

export interface LogFile {
  readonly path: string;
  readonly file: OpenFile;
  /** From `checkFileHeader`. */
  readonly seed: number;
}

export class LogReader {
  readonly #log: LogFile;
  readonly #end: number;
  #position: number = FILE_HEADER_BYTES;
  #window: Uint8Array = new Uint8Array(0);
  #windowStart = 0;

  /** @param end where to stop: the file's size, or how much of it is durable */
  constructor(log: LogFile, end: number) {
    this.#log = log;
    this.#end = end;
  }

  /** Where the next frame should start: behind the last good one. */
  get position(): number {
    return this.#position;
  }

  /** The next frame, or undefined at the end and where what follows is no whole frame. */
  async next(): Promise<Frame | undefined> {
    const position = this.#position;
    const bytes = await this.#bytes(position, FRAME_HEADER_BYTES);
    const header = bytes === undefined ? undefined : decodeFrameHeader(this.#log.seed, position, bytes, 0);
    if (header === undefined) return undefined;
    const payload = await this.#bytes(position + FRAME_HEADER_BYTES, header.length);
    if (payload === undefined || crc32c(payload) !== header.payloadChecksum) return undefined;
    this.#position = position + FRAME_HEADER_BYTES + payload.length;
    return { position, epoch: header.epoch, payload };
  }

  /** All records up to the end. @throws RuntimeError BAD_FILE where a frame before it is damaged */
  async *records(): AsyncGenerator<Uint8Array> {
    for (let frame = await this.next(); frame !== undefined; frame = await this.next()) {
      yield* decodeRecords(frame.payload, this.#log.path);
    }
    if (this.#position !== this.#end) throw this.#damaged('');
  }

  /**
   * To be called where `next` has found no frame: accepts what is left if a crash can have torn it.
   * @throws RuntimeError BAD_FILE where it cannot: there are signs of later frames, so these bytes were acknowledged
   */
  async requireTornTail(): Promise<void> {
    const torn = this.#position;
    if (this.#end - torn > FRAME_HEADER_BYTES + MAX_TRANSACTION_BYTES) {
      throw this.#damaged(', with more behind it than one write can leave');
    }
    const tail = (await this.#bytes(torn, this.#end - torn)) ?? new Uint8Array(0);
    const header = decodeFrameHeader(this.#log.seed, torn, tail, 0);
    if (header !== undefined && FRAME_HEADER_BYTES + header.length < tail.length) {
      throw this.#damaged(', with more behind it');
    }
    for (let offset = 1; offset < tail.length; offset++) {
      if (decodeFrameHeader(this.#log.seed, torn + offset, tail, offset) !== undefined) {
        throw this.#damaged(`, with a later entry at byte ${torn + offset}`);
      }
    }
  }

  /** A view of the file, or undefined where it ends before. */
  async #bytes(position: number, length: number): Promise<Uint8Array | undefined> {
    if (position + length > this.#end) return undefined;
    const offset = position - this.#windowStart;
    if (offset < 0 || offset + length > this.#window.length) {
      // A fresh window each time: views into the last one may still be in use.
      this.#window = new Uint8Array(Math.min(Math.max(length, READ_AHEAD_BYTES), this.#end - position));
      this.#windowStart = position;
      const read = await this.#log.file.read(this.#window, position);
      if (read < this.#window.length) throw this.#damaged(': it became shorter while it was read');
      return this.#window.subarray(0, length);
    }
    return this.#window.subarray(offset, offset + length);
  }

  #damaged(detail: string): RuntimeError {
    return new RuntimeError(
      'BAD_FILE',
      `event log ${this.#log.path} is damaged at byte ${this.#position}${detail}`,
      RESTORE_HINT,
    );
  }
}
