/**
 * The sums that were opened, on disk for the operator and for members that come late. They are public. The log is what a run goes on
 * from after a restart: a sum is in it, durably, before its round counts as opened.
 */
import { mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CryptoBackend,
  equalBytes,
  fromBase64,
  fromHex,
  packedLength,
  packWords,
  toBase64,
  toHex,
} from '@tributary/crypto';
import {
  CHUNK_WORDS,
  decodeMessage,
  EMPTY_SIGNATURE,
  encodeMessage,
  type Message,
  type Roster,
  type RoundResult,
  verifyMessage,
} from '@tributary/protocol';
import {
  appendDurably,
  fileFailure,
  nodeFileSystem,
  RuntimeError,
  syncDirectory,
  writeDurably,
} from '@tributary/runtime';
import { z } from 'zod';

export interface OpenedSum {
  readonly message: Message<'round-result'>;
  /** The messages that bring it to a member, encoded. */
  readonly frames: () => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** One line of `sums.jsonl`. Digests and contexts are hexadecimal. */
export interface SumRecord {
  /** The run's id. */
  readonly run: string;
  readonly round: number;
  /** The attempt that was opened. */
  readonly attempt: number;
  readonly step: string;
  readonly dimension: number;
  readonly bits: number;
  readonly scale: number;
  /** Names of the members in the sum. */
  readonly survivors: readonly string[];
  readonly roundContext: string;
  readonly survivorsDigest: string;
  /** SHA-256 of the packed sum. */
  readonly digest: string;
  /** The signed result that members get, as it is sent, in base64. */
  readonly message: string;
  /** File with the sum as little-endian Int32. */
  readonly file: string;
}

/** `CHUNK_WORDS` words of 32 bits. */
const MAX_PIECE_BYTES = CHUNK_WORDS * 4;

const hex = (bytes: number): z.ZodType<string> =>
  z
    .string()
    .length(2 * bytes)
    .regex(/^[0-9a-f]*$/);

const sumRecord: z.ZodType<SumRecord> = z.object({
  run: hex(32),
  round: z.int().min(1).max(65_535),
  attempt: z.int().min(1),
  step: z.string(),
  dimension: z.int().min(1),
  bits: z.int().min(13).max(32),
  scale: z.number(),
  survivors: z.array(z.string()),
  roundContext: hex(32),
  survivorsDigest: hex(32),
  digest: hex(32),
  message: z.base64(),
  file: z.string().regex(/^sums\/\d{5}\.i32$/),
});

/** The messages that bring an opened sum to a member: its chunks, then what signs their digest. */
export function* resultFrames(
  { body, signature }: Message<'round-result'>,
  packed: Uint8Array,
): Generator<Uint8Array, void, void> {
  for (let at = 0, sequence = 0; at < packed.length; at += MAX_PIECE_BYTES, sequence++) {
    yield chunkFrame(body, sequence, packed.subarray(at, at + MAX_PIECE_BYTES));
  }
  yield encodeMessage('round-result', body, signature);
}

function chunkFrame({ roundContext }: RoundResult, sequence: number, bytes: Uint8Array): Uint8Array {
  return encodeMessage('vector-chunk', { roundContext, sequence, bytes }, EMPTY_SIGNATURE);
}

export class SumLog {
  readonly #directory: string;
  readonly #run: string;
  readonly #opened: OpenedSum[] = [];
  /** The frames of the newest sum, which go to all members at once; older sums are read back from disk. */
  #newest: { readonly round: number; readonly frames: readonly Uint8Array[] } | undefined;

  /** @param run id of the run whose sums these are */
  constructor(directory: string, run: Uint8Array) {
    this.#directory = directory;
    this.#run = toHex(run);
  }

  /** Sums opened so far, oldest first. */
  get opened(): readonly OpenedSum[] {
    return this.#opened;
  }

