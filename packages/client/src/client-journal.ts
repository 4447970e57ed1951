/** A member's machine with its journal: after a restart it goes on from where the journal ends. */
import type { CryptoBackend } from '@tributary/crypto';
import {
  type ClientEffect,
  type ClientEvent,
  type ClientPolicy,
  type ClientState,
  decodeClientEvent,
  encodeEvent,
  replayClient,
  type Roster,
  type RoundResult,
  sameBytes,
  type SecretEffect,
  startClient,
  stepClient,
} from '@tributary/protocol';
import {
  type EventLog,
  JournaledMachine,
  type JournalHeader,
  openRunJournal,
  type ShownHead,
} from '@tributary/runtime';

export type ClientMachine = JournaledMachine<ClientState, ClientEvent, ClientEffect>;

type VoidAttempt = Extract<ClientEffect, { kind: 'attempt-void' }>;

export interface RecoveredMachine {
  readonly machine: ClientMachine;
  /** Of the sums that the member has taken, oldest first. */
  readonly results: readonly RoundResult[];
  /** Rounds whose survivor set it signed. */
  readonly signed: ReadonlySet<number>;
  /** Attempts of which nothing that it uploaded can ever be opened. */
  readonly voided: readonly VoidAttempt[];
  /** Heads of the audit log that it was shown with a round, oldest first. */
  readonly heads: readonly ShownHead[];
  /** What the last life of the process may not have done with its secrets, and nobody will ask for again. */
  readonly unfinished: readonly SecretEffect[];
}

/** @throws RuntimeError BAD_CONFIG, BAD_FILE as `openRunJournal` */
export async function openClientMachine(
  crypto: CryptoBackend,
  log: EventLog,
  header: JournalHeader & { readonly self: number },
  { roster, policy }: { readonly roster: Roster; readonly policy: ClientPolicy },
): Promise<RecoveredMachine> {
  const { self, run } = header;
  let state = startClient(crypto, { self, roster, run, policy });
  const results: RoundResult[] = [];
  const signed = new Set<number>();
  const voided: VoidAttempt[] = [];
  const held: HoldEffect[] = [];
  const heads: ShownHead[] = [];
  const codec = { encode: encodeEvent, decode: decodeClientEvent };
  const journal = await openRunJournal<ClientEvent>(log, header, codec, (event) => {
    state = replayClient(crypto, state, [event], (effect) => {
      if (effect.kind === 'accept-result') {
        results.push(effect.result);
        if (effect.participated) signed.add(effect.result.round);
      }
      if (effect.kind === 'attempt-void') voided.push(effect);
      if (effect.kind === 'note-head') heads.push({ head: { run, ...effect.head }, shown: effect.round });
      if (effect.kind === 'hold-shares' || effect.kind === 'hold-opened') held.push(effect);
    });
  });
  const step = (from: ClientState, event: ClientEvent): ReturnType<typeof stepClient> =>
    stepClient(crypto, from, event);
  return {
    machine: new JournaledMachine(step, state, journal),
    results,
    signed,
    voided,
    heads,
    unfinished: unfinishedOf(state, held),
  };
}

type HoldEffect = Extract<SecretEffect, { kind: 'hold-shares' | 'hold-opened' }>;

/** Shares arrive once; holding them again changes nothing. */
function unfinishedOf({ batches }: ClientState, held: readonly HoldEffect[]): readonly HoldEffect[] {
  return held.filter(({ kind, batchContext }) => {
    const batch = batches.find(({ context }) => sameBytes(context, batchContext));
    return batch !== undefined && (kind === 'hold-opened' || batch.stage === 'shares');
  });
}
