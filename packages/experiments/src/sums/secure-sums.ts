import { utf8 } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import { decodeSum, encodeRecords } from '@tributary/privacy';
import { EMPTY_LOG_HEAD, type NoiseFloors, raisedTo, type Roster, thresholdsFor } from '@tributary/protocol';
import { InMemoryFederation } from '@tributary/protocol/in-memory';
import { type PlannedRound, planRound, RuntimeError } from '@tributary/runtime';
import { type SumService, type SumShape, vectorsOf } from './sum-service.ts';

/** Fewer could subtract their own vector from a sum and read the other. */
export const LEAST_SECURE_CLIENTS = 3;

/** A round to open over all clients. */
export interface WantedRound {
  readonly planned: PlannedRound;
  readonly step: string;
  readonly clients: number;
  /** Each client's encoded vector. */
  readonly vector: (client: number) => Int32Array;
}

/** @returns the lifted sum of all vectors. @throws RuntimeError `RUN_FAILED` where it is over fewer */
export type Opener = (round: WantedRound) => Int32Array;

/**
 * Opens sums by the state machines of a coordinator and of `clients` members, in one process: every message is signed, encoded and checked as
 * between machines, with fresh keys.
 * @param floors below which members refuse to unmask, where they are above those of the protocol
 * @throws ProtocolError for a number of clients that no secure sum takes
 */
export function secureOpener(clients: number, floors?: NoiseFloors): Opener {
  const federation = startFederation(clients, floors);
  return ({ planned, step, vector }) => {
    const outcome = federation.sum({ expected: planned.expected, step, vector });
    if (outcome.kind === 'aborted') {
      throw new RuntimeError(
        'RUN_FAILED',
        `sum '${step}' was aborted in ${outcome.phase}: ${outcome.detail}`,
      );
    }
    if (outcome.survivors.length !== clients) {
      const survivors = `${outcome.survivors.length} of ${clients} clients`;
      throw new RuntimeError('RUN_FAILED', `sum '${step}' is over ${survivors}`);
    }
    return outcome.sum;
  };
}

/** Exact sums by the protocol. `open` throws RuntimeError `RUN_FAILED` where a sum is aborted. */
export function secureSums({ clients, maxRecords }: SumShape): SumService {
  const opener = secureOpener(clients);
  return {
    open({ plan, stateBytes, contribute }) {
      // The federation numbers its rounds, and heads its log, itself.
      const context = {
        round: 1,
        logHead: EMPTY_LOG_HEAD,
        contributors: clients,
        maxRecords: vectorsOf(plan, maxRecords),
        privacy: 'none',
      } as const;
      const planned = planRound(nodeBackend, plan, stateBytes, context);
      const { encoding } = planned.expected;
      const vector = (client: number): Int32Array =>
        encodeRecords(contribute(client), plan.dimension, encoding).vector;
      return decodeSum(opener({ planned, step: plan.step, clients, vector }), encoding);
    },
  };
}

function startFederation(clients: number, floors?: NoiseFloors): InMemoryFederation {
  const coordinatorIdentity = nodeRandomBytes(32);
  const identities = Array.from({ length: clients }, () => nodeRandomBytes(32));
  const roster: Roster = {
    federation: 'experiment',
    version: 1,
    coordinatorKey: nodeBackend.ed25519PublicKey(coordinatorIdentity),
    members: identities.map((identity, id) => ({
      id,
      name: `org-${id}`,
      organisation: `org-${id}`,
      publicKey: nodeBackend.ed25519PublicKey(identity),
    })),
  };
  return new InMemoryFederation({
    crypto: nodeBackend,
    random: nodeRandomBytes,
    roster,
    identities,
    coordinatorIdentity,
    run: nodeBackend.sha256(utf8('tributary experiment')),
    ...(floors === undefined
      ? {}
      : { thresholds: (cohort: number) => raisedTo(thresholdsFor(cohort), floors) }),
  });
}
