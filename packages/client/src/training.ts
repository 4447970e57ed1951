/** Local training: what the sums so far mean, what this organisation contributes to the next, and the finished router. */
import { type CryptoBackend, liftWords, utf8, wipe } from '@tributary/crypto';
import { nodeRandomBytes } from '@tributary/crypto/node';
import { boundRecordsPerUnit, encodeRecords, noisyContribution, type RoundPrivacy } from '@tributary/privacy';
import { EMPTY_LOG_HEAD, type ExpectedRound, nextLogHead, type RoundResult } from '@tributary/protocol';
import {
  createGenerator,
  type Dataset,
  NOBODY,
  type ProgramRun,
  type RouterModel,
  selectRecords,
  startProgram,
} from '@tributary/router';
import { type PlannedRound, planRound, readSum, RuntimeError, type RunManifest } from '@tributary/runtime';

export interface Training {
  /** Records that take part, at most `maxRecords`. */
  readonly records: number;
  /** Records left out: more than `maxRecords`, or than the run takes of one end user, or of nobody where end users are protected. */
  readonly leftOut: number;
  readonly knownSums: number;
  readonly logHead: Uint8Array;
  /** Members in each opened sum. */
  readonly cohortSizes: readonly number[];
  readonly model: RouterModel | undefined;
  /** The sum that follows; undefined when the model is finished. */
  expected(): ExpectedRound | undefined;
  /** The noise that a contribution to it carries; undefined where the run has no budget. */
  noise(): RoundPrivacy | undefined;
  /**
   * This organisation's encoded vector for it: the raw sum of its records' integers, and its share of the noise, which every call draws anew.
   */
  contribution(): Int32Array;
  /** Takes an opened sum. @throws PrivacyError NOISE_MISSING; RouterError where it leaves nothing to learn from */
  accept(result: RoundResult, sum: Int32Array): void;
}

export interface TrainingOptions {
  readonly crypto: CryptoBackend;
  readonly manifest: RunManifest;
  /** Digest of the manifest. */
  readonly run: Uint8Array;
  /** Secret seed of the member: which records stay out is drawn from it, so that nobody else knows. */
  readonly identity: Uint8Array;
  readonly data: Dataset;
  /** Where keys of noise come from: a CSPRNG, and the system's unless a test says otherwise. */
  readonly random?: (length: number) => Uint8Array;
}

/** @throws RouterError, PrivacyError */
export function startTraining(options: TrainingOptions): Training {
  const { crypto, manifest, random = nodeRandomBytes } = options;
  let program: ProgramRun = startProgram(manifest.program, { ...manifest.parameters, seed: manifest.seed });
  const data = boundedData(options);
  const localSeed = crypto.hkdfSha256(options.identity, options.run, utf8('tributary1/local-training'), 32);
  let logHead = EMPTY_LOG_HEAD;
  let knownSums = 0;
  const cohortSizes: number[] = [];
  const nextSum = (): PlannedRound | undefined =>
    program.kind === 'finished'
      ? undefined
      : planRound(crypto, program.plan, program.stateBytes(), { round: knownSums + 1, logHead, ...manifest });
  let planned = nextSum();
  return {
    records: data.records,
    leftOut: options.data.records - data.records,
    get knownSums() {
      return knownSums;
    },
    cohortSizes,
    get logHead() {
      return logHead;
    },
    get model() {
      return program.kind === 'finished' ? program.model : undefined;
    },
    expected: () => planned?.expected,
    noise: () => planned?.noise,
    contribution() {
      if (planned === undefined || program.kind === 'finished') return new Int32Array(0);
      const { expected, noise } = planned;
      // Coins of a secret sample are new for every attempt; what else a program draws stays the same throughout the run.
      const records = program.contribute(data, program.plan.sampling === undefined ? localSeed : random(32));
      if (noise === undefined) return encodeRecords(records, expected.dimension, expected.encoding).vector;
      const key = random(32);
      try {
        return noisyContribution({ backend: crypto, key, records, round: { ...expected, noise } });
      } finally {
        wipe(key);
      }
    },
    accept(result, sum) {
      if (planned === undefined || program.kind === 'finished') return;
      liftWords(sum, planned.expected.bits);
      const read = readSum(planned, sum, result.survivors.length);
      program = program.next(read.sum, read.noiseDeviation);
      logHead = nextLogHead(crypto, logHead, result);
      knownSums += 1;
      cohortSizes.push(result.survivors.length);
      planned = nextSum();
    },
  };
}

/** The same subset in every round and after every restart, or differences of sums would tell records apart. */
function boundedData({ crypto, manifest, run, identity, data }: TrainingOptions): Dataset {
  const { maxRecords, privacy } = manifest;
  const perUser =
    privacy !== 'none' && privacy.unit === 'end-user' ? privacy.recordsPerUnit : Number.POSITIVE_INFINITY;
  if (data.records <= maxRecords && perUser === Number.POSITIVE_INFINITY) return data;
  const seed = crypto.hkdfSha256(identity, run, utf8('tributary1/record-subset'), 32);
  const order = Uint32Array.from({ length: data.records }, (_, i) => i);
  createGenerator(seed).shuffle(order);
  const allowed = perUser === Number.POSITIVE_INFINITY ? order : recordsOfUsers(data, order, perUser);
  return selectRecords(
    data,
    Array.from(allowed.subarray(0, maxRecords)).toSorted((a, b) => a - b),
  );
}

/** Of each end user as many records as the run takes, in the secret order; records of nobody stay out. */
function recordsOfUsers(data: Dataset, order: Uint32Array, most: number): Uint32Array {
  const { users } = data;
  if (users === undefined) {
    throw new RuntimeError(
      'BAD_DATA',
      "the run protects end users, and no query of the log names its 'user'",
      "add a 'user' to the queries, or ask for a run whose unit is the record",
    );
  }
  const kept = new Set(boundRecordsPerUnit(users, order, most));
  return order.filter((record) => kept.has(record) && users[record] !== NOBODY);
}
