/**
 * A batch as a member sees it. An auditor asks what each member asked before it took part, and by the same code: the terms and the keys
 * in the log are shown to a fresh machine of a member, which refuses what a member would refuse and draws the graph.
 */
import type { CryptoBackend } from '@tributary/crypto';
import {
  type Bodies,
  type BatchTerms,
  batchContext,
  type ClientPolicy,
  type ClientState,
  type Message,
  type Roster,
  startClient,
  stepClient,
} from '@tributary/protocol';
import { type Finding, finding } from '../errors.ts';

type Advert = Message<'key-advert'>;
type Reveal = Message<'draw-reveal'>;

export interface BatchView {
  readonly terms: BatchTerms;
  readonly context: Uint8Array;
  /** U1 with what each advertised, ascending. */
  readonly adverts: ReadonlyMap<number, Bodies['key-advert']>;
  /** Members that hold shares of an owner's secrets, ascending; position + 1 is the holder's point. */
  readonly holders: (owner: number) => readonly number[];
  /** Members that share masks with a member, ascending. */
  readonly neighbours: (member: number) => readonly number[];
  /** A member that knows the batch: it judges evidence. */
  readonly witness: ClientState;
}

/** What an auditor that has no policy of its own insists on: the least that any member may. */
export const LEAST_POLICY: ClientPolicy = { minCohort: 3, minColluders: 1, maxAttemptsPerRound: 64 };

export interface BatchSetting {
  readonly roster: Roster;
  readonly run: Uint8Array;
  readonly policy: ClientPolicy;
}

/** Stands for the coordinator's signature on messages that are put together here. */
const COMPOSED = new Uint8Array(64);

/** Takes messages put together here as signed, and verifies no other signature twice. */
function composing(crypto: CryptoBackend): CryptoBackend {
  const verdicts = new WeakMap<Uint8Array, boolean>();
  return {
    ...crypto,
    ed25519Verify(publicKey, message, signature) {
      if (signature === COMPOSED) return true;
      // One body stands behind each array, for as long as this backend is used.
      const known = verdicts.get(signature);
      if (known !== undefined) return known;
      const verdict = crypto.ed25519Verify(publicKey, message, signature);
      verdicts.set(signature, verdict);
      return verdict;
    },
  };
}

/**
 * The batch, or why a member would not have taken part in it.
 * @param start signed by the coordinator, which the caller has verified
 * @param adverts of U1, ascending
 * @param reveals of the committee, ascending
 */
export function viewBatch(
  crypto: CryptoBackend,
  { roster, run, policy }: BatchSetting,
  { body: terms }: Message<'batch-start'>,
  adverts: readonly Advert[],
  reveals: readonly Reveal[],
): BatchView | Finding {
  const composed = composing(crypto);
  const context = batchContext(crypto, terms);
  const members = adverts.map(({ body }) => body.member);
  const keyRoster: Message<'key-roster'> = {
    kind: 'key-roster',
    body: { batchContext: context, members, reveals, adverts },
    signature: COMPOSED,
  };
  const start: Message<'batch-start'> = { kind: 'batch-start', body: terms, signature: COMPOSED };
  /** On the complete graph one member knows all; on a Harary graph each knows its own neighbours. */
  const selves = terms.graph === 'complete' ? members.slice(0, 1) : members;
  const near = new Map<number, readonly number[]>();
  let witness: ClientState | undefined;
  for (const self of selves) {
    let state = startClient(crypto, { self, roster, run, policy });
    for (const message of [start, keyRoster]) {
      const step = stepClient(composed, state, { kind: 'message', message });
      const refusal = step.effects.find(({ kind }) => kind === 'reject');
      if (refusal?.kind === 'reject') {
        const { code, detail } = refusal.rejection;
        return finding('BAD_BATCH', `a member refuses batch ${terms.batch}: ${code}, ${detail}`);
      }
      ({ state } = step);
    }
    const batch = state.batches.at(-1);
    if (batch !== undefined) near.set(self, batch.neighbours);
    witness = state;
  }
  if (witness === undefined) return finding('BAD_BATCH', `nobody advertised keys in batch ${terms.batch}`);
  const others = (member: number): readonly number[] => terms.cohort.filter((id) => id !== member);
  const complete = terms.graph === 'complete';
  return {
    terms,
    context,
    adverts: new Map(adverts.map(({ body }) => [body.member, body])),
    holders: complete ? () => terms.cohort : (owner) => near.get(owner) ?? [],
    neighbours: complete ? others : (member) => near.get(member) ?? [],
    witness,
  };
}

/** The member that evidence proves to have cheated; undefined where it proves nothing. */
export function culpritOf(
  crypto: CryptoBackend,
  { witness }: BatchView,
  message: Message<'evidence'>,
): number | undefined {
  const { state } = stepClient(crypto, witness, { kind: 'message', message });
  return [...state.culprits][0];
}
