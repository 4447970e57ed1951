/** How many messages of each member were refused in a phase. */
import type { Rejection } from '@tributary/protocol';

/** Messages of one member that may be refused in one phase; an honest one that is late has a few. */
export const MAX_REFUSED = 32;

export class RefusedMessages {
  readonly #counts = new Map<number, number>();

  /** @returns whether a member has now sent as many as it may; once */
  count({ code, from }: Rejection): boolean {
    // What holders say of a dealer, or its shares show, is no message of the dealer: nobody gets another disconnected by complaints.
    if (from === 'coordinator' || code === 'BAD_DEALER') return false;
    const refused = (this.#counts.get(from) ?? 0) + 1;
    this.#counts.set(from, refused);
    return refused === MAX_REFUSED;
  }

  /** A phase begins. */
  clear(): void {
    this.#counts.clear();
  }
}
