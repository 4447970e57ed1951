import type { Usage } from './messages.ts';

let before = process.cpuUsage();

/** What this process took since it was last asked. */
export function usageSoFar(): Usage {
  const { user, system } = process.cpuUsage(before);
  before = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, peakRssMb: process.resourceUsage().maxRSS / 1000 };
}
