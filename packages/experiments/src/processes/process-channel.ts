/** A child's end of the channel to the process that started it. */
import { RuntimeError, type RuntimeErrorCode } from '@tributary/runtime';

export interface ProcessFailure {
  readonly kind: 'failed';
  /** A code of `RuntimeError`, or of the package that threw. */
  readonly code: string;
  readonly runtimeCode: RuntimeErrorCode;
  readonly message: string;
  readonly hint: string;
}

/** Waits until the message is handed over, so that nothing is lost when the process ends. */
export async function tellParent(message: unknown): Promise<void> {
  await new Promise<void>((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(message, undefined, {}, () => resolve());
  });
}

export function failureMessage(error: unknown): ProcessFailure {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof Error && 'hint' in error && typeof error.hint === 'string' ? error.hint : '';
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'BUG';
  const runtimeCode = error instanceof RuntimeError ? error.code : 'RUN_FAILED';
  return { kind: 'failed', code, runtimeCode, message, hint };
}

/** Runs the process's work, tells how it ended, and lets go of the channel. */
export async function runProcess(work: () => Promise<unknown>): Promise<void> {
  try {
    await tellParent(await work());
  } catch (error) {
    await tellParent(failureMessage(error));
    process.exitCode = 1;
  } finally {
    if (process.connected) process.disconnect();
  }
}
