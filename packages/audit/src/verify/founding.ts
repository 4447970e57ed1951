/** Rules of the entries that say who takes part: genesis, roster, batch. */
import { type CryptoBackend, toHex } from '@tributary/crypto';
import {
  checkRoster,
  type ClientPolicy,
  type Message,
  ProtocolError,
  rosterRoot,
  sameBytes,
  successionFault,
  type Roster,
} from '@tributary/protocol';
import { type EntryOf, LOG_VERSION, rosterOf, type LoggedRoster } from '../entries.ts';
import { type Finding, finding } from '../errors.ts';
import { LEAST_POLICY, viewBatch } from './batch-view.ts';
import { fromCoordinator, fromMember, isFinding } from './frames.ts';
import type { AuditState } from './state.ts';

export function genesisRule(state: AuditState, entry: EntryOf<'genesis'>): Finding | undefined {
  const { crypto, asked } = state;
  if (state.roster !== undefined) return finding('OUT_OF_ORDER', 'a log begins once');
  if (entry.version !== LOG_VERSION) {
    return finding(
      'MALFORMED',
      `the log is of version ${entry.version}, this code reads version ${LOG_VERSION}`,
    );
  }
  const roster = checkedRoster(crypto, entry.roster);
  if (isFinding(roster)) return roster;
  if (asked.rosterRoot !== undefined && !sameBytes(rosterRoot(crypto, roster), asked.rosterRoot)) {
    return finding('BAD_ROSTER', 'the first roster is not the one whose root was given');
  }
  state.roster = roster;
  state.run = entry.run;
  if (asked.plan === undefined) return undefined;
  try {
    const { run, course, noise } = asked.plan(entry.manifest);
    if (!sameBytes(run, entry.run)) return finding('WRONG_CONTEXT', 'the run is not that of the manifest');
    state.course = course;
    state.noise = noise;
  } catch (error) {
    return finding('UNEXPECTED_PLAN', `the manifest defines no run: ${messageOf(error)}`);
  }
  return undefined;
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Roots of rosters that passed: to check their keys takes as long as to verify a short log. */
const PASSED = new WeakMap<CryptoBackend, Set<string>>();

function checkedRoster(crypto: CryptoBackend, logged: LoggedRoster): Roster | Finding {
  const passed = PASSED.get(crypto) ?? new Set();
  PASSED.set(crypto, passed);
  const roster = rosterOf(logged);
  const root = toHex(rosterRoot(crypto, roster));
  if (passed.has(root)) return roster;
  try {
    checkRoster(roster);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return finding('BAD_ROSTER', error.message);
  }
  passed.add(root);
  return roster;
}

/** Batches of the roster before are over: their contexts name its root. */
export function rosterRule(state: AuditState, entry: EntryOf<'roster'>): Finding | undefined {
  const { roster: current, crypto } = state;
  if (current === undefined || state.round !== undefined) {
    return finding('OUT_OF_ORDER', 'a roster may not follow inside a round');
  }
  const next = checkedRoster(crypto, entry.roster);
  if (isFinding(next)) return next;
  const fault = successionFault(crypto, current, next, entry.approvals);
  if (fault !== undefined) return finding('BAD_ROSTER', fault);
  state.roster = next;
  state.batches = [];
  return undefined;
}

export function batchRule(state: AuditState, entry: EntryOf<'batch'>): Finding | undefined {
  const { crypto, roster, run } = state;
  if (roster === undefined) return finding('OUT_OF_ORDER', 'the log does not begin with its genesis');
  const start = fromCoordinator(state, 'batch-start', entry.start);
  if (isFinding(start)) return start;
  const { batch } = start.body;
  if (batch <= state.lastBatch) {
    return finding('OUT_OF_ORDER', `batch ${batch} does not follow batch ${state.lastBatch}`);
  }
  const adverts: Message<'key-advert'>[] = [];
  for (const frame of entry.adverts) {
    const advert = fromMember(state, 'key-advert', frame);
    if (isFinding(advert)) return advert;
    adverts.push(advert);
  }
  const reveals: Message<'draw-reveal'>[] = [];
  for (const frame of entry.reveals) {
    const reveal = fromMember(state, 'draw-reveal', frame);
    if (isFinding(reveal)) return reveal;
    reveals.push(reveal);
  }
  const view = viewBatch(crypto, { roster, run, policy: policyOf(state) }, start, adverts, reveals);
  if (isFinding(view)) return view;
  state.lastBatch = batch;
  state.batches.push(view);
  state.counts.batches += 1;
  return undefined;
}

/** What a member of this run insists on: with a budget also that a batch keeps to what its noise is sized for. */
function policyOf({ asked: { policy = LEAST_POLICY }, noise }: AuditState): ClientPolicy {
  if (noise === undefined) return policy;
  const { colluders, minSurvivors } = noise;
  return { ...policy, minSurvivors, minColluders: Math.max(policy.minColluders, colluders) };
}
