/**
 * A run with a privacy budget in one process: every client's vector with its noise is the one that the real client would mask, and they are
 * added in clear. What a budget is worth, without the masks that change nothing of it.
 */
import { nodeBackend, nodeRandomBytes } from '@tributary/crypto/node';
import { DEFAULT_PRIVACY, declareRun, type PrivacyConfig } from '@tributary/coordinator';
import { encodeRecords, noisyContribution } from '@tributary/privacy';
import { EMPTY_LOG_HEAD } from '@tributary/protocol';
import { type Dataset, type RouterModel, startProgram } from '@tributary/router';
import { planRound, readSum } from '@tributary/runtime';

export interface SimulatedRun {
  /** Each client's training rows. */
  readonly clients: readonly Dataset[];
  readonly program: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Public seed of the run, 64 hexadecimal digits. */
  readonly seed: string;
  readonly privacy: Partial<PrivacyConfig>;
}

/** As a coordinator's configuration has it. */
const MAX_RECORDS = 10_000;

/**
 * The router of a run over all clients.
 * @throws RuntimeError BAD_CONFIG, RouterError, PrivacyError as the real run would
 */
export function simulateRun({
  clients,
  program,
  parameters: given,
  seed,
  privacy: asked,
}: SimulatedRun): RouterModel {
  const { length: contributors } = clients;
  const { parameters, privacy } = declareRun({
    run: { program, parameters: given },
    privacy: { ...DEFAULT_PRIVACY, ...asked },
    thresholds: 'security',
    members: contributors,
    seed,
  });
  const context = { logHead: EMPTY_LOG_HEAD, contributors, maxRecords: MAX_RECORDS, privacy };
  let run = startProgram(program, { ...parameters, seed });
  for (let round = 1; run.kind === 'sum'; round++) {
    const asking = run;
    const planned = planRound(nodeBackend, asking.plan, asking.stateBytes(), { round, ...context });
    const { expected, noise } = planned;
    const total = new Int32Array(expected.dimension);
    for (const client of clients) {
      const records = asking.contribute(client);
      const vector =
        noise === undefined
          ? encodeRecords(records, expected.dimension, expected.encoding).vector
          : noisyContribution({
              backend: nodeBackend,
              key: nodeRandomBytes(32),
              records,
              round: { ...expected, noise },
            });
      for (let j = 0; j < total.length; j++) total[j] = (total[j] as number) + (vector[j] as number);
    }
    const { sum, noiseDeviation } = readSum(planned, total, contributors);
    run = asking.next(sum, noiseDeviation);
  }
  return run.model;
}
