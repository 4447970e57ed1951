/**
 * What is looked at before msgpackr sees a frame. msgpack has more types than this protocol, and msgpackr
 * more still: maps, records that compile code, references that let a small frame stand for a large value,
 * extensions that construct objects. A frame holds non-negative integers, text, bytes and lists of them, a
 * few levels deep, and nothing behind. Any other is refused here, in one pass without recursion. So is one of
 * very many values: a value takes a byte of a frame, and tens of bytes of memory once it is decoded.
 */

/** The deepest message, evidence of released shares, has seven lists within each other. */
const MAX_DEPTH = 7;

/** The longest lists have 65,535 items of five values; evidence has releases of as many holders as there may be. */
const MAX_VALUES: number = 2 ** 20;

/** Why the bytes are not a frame of plain values, or undefined where they are. */
export function frameFault(frame: Uint8Array): string | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  /** Values still due, by level. */
  const due = [1];
  let left = MAX_VALUES;
  let at = 0;
  while (due.length > 0) {
    const level = due.length - 1;
    const dueHere = due[level] as number;
    if (dueHere === 0) {
      due.pop();
      continue;
    }
    due[level] = dueHere - 1;
    left -= 1;
    if (left < 0) return `more than ${MAX_VALUES} values`;
    if (at === frame.length) return 'the frame ends within a value';
    const type = frame[at] as number;
    const start = at + 1 + sizeBytesOf(type);
    if (start > frame.length) return 'the frame ends within a value';
    const size = sizeOf(view, at, type);
    if (size === undefined) return `byte ${at} begins no integer, text, bytes or list`;
    // Items of a list have at least one byte each, so this holds for all types.
    if (size > frame.length - start) return 'the frame ends within a value';
    if (isList(type)) {
      if (due.length > MAX_DEPTH) return `more than ${MAX_DEPTH} lists within each other`;
      due.push(size);
      at = start;
    } else {
      if (isText(type) && !isUtf8(frame, start, start + size)) return `text at byte ${at} is no UTF-8`;
      at = start + size;
    }
  }
  return at === frame.length ? undefined : `${frame.length - at} bytes behind the message`;
}

const isList = (type: number): boolean => (type & 0xf0) === 0x90 || type === 0xdc || type === 0xdd;
const isText = (type: number): boolean => (type & 0xe0) === 0xa0 || (type >= 0xd9 && type <= 0xdb);

/** Bytes of the length field behind a type byte. */
function sizeBytesOf(type: number): 0 | 1 | 2 | 4 {
  switch (type) {
    case 0xc4: // bin 8
    case 0xd9: // str 8
      return 1;
    case 0xc5: // bin 16
    case 0xda: // str 16
    case 0xdc: // array 16
      return 2;
    case 0xc6: // bin 32
    case 0xdb: // str 32
    case 0xdd: // array 32
      return 4;
    default:
      return 0;
  }
}

/** Bytes of payload, or items of a list; undefined for a type that no message has. */
function sizeOf(view: DataView, at: number, type: number): number | undefined {
  if (type < 0x80) return 0;
  if (type >= 0x90 && type < 0xa0) return type & 0x0f;
  if (type >= 0xa0 && type < 0xc0) return type & 0x1f;
  switch (sizeBytesOf(type)) {
    case 1:
      return view.getUint8(at + 1);
    case 2:
      return view.getUint16(at + 1);
    case 4:
      return view.getUint32(at + 1);
    case 0:
      break;
  }
  switch (type) {
    case 0xcc: // uint 8
      return 1;
    case 0xcd: // uint 16
      return 2;
    case 0xce: // uint 32
      return 4;
    case 0xcb: // float 64, in which msgpackr writes integers of 2^32 and more
    case 0xcf: // uint 64
      return 8;
    default:
      return undefined;
  }
}

/** RFC 3629: shortest forms only, no surrogates, at most U+10FFFF. */
function isUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; ) {
    const lead = bytes[at] as number;
    const length = utf8Length(lead);
    if (length === 0 || at + length > end) return false;
    for (let i = 1; i < length; i++) {
      const [least, most] = i === 1 ? secondByteRange(lead) : CONTINUATION;
      const byte = bytes[at + i] as number;
      if (byte < least || byte > most) return false;
    }
    at += length;
  }
  return true;
}

function utf8Length(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xc2) return 0;
  if (lead < 0xe0) return 2;
  if (lead < 0xf0) return 3;
  return lead < 0xf5 ? 4 : 0;
}

const CONTINUATION: readonly [number, number] = [0x80, 0xbf];

function secondByteRange(lead: number): readonly [number, number] {
  switch (lead) {
    case 0xe0:
      return [0xa0, 0xbf];
    case 0xed:
      return [0x80, 0x9f];
    case 0xf0:
      return [0x90, 0xbf];
    case 0xf4:
      return [0x80, 0x8f];
    default:
      return CONTINUATION;
  }
}
