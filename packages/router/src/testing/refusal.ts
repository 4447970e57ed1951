import { expect } from 'vitest';
import type { RouterErrorCode } from '../errors.ts';

/** For `toThrow`: a `RouterError` with this code, whose message holds `about`. */
export function refusal(code: RouterErrorCode, about: string): Error {
  return expect.objectContaining({ name: 'RouterError', code, message: expect.stringContaining(about) });
}
