/**
 * Format of a log file. Integers are little-endian. Later versions keep the file header.
 *
 *     file         = file header, frames
 *     file header  = magic (8 bytes), version u32, salt (16 bytes), crc32c of the bytes before
 *     frame        = frame header, payload
 *     frame header = payload length u32, epoch u32, crc32c(payload), crc32c(the 12 bytes before)
 *     where the last one starts from crc32c(file header) xor the low 32 bits of the frame's position
 *     payload      = records, each its length u32 and its bytes
 *
 * A frame is what one sync makes durable: the transactions of a group commit, or nothing but the epoch of an opening.
 * A frame is written only after the one before it is durable. So what a crash tears is the last frame, and the header
 * of a later frame proves that a damaged one had been acknowledged. Damage to the last frame itself is
 * not to be told from a torn write.
 *
 * A frame header is checked by itself: a damaged length must not be followed. Its checksum covers the file's salt and
 * its own position: bytes that a peer has put into a record never pass for a frame, nor do those of another file.
 */
import { RuntimeError } from '../errors.ts';
import { crc32c } from './crc32c.ts';
import { MAX_TRANSACTION_BYTES } from './event-log.ts';

/** Like that of PNG: a byte above 127 and a line end show damage by transfers as text. */
const MAGIC = Uint8Array.of(0x89, 0x54, 0x52, 0x49, 0x42, 0x4c, 0x4f, 0x0a);
const VERSION = 1;
export const SALT_BYTES = 16;
export const FILE_HEADER_BYTES = 32;
export const FRAME_HEADER_BYTES = 16;

/** @param salt 16 random bytes */
export function encodeFileHeader(salt: Uint8Array): Uint8Array {
  const header = new Uint8Array(FILE_HEADER_BYTES);
  const view = viewOf(header);
  header.set(MAGIC);
  view.setUint32(8, VERSION, true);
  header.set(salt, 12);
  view.setUint32(28, crc32c(header.subarray(0, 28)), true);
  return header;
}

/**
 * @param header first 32 bytes of the file, or all where it is shorter
 * @returns what the checksums of the file's frames start from
 * @throws RuntimeError BAD_FILE
 */
export function checkFileHeader(header: Uint8Array, path: string): number {
  if (header.length < FILE_HEADER_BYTES || MAGIC.some((byte, i) => header[i] !== byte)) {
    throw new RuntimeError('BAD_FILE', `${path} is no event log`, 'choose another state directory');
  }
  const view = viewOf(header);
  const version = view.getUint32(8, true);
  if (view.getUint32(28, true) !== crc32c(header.subarray(0, 28))) {
    throw new RuntimeError('BAD_FILE', `event log ${path} is damaged at byte 0`, RESTORE_HINT);
  }
  if (version !== VERSION) {
    throw new RuntimeError(
      'BAD_FILE',
      `event log ${path} has version ${version}; this program reads version ${VERSION}`,
      'run the version of tributary that wrote it, or a later one',
    );
  }
  return crc32c(header);
}

export const RESTORE_HINT =
  'look for a failing disk; what it acknowledged is lost, so start in a new state directory';

export interface FrameHeader {
  /** Bytes of the payload. */
  readonly length: number;
  /** 1 or more. */
  readonly epoch: number;
  readonly payloadChecksum: number;
}

/** @param payloads of the transactions in the frame, from `encodeRecords` */
export function encodeFrame(
  seed: number,
  position: number,
  epoch: number,
  payloads: readonly Uint8Array[],
): Uint8Array {
  const length = payloads.reduce((sum, payload) => sum + payload.length, 0);
  const frame = new Uint8Array(FRAME_HEADER_BYTES + length);
  let at = FRAME_HEADER_BYTES;
  for (const payload of payloads) {
    frame.set(payload, at);
    at += payload.length;
  }
  const view = viewOf(frame);
  view.setUint32(0, length, true);
  view.setUint32(4, epoch, true);
  view.setUint32(8, crc32c(frame.subarray(FRAME_HEADER_BYTES)), true);
  view.setUint32(12, headerChecksum(seed, position, frame, 0), true);
  return frame;
}

/** @returns undefined where what is at `offset` of `bytes` is no header of a frame that was written at `position` of the file */
export function decodeFrameHeader(
  seed: number,
  position: number,
  bytes: Uint8Array,
  offset: number,
): FrameHeader | undefined {
  if (offset + FRAME_HEADER_BYTES > bytes.length) return undefined;
  const length = uint32At(bytes, offset);
  const epoch = uint32At(bytes, offset + 4);
  if (length > MAX_TRANSACTION_BYTES || epoch === 0) return undefined;
  if (uint32At(bytes, offset + 12) !== headerChecksum(seed, position, bytes, offset)) return undefined;
  return { length, epoch, payloadChecksum: uint32At(bytes, offset + 8) };
}

/** Without any allocation: a search through a torn tail asks for it at every byte. */
function headerChecksum(seed: number, position: number, bytes: Uint8Array, offset: number): number {
  return crc32c(bytes, (seed ^ position) >>> 0, offset, offset + 12);
}

function uint32At(bytes: Uint8Array, offset: number): number {
  const low = (bytes[offset] as number) | ((bytes[offset + 1] as number) << 8);
  return (low | ((bytes[offset + 2] as number) << 16) | ((bytes[offset + 3] as number) << 24)) >>> 0;
}

export function encodeRecords(records: readonly Uint8Array[]): Uint8Array {
  const payload = new Uint8Array(records.reduce((sum, record) => sum + 4 + record.length, 0));
  const view = viewOf(payload);
  let at = 0;
  for (const record of records) {
    view.setUint32(at, record.length, true);
    payload.set(record, at + 4);
    at += 4 + record.length;
  }
  return payload;
}

/** Records of a payload whose checksum is right, as views into it. @throws RuntimeError BAD_FILE */
export function decodeRecords(payload: Uint8Array, path: string): Uint8Array[] {
  const records: Uint8Array[] = [];
  const view = viewOf(payload);
  for (let at = 0; at < payload.length; ) {
    const start = at + 4;
    const end = start <= payload.length ? start + view.getUint32(at, true) : Infinity;
    if (end > payload.length) {
      throw new RuntimeError('BAD_FILE', `event log ${path} holds a malformed record`);
    }
    records.push(payload.subarray(start, end));
    at = end;
  }
  return records;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
