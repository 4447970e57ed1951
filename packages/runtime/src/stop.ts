import { RuntimeError } from './errors.ts';

/** The failure of a run that `signal`, aborted, has ended; its reason is the name of what ended it. */
export function stoppedBy(signal: AbortSignal): RuntimeError {
  return new RuntimeError('RUN_FAILED', `stopped by ${String(signal.reason)}`);
}

/** @throws RuntimeError RUN_FAILED where `signal` is aborted */
export function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw stoppedBy(signal);
}
