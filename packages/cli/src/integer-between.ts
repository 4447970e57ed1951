import { RuntimeError } from '@tributary/runtime';

/** Reads a flag's value as an integer of a range, its ends included. */
export function integerBetween(flag: string, min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new RuntimeError('BAD_ARGUMENT', `${flag} ${text} is no integer of ${min}..${max}`);
    }
    return value;
  };
}
