import { readFileSync } from 'node:fs';
import type { Usage } from './messages.ts';

let before = process.cpuUsage();

/** What this process took since it was last asked. */
export function usageSoFar(): Usage {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, peakRssMb: peakRssMb() };
}

/** Most resident memory of this process so far, in units of 10^6 bytes. */
export function peakRssMb(): number {
  return ((highWater() ?? process.resourceUsage().maxRSS) * 1024) / 1e6;
}

/** Linux counts in `maxRSS` what the parent had when it forked; the high-water mark begins with the program. In KiB. */
function highWater(): number | undefined {
  try {
    const [, kibibytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
    return kibibytes === undefined ? undefined : Number(kibibytes);
  } catch {
    return undefined;
  }
}
