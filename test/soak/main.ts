/**
 * `pnpm soak [--minutes M] [--seed S]`: what is too long for every commit. Frames that nobody sent, a thousand
 * members on a Harary graph, and random schedules of faults until the time is over. A failure prints its seed.
 * `pnpm soak load [--members N] [--dimension D] [--seed S]`: see load.ts.
 */
import { parseArgs } from 'node:util';
import { checkStorms } from '../support/storm.ts';
import { tryFrames } from './frames.ts';
import { soakLoad } from './load.ts';
import { LOSSES, sumOfMany } from './thousand-members.ts';

const FRAMES = 1_000_000;
const FRAMES_PER_ROUND = 100_000;
const MAX_HEAP_GROWTH_MB = 32;
/** Random schedules under one seed. */
const STORMS = 200;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string', default: '15' },
    seed: { type: 'string', default: '1' },
    members: { type: 'string', default: '1000' },
    dimension: { type: 'string', default: '100000' },
  },
});
const minutes = Number(values.minutes);
const firstSeed = Number(values.seed);
const members = Number(values.members);
const dimension = Number(values.dimension);
const [what = 'everything'] = positionals;
if (!(minutes > 0) || ![firstSeed, members, dimension].every(Number.isInteger)) {
  console.error('error: --minutes is a number above 0; --seed, --members and --dimension are whole numbers');
  process.exit(4);
}
if (positionals.length > 1 || !['everything', 'load'].includes(what)) {
  console.error('error: say nothing, or load (pnpm soak load)');
  process.exit(4);
}
const end = Date.now() + minutes * 60_000;

function soakFrames(): void {
  for (let tried = 0; tried < FRAMES; tried += FRAMES_PER_ROUND) {
    const { wellFormed, heapGrowthMb } = tryFrames(FRAMES_PER_ROUND, firstSeed + tried);
    console.log(`frames: ${tried + FRAMES_PER_ROUND} tried, ${wellFormed} of the last well-formed`);
    if (heapGrowthMb > MAX_HEAP_GROWTH_MB) {
      throw new Error(`seed ${firstSeed + tried}: the heap grew by ${heapGrowthMb.toFixed(1)} MB`);
    }
  }
}

function soakThousand(): void {
  for (const loss of LOSSES) {
    const report = sumOfMany({ members: 1000, dimension: 10_000, loss, seed: firstSeed });
    const { degree, threshold, survivors, seconds, cpuSeconds, rssMb } = report;
    console.log(
      `1,000 members, k = ${degree}, t = ${threshold}, a tenth lost (${loss}): exact over ${survivors}, ${seconds.toFixed(0)} s (${cpuSeconds.toFixed(0)} s of CPU), ${rssMb} MB`,
    );
  }
}

function soakSchedules(): void {
  for (let seed = firstSeed; Date.now() < end; seed++) {
    const timeLimitMs = Math.max(1000, end - Date.now());
    const { opened, aborted } = checkStorms({ numRuns: STORMS, seed, timeLimitMs });
    console.log(`schedules: seed ${seed} passed, ${opened} sums opened, ${aborted} ended with a reason`);
  }
}

if (what === 'load') {
  await soakLoad({ members, dimension, seed: firstSeed });
} else {
  soakFrames();
  soakThousand();
  soakSchedules();
}
console.log('soak passed');
