/**
 * `pnpm soak load [--members N] [--dimension D] [--seed S]`: one coordinator and a thousand members over WebSockets on loopback, while
 * one in twenty is killed in a phase drawn from the seed. Exact, or it fails.
 */
import type { CoordinatorUsage } from '../load/messages.ts';
import { LoadFederation } from '../load/federation.ts';
import { drawLost, type LoadPlan, ringBits } from '../load/plan.ts';

const LOST = 0.05;
const PROCESSES = 4;
const MAX_SECONDS = 180;
const MAX_COORDINATOR_MB = 1500;

export interface LoadOptions {
  readonly members: number;
  readonly dimension: number;
  readonly seed: number;
}

/** @throws Error where the sum is not exact, or a limit is passed */
export async function soakLoad({ members, dimension, seed }: LoadOptions): Promise<void> {
  const lost = drawLost(members, LOST, seed);
  const plan: LoadPlan = {
    members,
    seed,
    graph: members > 64 ? 'calculator' : 'complete',
    keyCount: 1,
    durable: false,
    rounds: [{ dimension, bits: ringBits(members), lost }],
  };
  const begin = performance.now();
  const seconds = (): number => (performance.now() - begin) / 1000;
  const federation = new LoadFederation(plan);
  try {
    await federation.start(Math.ceil(members / PROCESSES));
    console.log(`${members} members connected from ${PROCESSES} processes after ${seconds().toFixed(1)} s`);
    const dealt = await federation.setUp();
    console.log(`setup: ${dealt} members have secrets after ${seconds().toFixed(1)} s`);
    const { coordinator: inSetup } = await federation.measure();
    printUsage('setup', inSetup);
    const { survivors, phases } = await federation.open(1);
    for (const { phase, ms } of phases) console.log(`${phase}: ${(ms / 1000).toFixed(1)} s`);
    const { coordinator, members: clients } = await federation.measure();
    printUsage('round', coordinator);
    console.log(
      `exact over ${survivors.length} of ${members} members, ${lost.length} killed (seed ${seed}), d = ${dimension}; ` +
        `members' processes ${(clients.cpuMs / 1000).toFixed(0)} s CPU, ${Math.round(clients.peakRssMb)} MB`,
    );
    const took = seconds();
    console.log(
      `whole: ${took.toFixed(0)} s; coordinator, the one server-side process: peak ${Math.round(coordinator.peakRssMb)} MB resident`,
    );
    if (coordinator.peakRssMb > MAX_COORDINATOR_MB) {
      throw new Error(`the coordinator needed more than ${MAX_COORDINATOR_MB} MB`);
    }
    if (took > MAX_SECONDS) throw new Error(`it took longer than ${MAX_SECONDS} s`);
  } finally {
    await federation.end();
  }
}

function printUsage(
  what: string,
  { cpuMs, lagP99Ms, lagMaxMs, handled, handlingP99Ms }: CoordinatorUsage,
): void {
  console.log(
    `coordinator in ${what}: ${(cpuMs / 1000).toFixed(1)} s CPU, ${handled} messages handled, p99 ${handlingP99Ms.toFixed(1)} ms; ` +
      `event loop late by p99 ${lagP99Ms.toFixed(1)} ms, at most ${lagMaxMs.toFixed(0)} ms`,
  );
}
