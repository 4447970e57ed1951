import { closest } from '@tributary/runtime';
import { DataError, quoted } from './data-error.ts';
import { forEachLine } from './lines.ts';

/** The columns that a CSV file is read for, by the names in its first line; others are passed over. */
export interface CsvColumns {
  readonly required: readonly string[];
  readonly optional?: readonly string[];
}

/**
 * Reads a CSV file with a header (RFC 4180, but a quoted field may not run over the end of its line).
 *
 * @param onRow is given the cells of the required and then of the optional columns, empty where the file lacks the column; the array is
 *   reused from row to row
 * @throws DataError `MISSING_COLUMN`, `INVALID_CSV`, those of `forEachLine`, and what `onRow` throws
 */
export async function readCsv(
  path: string,
  columns: CsvColumns,
  onRow: (cells: readonly string[], line: number) => void,
): Promise<void> {
  const wanted = [...columns.required, ...(columns.optional ?? [])];
  const cells = wanted.map(() => '');
  let positions: readonly number[] | undefined;
  let width = 0;
  await forEachLine(path, (text, line) => {
    const fields = splitCsvLine(text, path, line);
    if (positions === undefined) {
      const header = fields.map((field) => field.trim());
      requireColumns(header, columns.required, path, line);
      positions = wanted.map((column) => header.indexOf(column));
      width = header.length;
      return;
    }
    if (fields.length !== width) {
      throw new DataError(
        'INVALID_CSV',
        `${path}:${line}: the row has ${fields.length} fields where the header has ${width}`,
        'put fields that contain a comma in double quotes',
      );
    }
    for (let index = 0; index < wanted.length; index++) cells[index] = fields[positions[index]!] ?? '';
    onRow(cells, line);
  });
  if (positions === undefined) {
    throw new DataError(
      'EMPTY_DATA',
      `${path}: the file is empty`,
      `begin it with a header: ${columns.required.join(',')}`,
    );
  }
}

function requireColumns(
  header: readonly string[],
  required: readonly string[],
  path: string,
  line: number,
): void {
  for (const column of required) {
    if (header.includes(column)) continue;
    const near = closest(column, header);
    throw new DataError(
      'MISSING_COLUMN',
      `${path}:${line}: there is no column ${quoted(column)}${near === undefined ? '' : `, but ${quoted(near)}`}`,
      `the header needs ${required.join(', ')}`,
    );
  }
}

const QUOTE = 0x22;

function splitCsvLine(text: string, path: string, line: number): string[] {
  const fields: string[] = [];
  let position = 0;
  while (position <= text.length) {
    if (text.charCodeAt(position) !== QUOTE) {
      const comma = text.indexOf(',', position);
      const end = comma === -1 ? text.length : comma;
      fields.push(text.slice(position, end));
      position = end + 1;
      continue;
    }
    const { field, end } = quotedField(text, position, path, line);
    fields.push(field);
    position = end + 1;
  }
  return fields;
}

/** Reads the field whose opening quote is at `open`; `end` is the place of the comma after it or of the line's end. */
function quotedField(text: string, open: number, path: string, line: number): { field: string; end: number } {
  let field = '';
  let begin = open + 1;
  for (;;) {
    const quote = text.indexOf('"', begin);
    const after = text[quote + 1];
    if (quote === -1 || (after !== undefined && after !== ',' && after !== '"')) {
      throw new DataError(
        'INVALID_CSV',
        `${path}:${line}: a double quote is not closed, or followed by other text`,
        'write a quote inside a quoted field twice, and keep each row on one line',
      );
    }
    field += text.slice(begin, quote);
    if (after !== '"') return { field, end: quote + 1 };
    field += '"';
    begin = quote + 2;
  }
}

/** A value as one CSV field. */
export function csvField(value: string): string {
  return /[",\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
}
