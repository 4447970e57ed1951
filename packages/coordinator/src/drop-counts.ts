/** Who was missing where, and why, over a whole run. */
import type { Drop, DropReason, Phase } from '@tributary/protocol';

export interface DropCount {
  /** Member id. */
  readonly member: number;
  readonly phase: Phase;
  readonly reason: DropReason;
  readonly times: number;
}

export class DropCounts {
  readonly #counts = new Map<string, DropCount>();

  add({ member, phase, reason }: Drop): void {
    const key = `${member} ${phase} ${reason}`;
    const times = (this.#counts.get(key)?.times ?? 0) + 1;
    this.#counts.set(key, { member, phase, reason, times });
  }

  /** In the order in which each was first seen. */
  list(): readonly DropCount[] {
    return [...this.#counts.values()];
  }
}
