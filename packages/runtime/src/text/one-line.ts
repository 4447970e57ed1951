/** Text from peers and files as it may be shown to a person: it can neither break a line nor steer a terminal. */

/** Line breaks become spaces; other control and format characters (Unicode Cc, Cf, Zl, Zp) are written as `\u{…}`. */
export function oneLine(text: string): string {
  return text
    .trim()
    .replace(/\s*[\n\r]\s*/g, ' ')
    .replace(
      /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
      (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    );
}

const LONGEST_QUOTE = 60;

/** A value for a message: in single quotes, on one line, cut where it is long. */
export function quoted(value: string): string {
  const short = value.length > LONGEST_QUOTE ? `${value.slice(0, LONGEST_QUOTE)}…` : value;
  return `'${oneLine(short)}'`;
}
