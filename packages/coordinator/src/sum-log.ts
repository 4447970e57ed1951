/** The sums that were opened, on disk for the operator and at hand for members that come late. They are public. */
import { appendFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toHex } from '@tributary/crypto';
import type { Message } from '@tributary/protocol';

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

  async create(): Promise<void> {
    await mkdir(join(this.#directory, 'sums'), { recursive: true });
    await writeFile(join(this.#directory, 'sums.jsonl'), '');
  }

  async append(
    opened: OpenedSum,
    record: Omit<SumRecord, 'file' | 'roundContext' | 'digest' | 'round'>,
    words: Int32Array,
  ): Promise<void> {
    const { body } = opened.message;
    const file = join('sums', `${String(body.round).padStart(5, '0')}.i32`);
    const bytes = new DataView(new ArrayBuffer(words.length * 4));
    words.forEach((word, i) => bytes.setInt32(i * 4, word, true));
    await writeFile(join(this.#directory, file), new Uint8Array(bytes.buffer));
    const line: SumRecord = {
      round: body.round,
      ...record,
      roundContext: toHex(body.roundContext),
      digest: toHex(body.digest),
      file,
    };
    await appendFile(join(this.#directory, 'sums.jsonl'), `${JSON.stringify(line)}\n`);
    this.#opened.push(opened);
  }
}
