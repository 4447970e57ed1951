/** Local training: what the sums so far mean, what this organisation contributes to the next, and the finished router. */
import { type CryptoBackend, liftWords, utf8 } from '@tributary/crypto';
import { decodeSum, encodeRecords } from '@tributary/privacy';
import { EMPTY_LOG_HEAD, type ExpectedRound, nextLogHead, type RoundResult } from '@tributary/protocol';
import {
  createGenerator,
  type Dataset,
  type ProgramRun,
  type RouterModel,
  selectRecords,
  startProgram,
} from '@tributary/router';
import { expectedRound, type RunManifest } from '@tributary/runtime';

export interface Training {
  /** Records that take part, at most `maxRecords`. */
  readonly records: number;
  /** Records left out because the organisation has more than `maxRecords`. */
  readonly leftOut: number;
  readonly knownSums: number;
  readonly logHead: Uint8Array;
  /** Members in each opened sum. */
  readonly cohortSizes: readonly number[];
  readonly model: RouterModel | undefined;
  /** The sum that follows; undefined when the model is finished. */
  expected(): ExpectedRound | undefined;
  /** This organisation's encoded vector for it: the raw sum of its records' integers. */
  contribution(): Int32Array;
  /** Takes an opened sum. */
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
}

/** @throws RouterError, PrivacyError */
export function startTraining(options: TrainingOptions): Training {
  const { crypto, manifest } = options;
  let program: ProgramRun = startProgram(manifest.program, { ...manifest.parameters, seed: manifest.seed });
  const data = boundedData(options);
  let logHead = EMPTY_LOG_HEAD;
  let knownSums = 0;
  const cohortSizes: number[] = [];
  const nextSum = (): ExpectedRound | undefined =>
    program.kind === 'finished'
      ? undefined
      : expectedRound(crypto, program.plan, program.stateBytes(), {
          round: knownSums + 1,
          logHead,
          contributors: manifest.contributors,
          maxRecords: manifest.maxRecords,
        });
  let expected = nextSum();
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
    expected: () => expected,
    contribution() {
      if (expected === undefined || program.kind === 'finished') return new Int32Array(0);
      return encodeRecords(program.contribute(data), expected.dimension, expected.encoding).vector;
    },
    accept(result, sum) {
      if (expected === undefined || program.kind === 'finished') return;
      liftWords(sum, expected.bits);
      program = program.next(decodeSum(sum, expected.encoding));
      logHead = nextLogHead(crypto, logHead, result);
      knownSums += 1;
      cohortSizes.push(result.survivors.length);
      expected = nextSum();
    },
  };
}

/** The same subset in every round and after every restart, or differences of sums would tell records apart. */
function boundedData({ crypto, manifest, run, identity, data }: TrainingOptions): Dataset {
  if (data.records <= manifest.maxRecords) return data;
  const seed = crypto.hkdfSha256(identity, run, utf8('tributary1/record-subset'), 32);
  const order = Array.from({ length: data.records }, (_, i) => i);
  createGenerator(seed).shuffle(order);
  return selectRecords(
    data,
    order.slice(0, manifest.maxRecords).toSorted((a, b) => a - b),
  );
}
