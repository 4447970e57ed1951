import { expect } from 'vitest';
import { RouterError, type RouterErrorCode } from '../errors.ts';

/** Expects a refusal with this code whose message holds `about`. */
export function expectRouterError(code: RouterErrorCode, about: string, action: () => unknown): void {
  let caught: unknown;
  try {
    action();
  } catch (error) {
    caught = error;
  }
  expect(caught).toBeInstanceOf(RouterError);
  expect(caught).toMatchObject({ code });
  expect((caught as RouterError).message).toContain(about);
}
