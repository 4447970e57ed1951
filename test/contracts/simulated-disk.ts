/**
 * A disk in memory that fails as real ones do. Writes reach it when they are synced; at a loss of power, each sector that was not is
 * kept or lost on its own, and so is the growth of a file. After a failed sync the data is dropped and the next
 * sync succeeds, as on Linux. Renames take effect in order, at the latest with the sync of their directory.
 */
import type { FileSystem, OpenFile } from '@tributary/runtime';

/** Small, so that few bytes make many cases. */
const SECTOR_BYTES = 32;

class SimulatedFile {
  cached: Uint8Array = new Uint8Array(0);
  durable: Uint8Array = new Uint8Array(0);
  readonly dirtySectors = new Set<number>();

  write(bytes: Uint8Array, position: number): void {
    const end = position + bytes.length;
    if (end > this.cached.length) this.cached = resized(this.cached, end);
    this.cached.set(bytes, position);
    for (let sector = Math.floor(position / SECTOR_BYTES); sector * SECTOR_BYTES < end; sector++) {
      this.dirtySectors.add(sector);
    }
  }

  sync(): void {
    this.durable = resized(this.durable, this.cached.length);
    for (const sector of this.dirtySectors) this.#keep(sector);
    this.dirtySectors.clear();
  }

  /** The data stays readable until the power goes, but no sync will ever write it. */
  failSync(): void {
    this.dirtySectors.clear();
  }

  losePower(chance: () => boolean): void {
    if (chance()) this.durable = resized(this.durable, this.cached.length);
    for (const sector of this.dirtySectors) if (chance()) this.#keep(sector);
    this.dirtySectors.clear();
    this.cached = this.durable.slice();
  }

  #keep(sector: number): void {
    const start = sector * SECTOR_BYTES;
    const kept = this.cached.subarray(start, Math.min(start + SECTOR_BYTES, this.durable.length));
    if (start < this.durable.length) this.durable.set(kept, start);
  }
}

/** To be thrown by `before` where the power goes in the middle of an operation; `losePower` must follow. */
export class PowerCut extends Error {}

export type Operation = 'write' | 'truncate' | 'fdatasync' | 'fsync' | 'rename';

export class SimulatedDisk implements FileSystem {
  readonly #files = new Map<string, SimulatedFile>();
  /** Renames that are not durable yet, oldest first. */
  #renames: { readonly from: string; readonly to: string; readonly replaced: SimulatedFile | undefined }[] =
    [];
  readonly counts: Record<Operation, number> = { write: 0, truncate: 0, fdatasync: 0, fsync: 0, rename: 0 };
  /** Called before each operation that changes the disk; what it throws is the operation's failure. */
  before: (operation: Operation) => void = () => undefined;

  async open(path: string, flags: 'r' | 'r+' | 'w'): Promise<OpenFile> {
    if (flags === 'w') this.#files.set(path, new SimulatedFile());
    const file = this.#files.get(path);
    if (file !== undefined) return this.#handle(file);
    if (flags === 'r') return this.#directoryHandle();
    throw systemError('ENOENT');
  }

  async rename(from: string, to: string): Promise<void> {
    this.#begin('rename');
    const file = this.file(from);
    this.#renames.push({ from, to, replaced: this.#files.get(to) });
    this.#files.delete(from);
    this.#files.set(to, file);
  }

  async remove(path: string): Promise<void> {
    this.#files.delete(path);
  }

  async list(path: string): Promise<string[]> {
    const inside = [...this.#files.keys()].filter((name) => name.startsWith(`${path}/`));
    return inside.map((name) => name.slice(path.length + 1));
  }

  /** A file as it is now. */
  file(path: string): SimulatedFile {
    const file = this.#files.get(path);
    if (file === undefined) throw systemError('ENOENT');
    return file;
  }

  /** @param chance decides what survives of all that was not synced */
  losePower(chance: () => boolean): void {
    let surviving = 0;
    while (surviving < this.#renames.length && chance()) surviving += 1;
    for (const { from, to, replaced } of this.#renames.splice(surviving).toReversed()) {
      this.#files.set(from, this.file(to));
      if (replaced === undefined) this.#files.delete(to);
      else this.#files.set(to, replaced);
    }
    this.#renames = [];
    for (const file of this.#files.values()) file.losePower(chance);
  }

  #begin(operation: Operation): void {
    this.counts[operation] += 1;
    this.before(operation);
  }

  #handle(file: SimulatedFile): OpenFile {
    const sync = async (operation: 'fdatasync' | 'fsync'): Promise<void> => {
      // Work that is appended meanwhile must be able to queue up, as it does behind a real sync.
      await new Promise((resolve) => setImmediate(resolve));
      try {
        this.#begin(operation);
      } catch (error) {
        // With the power gone, what was not written is decided by `losePower`.
        if (!(error instanceof PowerCut)) file.failSync();
        throw error;
      }
      file.sync();
    };
    return {
      read: async (into, position) => {
        const bytes = file.cached.subarray(position, position + into.length);
        into.set(bytes);
        return bytes.length;
      },
      write: async (bytes, position) => {
        this.#begin('write');
        file.write(bytes, position);
      },
      truncate: async (length) => {
        this.#begin('truncate');
        file.cached = resized(file.cached, length);
      },
      size: async () => file.cached.length,
      fdatasync: () => sync('fdatasync'),
      fsync: () => sync('fsync'),
      close: async () => undefined,
    };
  }

  #directoryHandle(): OpenFile {
    return {
      read: isDirectory,
      write: isDirectory,
      truncate: isDirectory,
      size: isDirectory,
      fdatasync: isDirectory,
      fsync: async () => {
        this.#begin('fsync');
        this.#renames = [];
      },
      close: async () => undefined,
    };
  }
}

async function isDirectory(): Promise<never> {
  throw systemError('EISDIR');
}

export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: simulated`), { code });
}

function resized(bytes: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  result.set(bytes.subarray(0, length));
  return result;
}
