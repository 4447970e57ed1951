import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { oneLine, quoted } from './one-line.ts';

describe('oneLine', () => {
  it('joins lines with a space', () => {
    expect(oneLine('one\r\n   two\nthree\n')).toBe('one two three');
  });

  it('shows what would steer a terminal instead of sending it there', () => {
    expect(oneLine('\u001b[2Jgone')).toBe('\\u{1b}[2Jgone');
    expect(oneLine('a\u009bK')).toBe('a\\u{9b}K');
    expect(oneLine('txt\u202egnp.exe')).toBe('txt\\u{202e}gnp.exe');
  });

  it('leaves what people write alone', () => {
    expect(oneLine('Université 東京 – 3 % 🙂')).toBe('Université 東京 – 3 % 🙂');
  });

  it('never lets a control character through', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(oneLine(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('quoted', () => {
  it('cuts long values', () => {
    expect(quoted('x'.repeat(1000))).toBe(`'${'x'.repeat(60)}…'`);
    expect(quoted('a\nb')).toBe("'a b'");
  });
});
