/** The sums that were opened, on disk for the operator and at hand for members that come late. They are public. */
import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@tributary/crypto';
import { CHUNK_WORDS, EMPTY_SIGNATURE, encodeMessage, type Message } from '@tributary/protocol';
import { fileFailure } from '@tributary/runtime';

export interface OpenedSum {
  readonly message: Message<'round-result'>;
  /** Packed at the ring's width, as its chunks travel. */
  readonly packed: Uint8Array;
}

/** One line of `sums.jsonl`. */
export interface SumRecord {
  readonly round: number;
  readonly step: string;
  readonly dimension: number;
  readonly bits: number;
  readonly scale: number;
  /** Names of the members in the sum. */
  readonly survivors: readonly string[];
  readonly roundContext: string;
  readonly digest: string;
  /** File with the sum as little-endian Int32. */
  readonly file: string;
}

const CHUNK_BYTES = CHUNK_WORDS * 4;

/** The messages that bring an opened sum to a member: its chunks, then what signs their digest. */
export function* resultFrames({ message, packed }: OpenedSum): Generator<Uint8Array, void, void> {
  const { roundContext } = message.body;
  for (let offset = 0, sequence = 0; offset < packed.length; offset += CHUNK_BYTES, sequence++) {
    const bytes = packed.subarray(offset, offset + CHUNK_BYTES);
    yield encodeMessage('vector-chunk', { roundContext, sequence, bytes }, EMPTY_SIGNATURE);
  }
  yield encodeMessage('round-result', message.body, message.signature);
}

export class SumLog {
  readonly #directory: string;
  readonly #opened: OpenedSum[] = [];

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Sums opened so far, oldest first. */
  get opened(): readonly OpenedSum[] {
    return this.#opened;
  }

  /** Begins an empty log; sums of an earlier run are removed. @throws RuntimeError BAD_FILE */
  async create(): Promise<void> {
    await this.#writing(async () => {
      await rm(join(this.#directory, 'sums'), { recursive: true, force: true });
      await mkdir(join(this.#directory, 'sums'), { recursive: true });
      await writeFile(this.#index, '');
    });
  }

  /** @throws RuntimeError BAD_FILE */
  async append(
    opened: OpenedSum,
    record: Omit<SumRecord, 'file' | 'roundContext' | 'digest' | 'round'>,
    words: Int32Array,
  ): Promise<void> {
    const { body } = opened.message;
    const file = join('sums', `${String(body.round).padStart(5, '0')}.i32`);
    const line: SumRecord = {
      round: body.round,
      ...record,
      roundContext: toHex(body.roundContext),
      digest: toHex(body.digest),
      file,
    };
    await this.#writing(async () => {
      await writeFile(join(this.#directory, file), littleEndian(words));
      await appendFile(this.#index, `${JSON.stringify(line)}\n`);
    });
    this.#opened.push(opened);
  }

  get #index(): string {
    return join(this.#directory, 'sums.jsonl');
  }

  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw fileFailure('write', this.#index, error);
    }
  }
}

function littleEndian(words: Int32Array): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, i) => bytes.setInt32(i * 4, word, true));
  return new Uint8Array(bytes.buffer);
}