  /** Begins an empty log; sums of an earlier run are removed. @throws RuntimeError BAD_FILE */
  async create(): Promise<void> {
    await this.#writing(async () => {
      // The index first: a line never names a file that is gone.
      await writeDurably(this.#index, '');
      for (const vectors of ['sums', 'masked', 'uploads']) {
        await rm(join(this.#directory, vectors), { recursive: true, force: true });
        // Masked uploads are as private as the coordinator's state: their masks are as strong as X25519 for as long as they lie there.
        const mode = vectors === 'uploads' ? 0o700 : 0o777;
        await mkdir(join(this.#directory, vectors), { recursive: true, mode });
      }
      await syncDirectory(nodeFileSystem, this.#directory);
    });
  }

  /**
   * Reads back the sums of this run; where there are none begins an empty log.
   * @throws RuntimeError BAD_FILE where they are not the ones that were opened
   */
  async restore(crypto: CryptoBackend, roster: Roster): Promise<void> {
    const lines = await this.#lines();
    const records = lines.map((line, i) => this.#record(line, i));
    if (records.length === 0 || records[0]?.run !== this.#run) {
      await this.create();
      return;
    }
    for (const [i, record] of records.entries()) {
      const sum = await this.#restoredSum(crypto, roster, record);
      if (record.run !== this.#run || record.round !== i + 1 || sum === undefined) {
        throw this.#damaged(`line ${i + 1} and its file are not a sum that was opened`);
      }
      this.#opened.push(sum);
    }
  }

  /**
   * Resolves once the sum is durable. A sum that is there already, from before a restart, is not written again.
   * @throws RuntimeError BAD_FILE; RUN_FAILED where another sum of the same round is there
   */
  async append(
    opened: { readonly message: Message<'round-result'>; readonly packed: Uint8Array },
    record: Pick<SumRecord, 'step' | 'dimension' | 'bits' | 'scale' | 'survivors'>,
    words: Int32Array,
  ): Promise<void> {
    const { body, signature } = opened.message;
    const known = this.#opened[body.round - 1];
    if (known !== undefined || body.round !== this.#opened.length + 1) {
      if (known !== undefined && equalBytes(known.message.body.digest, body.digest)) return;
      throw new RuntimeError('RUN_FAILED', `round ${body.round} does not follow the sums that are opened`);
    }
    const file = fileOf(body.round);
    const line: SumRecord = {
      run: this.#run,
      round: body.round,
      attempt: body.attempt,
      ...record,
      roundContext: toHex(body.roundContext),
      survivorsDigest: toHex(body.survivorsDigest),
      digest: toHex(body.digest),
      message: toBase64(encodeMessage('round-result', body, signature)),
      file,
    };
    await this.#writing(async () => {
      await writeDurably(join(this.#directory, file), bytesIn(words));
      await appendDurably(this.#index, `${JSON.stringify(line)}\n`);
    });
    this.#newest = { round: body.round, frames: [...resultFrames(opened.message, opened.packed)] };
    this.#opened.push(this.#openedSum(opened.message, record));
  }

  /**
   * Words of an opened sum, in units of its encoding.
   * @param round 1 or more
   * @throws RuntimeError BAD_FILE where its file is not there any more
   */
  async words(round: number): Promise<Int32Array> {
    const path = join(this.#directory, fileOf(round));
    try {
      return wordsIn(await readFile(path));
    } catch (error) {
      throw fileFailure('read', path, error);
    }
  }

  #openedSum(
    message: Message<'round-result'>,
    { dimension, bits }: Pick<SumRecord, 'dimension' | 'bits'>,
  ): OpenedSum {
    const { round } = message.body;
    const shape = { dimension, bits };
    return {
      message,
      frames: () =>
        this.#newest?.round === round ? this.#newest.frames : this.#framesFromDisk(message, shape),
    };
  }

  async *#framesFromDisk(
    { body, signature }: Message<'round-result'>,
    { dimension, bits }: Pick<SumRecord, 'dimension' | 'bits'>,
  ): AsyncGenerator<Uint8Array, void, void> {
    const path = join(this.#directory, fileOf(body.round));
    try {
      const file = await open(path);
      try {
        for (let first = 0, sequence = 0; first < dimension; first += CHUNK_WORDS, sequence++) {
          const bytes = new Uint8Array(4 * Math.min(CHUNK_WORDS, dimension - first));
          await file.read(bytes, 0, bytes.length, 4 * first);
          const words = wordsIn(bytes);
          const packed = new Uint8Array(packedLength(words.length, bits));
          packWords(words, bits, packed);
          yield chunkFrame(body, sequence, packed);
        }
      } finally {
        await file.close();
      }
    } catch (error) {
      throw fileFailure('read', path, error);
    }
    yield encodeMessage('round-result', body, signature);
  }

  /** Resolves once the integer sum of a round's masked uploads is durable; it replaces that of an earlier attempt. */
  async keepMasked(round: number, maskedSum: Uint8Array): Promise<void> {
    await this.#writing(() =>
      writeDurably(join(this.#directory, 'masked', `${fileNumber(round)}.sum`), maskedSum),
    );
  }

  /** Resolves once the masked upload of a survivor is durable. */
  async keepUpload(round: number, member: number, packed: Uint8Array): Promise<void> {
    const directory = join(this.#directory, 'uploads', fileNumber(round));
    await this.#writing(async () => {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await writeDurably(join(directory, `${member}.bin`), packed);
      await syncDirectory(nodeFileSystem, join(this.#directory, 'uploads'));
    });
  }

  get #index(): string {
    return join(this.#directory, 'sums.jsonl');
  }

  /** Whole lines of the index; what a crash has left of the last one is cut off. */
  async #lines(): Promise<string[]> {
    let text: Buffer;
    try {
      text = await readFile(this.#index);
    } catch {
      return [];
    }
    const end = text.lastIndexOf('\n') + 1;
    if (end < text.length) {
      await this.#writing(async () => {
        const file = await open(this.#index, 'r+');
        try {
          await file.truncate(end);
          await file.sync();
        } finally {
          await file.close();
        }
      });
    }
    return text
      .subarray(0, end)
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '');
  }

  #record(line: string, index: number): SumRecord {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      throw this.#damaged(`line ${index + 1} is no JSON`);
    }
    const parsed = sumRecord.safeParse(value);
    if (parsed.success) return parsed.data;
    const [field] = parsed.error.issues[0]?.path ?? [];
    throw this.#damaged(`line ${index + 1} has no valid '${String(field ?? 'record')}'`);
  }

  /** @returns undefined where record and file are not what the coordinator signed */
  async #restoredSum(
    crypto: CryptoBackend,
    roster: Roster,
    record: SumRecord,
  ): Promise<OpenedSum | undefined> {
    const { dimension, bits } = record;
    const bytes = await readFile(join(this.#directory, record.file)).catch(() => new Uint8Array(0));
    if (bytes.length !== 4 * dimension) return undefined;
    const packed = new Uint8Array(packedLength(dimension, bits));
    packWords(wordsIn(bytes), bits, packed);
    const digest = crypto.sha256(packed);
    const signed = decodeMessage(fromBase64(record.message) ?? new Uint8Array(0));
    if (!signed.ok || signed.message.kind !== 'round-result') return undefined;
    const { signature } = signed.message;
    const body = {
      roundContext: bytesOf(record.roundContext),
      round: record.round,
      attempt: record.attempt,
      survivors: record.survivors.map((name) => roster.members.findIndex((member) => member.name === name)),
      survivorsDigest: bytesOf(record.survivorsDigest),
      length: packed.length,
      digest,
      proof: signed.message.body.proof,
    };
    if (body.survivors.includes(-1)) return undefined;
    if (!verifyMessage(crypto, roster.coordinatorKey, 'round-result', body, signature)) return undefined;
    return this.#openedSum({ kind: 'round-result', body, signature }, record);
  }

  #damaged(what: string): RuntimeError {
    return new RuntimeError(
      'BAD_FILE',
      `${this.#index}: ${what}`,
      "restore 'output' from a backup, or begin the run anew in another 'output'",
    );
  }

  async #writing(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      throw fileFailure('write', this.#index, error);
    }
  }
}

/** Number of a round in the names of files. */
export function fileNumber(round: number): string {
  return String(round).padStart(5, '0');
}

function bytesOf(text: string): Uint8Array {
  return fromHex(text) ?? new Uint8Array(0);
}

function fileOf(round: number): string {
  return `sums/${fileNumber(round)}.i32`;
}

const LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Words as little-endian bytes: on nearly all machines the same memory. */
function bytesIn(words: Int32Array): Uint8Array {
  const bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
  return LITTLE_ENDIAN ? bytes : Buffer.from(bytes).swap32();
}

/** Little-endian bytes as words: on nearly all machines the same memory, where it is aligned. */
function wordsIn(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 && LITTLE_ENDIAN ? bytes : Uint8Array.from(bytes);
  if (!LITTLE_ENDIAN) Buffer.from(aligned.buffer).swap32();
  return new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.length / 4));
}
