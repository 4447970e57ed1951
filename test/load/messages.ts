/** What the processes of a federation under load tell each other. */
import type { LoadPlan } from './plan.ts';

export interface CoordinatorOrders {
  readonly plan: LoadPlan;
  /** For the coordinator's state and its sums. */
  readonly directory: string;
}

export interface MemberOrders {
  readonly plan: LoadPlan;
  readonly url: string;
  /** Ids of the members of this process. */
  readonly members: readonly number[];
  readonly directory: string;
}

export type ToCoordinator =
  | { readonly kind: 'set-up' }
  | { readonly kind: 'open'; readonly round: number }
  | { readonly kind: 'measure' }
  | { readonly kind: 'end' };

export interface Usage {
  /** User and system, all threads, since the last time. */
  readonly cpuMs: number;
  /** Peak of the process so far. */
  readonly peakRssMb: number;
}

export interface CoordinatorUsage extends Usage {
  /** How late timers were since the last time: 99 of 100 were less. */
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
  /** From the delivery of a message to the end of its handling since the last time. */
  readonly handled: number;
  readonly handlingP99Ms: number;
}

export type FromCoordinator =
  | { readonly kind: 'listening'; readonly url: string }
  | { readonly kind: 'joined' }
  | { readonly kind: 'phase'; readonly phase: string; readonly atMs: number }
  | { readonly kind: 'set-up'; readonly members: number }
  | { readonly kind: 'opened'; readonly round: number; readonly survivors: readonly number[] }
  | { readonly kind: 'usage'; readonly usage: CoordinatorUsage }
  | { readonly kind: 'failed'; readonly detail: string };

export type ToMembers = { readonly kind: 'measure' } | { readonly kind: 'end' };

export type FromMembers =
  /** A member has opened the sum of a round. */
  | { readonly kind: 'opened'; readonly round: number; readonly member: number }
  | { readonly kind: 'lost'; readonly member: number }
  | { readonly kind: 'usage'; readonly usage: Usage; readonly bytesUp: number }
  | { readonly kind: 'failed'; readonly detail: string };
