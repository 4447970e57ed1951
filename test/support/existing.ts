/** A value that a test knows to be there. */
export function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('what the test needs is not there');
  return value;
}
