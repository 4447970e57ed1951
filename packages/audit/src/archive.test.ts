import { concatBytes, utf8 } from '@tributary/crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ArchivedLine,
  ArchiveLines,
  ArchiveReader,
  type ArchiveRecord,
  archiveStart,
  isArchive,
  recordHeader,
  recordsOf,
} from './archive.ts';
import { AuditError } from './errors.ts';

const LINES: readonly ArchivedLine[] = [
  { line: utf8('{"type":"genesis"}'), vectors: { uploads: new Map() } },
  {
    line: utf8('{"type":"sum"}'),
    vectors: {
      sum: Uint8Array.of(1, 2, 3),
      maskedSum: new Uint8Array(300).fill(4),
      uploads: new Map([
        [0, Uint8Array.of(5)],
        [65_535, new Uint8Array(200).fill(6)],
      ]),
    },
  },
  { line: utf8('{"type":"head"}'), vectors: { uploads: new Map() } },
];

const bytesOf = (records: Iterable<ArchiveRecord>): Uint8Array =>
  concatBytes(archiveStart(), ...[...records].flatMap((record) => [recordHeader(record), record.bytes]));

const END: ArchiveRecord = { kind: 'end', bytes: new Uint8Array(0) };
const ARCHIVE = bytesOf([...LINES.flatMap((line) => [...recordsOf(line)]), END]);

function read(pieces: Iterable<Uint8Array>): ArchivedLine[] {
  const reader = new ArchiveReader();
  const lines = new ArchiveLines();
  const found: ArchivedLine[] = [];
  for (const piece of pieces) {
    for (const record of reader.take(piece)) {
      const line = lines.take(record);
      if (line !== undefined) found.push(line);
    }
  }
  reader.finish();
  return found;
}

/** `read`, or the code of what was thrown. */
function outcomeOf(attempt: () => unknown): string {
  try {
    attempt();
    return 'read';
  } catch (error) {
    return error instanceof AuditError ? error.code : String(error);
  }
}

describe('an archive', () => {
  it('gives its lines and vectors back, whatever the pieces in which it comes', () => {
    expect(read([ARCHIVE])).toEqual(LINES);
    fc.assert(
      fc.property(fc.array(fc.nat(ARCHIVE.length), { maxLength: 30 }), (cuts) => {
        const ends = [...cuts.toSorted((a, b) => a - b), ARCHIVE.length];
        expect(read(ends.map((end, i) => ARCHIVE.subarray(ends[i - 1] ?? 0, end)))).toEqual(LINES);
      }),
    );
  });

  it('is known by its beginning', () => {
    expect(isArchive(ARCHIVE)).toBe(true);
    expect(isArchive(utf8('{"type":"genesis"}'))).toBe(false);
    expect(isArchive(new Uint8Array(0))).toBe(false);
  });

  it('is refused wherever it is cut off', () => {
    for (const length of [0, 5, 26, 30, 60, 400, ARCHIVE.length - 1]) {
      expect(() => read([ARCHIVE.subarray(0, length)])).toThrow(
        expect.objectContaining({ code: 'BAD_ARCHIVE' }),
      );
    }
  });

  const line: ArchiveRecord = { kind: 'line', bytes: Uint8Array.of(1) };
  const sum: ArchiveRecord = { kind: 'sum', bytes: Uint8Array.of(1) };
  const upload: ArchiveRecord = { kind: 'upload', member: 3, bytes: Uint8Array.of(1) };

  it.each<[string, readonly ArchiveRecord[]]>([
    ['a sum twice before one line', [sum, sum, line, END]],
    ['an upload twice before one line', [upload, upload, line, END]],
    ['vectors behind the last line', [line, sum, END]],
    ['something behind its end', [line, END, line]],
    ['an end with bytes', [line, { ...END, bytes: Uint8Array.of(1) }]],
  ])('is refused with %s', (_, records) => {
    expect(() => read([bytesOf(records)])).toThrow(expect.objectContaining({ code: 'BAD_ARCHIVE' }));
  });

  it('is refused, and asks for no memory, where a record says that it is endless', () => {
    const header = recordHeader(line);
    header.fill(0xff, 5);
    expect(() => read([archiveStart(), header])).toThrow(expect.objectContaining({ code: 'BAD_ARCHIVE' }));
    header[0] = 99;
    expect(() => read([archiveStart(), header])).toThrow(expect.objectContaining({ code: 'BAD_ARCHIVE' }));
  });

  it('never fails otherwise, whatever a file holds', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(outcomeOf(() => read([archiveStart(), bytes]))).toMatch(/^(read|BAD_ARCHIVE)$/);
      }),
    );
  });
});
