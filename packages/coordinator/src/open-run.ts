/** Which run the coordinator serves: the one that its output directory holds unfinished, or a new one. */
import { join } from 'node:path';
import { nodeBackend } from '@tributary/crypto/node';
import { PROTOCOL_VERSION, rosterRoot } from '@tributary/protocol';
import {
  decodeManifest,
  type JournalHeader,
  readJournalHeader,
  RuntimeError,
  type RunStates,
  type StateDirectory,
} from '@tributary/runtime';
import { auditFile } from './audit-file.ts';
import { AuditTrail, type AuditTrailOptions } from './audit-trail.ts';
import type { CoordinatorConfig } from './config.ts';
import { openCoordinatorMachine, type RecoveredMachine } from './coordinator-journal.ts';
import { setAsideEarlierRun } from './earlier-runs.ts';
import { SumLog } from './sum-log.ts';
import { readRunTerms, type RunTerms } from './run-terms.ts';

export interface OpenRun extends RecoveredMachine {
  readonly terms: RunTerms;
  readonly state: StateDirectory;
  readonly sums: SumLog;
  readonly audit: AuditTrail;
  /** Whether the run was begun by an earlier life of the process. */
  readonly resumed: boolean;
}

/** @throws RuntimeError BAD_FILE, BAD_CONFIG; RouterError for the program's parameters */
export async function openRun(config: CoordinatorConfig, runs: RunStates): Promise<OpenRun> {
  for (const run of runs.open()) {
    const state = await runs.use(run);
    try {
      const header = await readJournalHeader(state.log);
      if (header !== undefined) {
        const open = await resumeRun(config, state, header);
        const { ended } = open.audit;
        if (ended === undefined || ended.outcome === 'completed') return open;
        // It died between the word that the run has failed and its own end.
        await runs.close(run, state);
        continue;
      }
      // The process died before the run was begun: nobody has heard of it.
      await runs.close(run, state);
    } catch (error) {
      await state.close();
      throw error;
    }
  }
  return await beginRun(config, runs);
}

async function beginRun(config: CoordinatorConfig, runs: RunStates): Promise<OpenRun> {
  const terms = readRunTerms(config);
  const state = await runs.use(terms.run);
  try {
    const sums = new SumLog(config.output, terms.run);
    const recovered = await openCoordinatorMachine(nodeBackend, state.log, headerOf(terms), terms.roster);
    const audit = AuditTrail.begin(trailOf(config, terms));
    return { ...recovered, terms, state, sums, audit, resumed: false };
  } catch (error) {
    await state.close();
    throw error;
  }
}

/** The same run, with the same seed, and only under the configuration that it was begun with. */
async function resumeRun(
  config: CoordinatorConfig,
  state: StateDirectory,
  header: JournalHeader,
): Promise<OpenRun> {
  const begun = decodeManifest(header.manifest);
  const terms = readRunTerms(config, begun.seed);
  if (terms.manifestText !== header.manifest) {
    const [now, then] = [terms.manifestText, header.manifest].map(
      (text) => JSON.parse(text) as Readonly<Record<string, unknown>>,
    ) as [Record<string, unknown>, Record<string, unknown>];
    const field = Object.keys(now).find((name) => JSON.stringify(now[name]) !== JSON.stringify(then[name]));
    throw new RuntimeError(
      'BAD_CONFIG',
      `'output' ${config.output} holds the unfinished run '${begun.name}', which was begun with another '${field}'`,
      "start with the configuration of that run to go on with it, or choose another 'output'",
    );
  }
  await setAsideEarlierRun(config.output, terms.run);
  const audit = await AuditTrail.open(trailOf(config, terms));
  const recovered = await openCoordinatorMachine(
    nodeBackend,
    state.log,
    headerOf(terms),
    terms.roster,
    (effect) => audit.replayed(effect),
  );
  await audit.flush();
  const sums = new SumLog(config.output, terms.run);
  await sums.restore(nodeBackend, terms.roster);
  return { ...recovered, terms, state, sums, audit, resumed: true };
}

function trailOf(
  { output }: CoordinatorConfig,
  { roster, run, identity, manifestText }: RunTerms,
): AuditTrailOptions {
  return {
    crypto: nodeBackend,
    file: auditFile(join(output, 'audit.jsonl')),
    roster,
    identity: identity.secretKey,
    run,
    manifest: manifestText,
    now: Date.now,
  };
}

function headerOf({ roster, run, manifestText }: RunTerms): JournalHeader {
  return {
    protocolVersion: PROTOCOL_VERSION,
    federation: roster.federation,
    rosterRoot: rosterRoot(nodeBackend, roster),
    run,
    self: 'coordinator',
    manifest: manifestText,
  };
}
