/**
 * Connections of whoever has not said yet who it is. They are bounded by a number of their own, so that no crowd of them takes
 * the place of a member: those that are in are not counted, and who comes is let in at the expense of the crowd.
 */
import type { Socket } from 'node:net';

/** Strangers at a time: many times what says hello at once, and few beside a process's file descriptors. */
export const MAX_STRANGERS = 512;

export class Strangers {
  /** Oldest first. */
  readonly #connections = new Set<Socket>();
  readonly #most: number;

  constructor(most: number = MAX_STRANGERS) {
    this.#most = most;
  }

  get size(): number {
    return this.#connections.size;
  }

  /** A connection is nobody's, or nobody's any more. One too many cuts another: see `#leastWelcome`. */
  add(connection: Socket): void {
    if (connection.destroyed) return;
    this.#connections.add(connection);
    if (this.#connections.size <= this.#most) return;
    const unwelcome = this.#leastWelcome();
    if (unwelcome === undefined) return;
    this.#connections.delete(unwelcome);
    unwelcome.destroy();
  }

  /** The connection is a member's, or closed. */
  delete(connection: Socket): void {
    this.#connections.delete(connection);
  }

  /**
   * The oldest of the address with the most connections. Refusing the newcomer would let whoever holds all places keep them; so
   * a crowd from few addresses displaces itself, and one from many has to come anew within the time that a hello takes.
   */
  #leastWelcome(): Socket | undefined {
    const counts = new Map<string | undefined, number>();
    for (const { remoteAddress } of this.#connections) {
      counts.set(remoteAddress, (counts.get(remoteAddress) ?? 0) + 1);
    }
    const most = Math.max(...counts.values());
    for (const connection of this.#connections) {
      if (counts.get(connection.remoteAddress) === most) return connection;
    }
    return undefined;
  }
}
