/** CPU time, medians and the machine. */
import { cpus, totalmem } from 'node:os';

/** User and system CPU milliseconds of this process so far, all threads. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export function cpuOf(work: () => void): number {
  const before = cpuMs();
  work();
  return cpuMs() - before;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Half the distance between the quartiles, as a share of the median. */
export function spread(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] as number;
  return (at(0.75) - at(0.25)) / 2 / median(values);
}

/** Runs `work` once to warm up, then `runs` times. @returns CPU milliseconds of each run */
export function repeated(runs: number, work: () => void): number[] {
  work();
  return Array.from({ length: runs }, () => cpuOf(work));
}

export function machineLine(): string {
  const [first] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${first?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores, ${memory} GiB, Node ${process.version}, ${process.platform} ${process.arch}`;
}
