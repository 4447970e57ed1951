/**
 * The published coordinator's server, sessions, rounds, journal, spool and log of sums, asked for sums by its parent instead of by a
 * program. Argument: `CoordinatorOrders` as JSON.
 */
import { join } from 'node:path';
import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  batchTermsFor,
  EMPTY_LOG_HEAD,
  nextLogHead,
  PROTOCOL_VERSION,
  rosterRoot,
  roundTermsFor,
} from '@tributary/protocol';
import { createLogger, openStateDirectory, VectorWork } from '@tributary/runtime';
import { auditFile } from '../../packages/coordinator/src/audit-file.ts';
import { AuditTrail } from '../../packages/coordinator/src/audit-trail.ts';
import { openCoordinatorMachine } from '../../packages/coordinator/src/coordinator-journal.ts';
import { Federation } from '../../packages/coordinator/src/federation.ts';
import { listen } from '../../packages/coordinator/src/server.ts';
import { SumLog } from '../../packages/coordinator/src/sum-log.ts';
import { seededBytes, testRoster } from '../support/federation.ts';
import type { CoordinatorOrders, FromCoordinator, ToCoordinator } from './messages.ts';
import { expectedRoundOf, loadThresholds } from './plan.ts';
import { usageSoFar } from './usage.ts';

const { plan, directory } = JSON.parse(process.argv[2] ?? '') as CoordinatorOrders;
const { roster, coordinatorIdentity } = testRoster(plan.members, seededBytes(plan.seed));
const run = new Uint8Array(32).fill(7);
const MINUTES = 60_000;
const deadlines = {
  setup: 5 * MINUTES,
  ready: 5 * MINUTES,
  maskedInput: 5 * MINUTES,
  consistency: 5 * MINUTES,
  unmask: 5 * MINUTES,
};

const tell = (message: FromCoordinator): void => void process.send?.(message);
const log = createLogger('error', { role: 'coordinator' });
const state = await openStateDirectory(join(directory, 'state'));
const recovered = await openCoordinatorMachine(
  crypto,
  state.log,
  {
    protocolVersion: PROTOCOL_VERSION,
    federation: roster.federation,
    rosterRoot: rosterRoot(crypto, roster),
    run,
    self: 'coordinator',
    manifest: 'load',
  },
  roster,
);
const sums = new SumLog(directory, run);
await sums.create();
const audit = AuditTrail.begin({
  crypto,
  file: auditFile(join(directory, 'audit.jsonl')),
  roster,
  identity: coordinatorIdentity,
  run,
  manifest: 'load',
  now: Date.now,
});
await audit.flush();
const vectors = new VectorWork();
const identity = { secretKey: coordinatorIdentity, publicKey: roster.coordinatorKey };
const manifest = {
  name: 'load',
  program: 'none',
  parameters: {},
  encoder: 'none',
  maxRecords: 1,
  contributors: plan.members,
  privacy: 'none',
  seed: '0'.repeat(64),
} as const;
const federation: Federation = new Federation({
  ...recovered,
  // No program: this process is told what to sum.
  terms: { roster, identity, manifest, manifestText: 'load', run, program: { kind: 'finished' } as never },
  state,
  vectors,
  sums,
  audit,
  output: directory,
  log,
  onProgress(event) {
    if (event.kind === 'phase') tell({ kind: 'phase', phase: event.phase, atMs: performance.now() });
    if (event.kind === 'joined' && event.present === event.members) tell({ kind: 'joined' });
  },
});
const { runner, sessions } = federation;

const handling = createHistogram();
const receive = runner.receive.bind(runner);
runner.receive = async (from, message) => {
  const begin = performance.now();
  await receive(from, message);
  handling.record(Math.max(1, Math.round(1000 * (performance.now() - begin))));
};
const lag = monitorEventLoopDelay({ resolution: 5 });
lag.enable();

const server = await listen({ listen: { host: '127.0.0.1', port: 0 } }, (...connection) =>
  sessions.accept(...connection),
);
tell({ kind: 'listening', url: server.url });

let logHead = EMPTY_LOG_HEAD;

async function setUp(): Promise<void> {
  await federation.begin({ resumed: false });
  const thresholds = loadThresholds(plan.members, plan.graph);
  const { keyCount } = plan;
  const terms = batchTermsFor(crypto, {
    roster,
    run,
    batch: 1,
    cohort: sessions.present,
    thresholds,
    keyCount,
  });
  const outcome = await runner.openBatch(terms, deadlines.setup);
  if (outcome.kind === 'aborted') throw new Error(`setup: ${outcome.detail}`);
  tell({ kind: 'set-up', members: outcome.members.length });
}

async function open(round: number): Promise<void> {
  const { batch } = runner;
  if (batch === undefined) throw new Error('there is no batch');
  const outcome = await runner.openRound(
    roundTermsFor(expectedRoundOf(plan, round, logHead), {
      batchContext: batch.context,
      keyIndex: batch.nextKeyIndex,
      attempt: 1,
      step: 'load',
      deadlines,
      auditHead: federation.auditHead,
    }),
  );
  if (outcome.kind === 'aborted') throw new Error(`${outcome.phase}: ${outcome.detail}`);
  const opened = sums.opened.at(-1);
  if (opened !== undefined) logHead = nextLogHead(crypto, logHead, opened.message.body);
  sessions.deliverSums();
  tell({ kind: 'opened', round, survivors: outcome.survivors });
}

function measure(): void {
  tell({
    kind: 'usage',
    usage: {
      ...usageSoFar(),
      lagP99Ms: lag.percentile(99) / 1e6,
      lagMaxMs: lag.max / 1e6,
      handled: handling.count,
      handlingP99Ms: handling.percentile(99) / 1000,
    },
  });
  lag.reset();
  handling.reset();
}

async function end(): Promise<void> {
  runner.fail(new Error('the measurement is over'));
  await runner.stop();
  await server.close();
  await vectors.close();
  await state.close();
  process.disconnect();
}

process.on('message', (order: ToCoordinator) => {
  const work = async (): Promise<void> => {
    if (order.kind === 'set-up') await setUp();
    else if (order.kind === 'open') await open(order.round);
    else if (order.kind === 'measure') measure();
    else await end();
  };
  work().catch((error: unknown) => {
    tell({ kind: 'failed', detail: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  });
});
