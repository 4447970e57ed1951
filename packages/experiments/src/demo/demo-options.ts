import type { ClientPhase } from '@tributary/protocol';
import type { PrivacyConfig } from '@tributary/coordinator';
import type { WorkloadOptions } from '../workload/load-workload.ts';

/** Phases in which the demo can kill a client. */
export type KillPhase = Exclude<ClientPhase, 'ready'>;
export const KILL_PHASES: readonly KillPhase[] = ['setup', 'masked-input', 'consistency', 'unmask'];

export interface Kill {
  /** Index of the client, from 0. */
  readonly client: number;
  /** SIGKILL the first time the client is in this phase; it does not return. */
  readonly phase: KillPhase;
}

/** Whose data the run protects, and how much it may cost. */
export type DemoPrivacy = Pick<PrivacyConfig, 'unit' | 'epsilon' | 'delta'>;

export interface DemoOptions extends WorkloadOptions {
  /** 3..64 organisations, each a process of its own. */
  readonly clients: number;
  /** Fixes workload, partition and baselines. Keys, masks and the run's public seed are fresh each time. */
  readonly seed: number;
  /** Directory for everything the demo writes. */
  readonly out: string;
  readonly kill?: Kill;
  readonly privacy: DemoPrivacy;
}

/** What happens while the demo runs, for a terminal or a log. */
export type DemoProgress =
  | { readonly kind: 'stage'; readonly text: string }
  | { readonly kind: 'phase'; readonly phase: string; readonly round: number }
  | {
      readonly kind: 'sum';
      readonly round: number;
      readonly step: string;
      readonly survivors: number;
      readonly seconds: number;
    }
  | { readonly kind: 'dropped'; readonly member: string; readonly phase: string; readonly reason: string }
  | { readonly kind: 'killed'; readonly client: number; readonly phase: string };
