/** Parsers of the flags that name a privacy budget. */
import { RuntimeError } from '@tributary/runtime';

export function parseEpsilon(text: string): number | 'none' {
  return text === 'none' ? text : numberWithin('--epsilon', 1000)(text);
}

export function numberWithin(flag: string, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() !== '' && value > 0 && value <= most) return value;
    throw new RuntimeError('BAD_ARGUMENT', `${flag} ${text} is no number above 0 and of at most ${most}`);
  };
}
