/** Progress on a terminal: one line that is rewritten, and lines that stay. Elsewhere only the lines that stay. */
import type { WriteStream } from 'node:tty';

export interface StatusLine {
  /** Replaces the status; nothing where there is no terminal. */
  update(text: string): void;
  /** A line that stays. */
  line(text: string): void;
}

const CLEAR_LINE = '\r\u001b[2K';

export function openStatusLine(stream: WriteStream): StatusLine {
  const live = stream.isTTY && process.env['NO_COLOR'] === undefined && process.env['TERM'] !== 'dumb';
  return {
    update(text) {
      if (live) stream.write(`${CLEAR_LINE}${text}`);
    },
    line(text) {
      stream.write(`${live ? CLEAR_LINE : ''}${text}\n`);
    },
  };
}
