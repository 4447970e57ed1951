/** What the demo's own processes tell the demo over their channel. */
import type { CoordinatorProgress, CoordinatorReport } from '@tributary/coordinator';
import type { RuntimeErrorCode } from '@tributary/runtime';

export type CoordinatorProcessMessage =
  | { readonly kind: 'progress'; readonly progress: CoordinatorProgress }
  | { readonly kind: 'done'; readonly report: CoordinatorReport }
  | ProcessFailure;

export type ClientProcessMessage =
  | { readonly kind: 'held'; readonly phase: string }
  | { readonly kind: 'round'; readonly cpuMs: number }
  | { readonly kind: 'done'; readonly bytesUp: number; readonly records: number }
  | ProcessFailure;

export interface ProcessFailure {
  readonly kind: 'failed';
  /** A code of `RuntimeError`, or of the package that threw. */
  readonly code: string;
  readonly runtimeCode: RuntimeErrorCode;
  readonly message: string;
  readonly hint: string;
}
