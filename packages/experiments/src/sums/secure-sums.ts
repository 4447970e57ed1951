import { utf8 } from '@tributary/crypto';
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import { decodeSum, encodeRecords } from '@tributary/privacy';
import { EMPTY_LOG_HEAD, type Roster } from '@tributary/protocol';
import { InMemoryFederation } from '@tributary/protocol/in-memory';
import { planRound, RuntimeError } from '@tributary/runtime';
import { type SumService, type SumShape, vectorsOf } from './sum-service.ts';

/** Fewer could subtract their own vector from a sum and read the other. */
export const LEAST_SECURE_CLIENTS = 3;

/**
 * Sums by the state machines of a coordinator and of `clients` members, in one process: every message is signed, encoded and checked as
 * between machines, with fresh keys.
 * @throws ProtocolError for a number of clients that no secure sum takes; `open` throws RuntimeError `RUN_FAILED` where a sum is aborted
 */
export function secureSums({ clients, maxRecords }: SumShape): SumService {
  const federation = startFederation(clients);
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
      const { expected } = planRound(nodeBackend, plan, stateBytes, context);
      const { encoding } = expected;
      const outcome = federation.sum({
        expected,
        step: plan.step,
        vector: (member) => encodeRecords(contribute(member), plan.dimension, encoding).vector,
      });
      if (outcome.kind === 'aborted') {
        throw new RuntimeError(
          'RUN_FAILED',
          `sum '${plan.step}' was aborted in ${outcome.phase}: ${outcome.detail}`,
        );
      }
      if (outcome.survivors.length !== clients) {
        const survivors = `${outcome.survivors.length} of ${clients} clients`;
        throw new RuntimeError('RUN_FAILED', `sum '${plan.step}' is over ${survivors}`);
      }
      return decodeSum(outcome.sum, encoding);
    },
  };
}

function startFederation(clients: number): InMemoryFederation {
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
  });
}
