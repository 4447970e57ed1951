import { fromHex } from '@tributary/crypto';
import { Packr } from 'msgpackr';
import { describe, expect, it } from 'vitest';
import { frameFault } from './frame-check.ts';

const bytesOf = (hex: string): Uint8Array => fromHex(hex.replaceAll(' ', '')) as Uint8Array;

/** A list of as many empty lists. */
function emptyLists(count: number): Uint8Array {
  const frame = new Uint8Array(5 + count).fill(0x90);
  frame[0] = 0xdd;
  new DataView(frame.buffer).setUint32(1, count);
  return frame;
}

describe('a frame of plain values', () => {
  it.each([
    ['small integers', '93 00 7f 40'],
    ['uint 8, 16, 32, 64', '94 ccff cdffff ceffffffff cf001fffffffffffff'],
    ['a float, which msgpackr writes for integers of 2^32 and more', '91 cb41f0000000000000'],
    ['text of each length form', '93 a161 d90161 da000161'],
    ['text in UTF-8 of one to four bytes', '91 aa 61 c3a9 e282ac f09f9880'],
    ['bytes of each length form', '93 c40101 c5000101 c60000000101'],
    ['lists of each length form', '93 9100 dc000100 dd0000000100'],
    ['six lists within each other', '91 91 91 91 91 90'],
  ])('may hold %s', (_, hex) => {
    expect(frameFault(bytesOf(hex))).toBeUndefined();
  });

  it('is accepted wherever msgpackr encodes what messages hold', () => {
    const packr = new Packr({ useRecords: false, moreTypes: false });
    const values = [
      0,
      63,
      64,
      127,
      128,
      2 ** 16,
      2 ** 32,
      2 ** 53 - 1,
      '',
      'é'.repeat(300),
      'x'.repeat(70_000),
    ];
    const frame = packr.pack([...values, [new Uint8Array(0), new Uint8Array(300), new Uint8Array(70_000)]]);
    expect(frameFault(frame)).toBeUndefined();
  });
});

describe('a frame is refused', () => {
  it.each([
    ['nothing at all', ''],
    ['nil', 'c0'],
    ['the type that is never used', '91 c1'],
    ['booleans', '92 c2 c3'],
    ['a map', '91 81 a161 01'],
    ['a map with __proto__', '91 81 a9 5f5f70726f746f5f5f 01'],
    ['map 16 and map 32', '91 de0001 a16101'],
    ['a float of 32 bits', '91 ca3f800000'],
    ['negative integers', '91 ff'],
    ['int 8', '91 d0ff'],
    ['int 64', '91 d3ffffffffffffffff'],
    ['a fixext: a record definition', '91 d4 72 40 91 a161 01'],
    ['ext 8: a typed array', '91 c7 05 74 06 00000000'],
    ['ext 8: a big integer', '91 c7 09 42 00ffffffffffffffff'],
    ['ext: a reference to an earlier value', '91 d6 70 00000001'],
    ['ext: a timestamp', '91 d6 ff 00000000'],
  ])('that holds %s', (_, hex) => {
    expect(frameFault(bytesOf(hex))).toBeDefined();
  });

  it.each([
    ['a list with fewer items than it says', '92 01'],
    ['a list of 2^32 - 1 items', 'dd ffffffff'],
    ['bytes of 2^32 - 1', '91 c6 ffffffff 00'],
    ['text longer than the frame', '91 a5 6161'],
    ['a header without its length', '91 c5 00'],
    ['an integer without its bytes', '91 ce 0000'],
    ['a float without its bytes', '91 cb 00000000'],
  ])('that is cut off: %s', (_, hex) => {
    expect(frameFault(bytesOf(hex))).toBe('the frame ends within a value');
  });

  it('that goes on behind the message', () => {
    expect(frameFault(bytesOf('91 00 00'))).toBe('1 bytes behind the message');
  });

  it('that nests too deep, however deep', () => {
    expect(frameFault(bytesOf('91 91 91 91 91 91 91 90'))).toBe('more than 7 lists within each other');
    expect(frameFault(new Uint8Array(1_000_000).fill(0x91))).toBe('more than 7 lists within each other');
  });

  it('that holds more values than any message, which decoded would take fifty times its bytes', () => {
    expect(frameFault(emptyLists(2 ** 20 - 1))).toBeUndefined();
    expect(frameFault(emptyLists(2 ** 20))).toBe('more than 1048576 values');
  });

  it.each([
    ['a continuation byte alone', '80'],
    ['a sequence that is cut off', 'e282'],
    ['a lead byte without continuation', 'c361'],
    ['an overlong form of two bytes', 'c0af'],
    ['an overlong form of three bytes', 'e08080'],
    ['an overlong form of four bytes', 'f0808080'],
    ['a surrogate', 'eda080'],
    ['a character above U+10FFFF', 'f4908080'],
    ['a byte that UTF-8 never has', 'ff'],
  ])('whose text has %s', (_, hex) => {
    const text = bytesOf(hex);
    expect(frameFault(new Uint8Array([0x91, 0xa0 + text.length, ...text]))).toBe(
      'text at byte 1 is no UTF-8',
    );
    // As text of more than 31 bytes, whose length stands in one, two or four bytes.
    const long = [...Array(32).fill(0x61), ...text] as number[];
    for (const head of [
      [0xd9, long.length],
      [0xda, 0, long.length],
      [0xdb, 0, 0, 0, long.length],
    ]) {
      expect(frameFault(new Uint8Array([0x91, ...head, ...long]))).toBe('text at byte 1 is no UTF-8');
    }
  });
});
