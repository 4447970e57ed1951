/** Who is there when a coordinator lies. */
import type { Thresholds } from '@tributary/protocol';

export interface AttackScene {
  readonly members: number;
  /** Members whose secrets the coordinator has. */
  readonly colluders?: readonly number[];
  /** By default each member has its own. */
  readonly organisations?: readonly string[];
  readonly thresholds?: Thresholds;
  readonly keyCount?: number;
  readonly maxAttempts?: number;
  readonly dimension?: number;
  readonly seed?: number;
}
