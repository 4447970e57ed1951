/** What the demo's own processes tell the demo over their channel. */
import type { CoordinatorProgress, CoordinatorReport } from '@tributary/coordinator';
import type { ProcessFailure } from '../processes/process-channel.ts';

export type CoordinatorProcessMessage =
  | { readonly kind: 'progress'; readonly progress: CoordinatorProgress }
  | { readonly kind: 'done'; readonly report: CoordinatorReport }
  | ProcessFailure;

export type ClientProcessMessage =
  | { readonly kind: 'held'; readonly phase: string }
  | { readonly kind: 'round'; readonly cpuMs: number }
  | { readonly kind: 'done'; readonly bytesUp: number; readonly records: number }
  | ProcessFailure;
