/**
 * A training method is a program: a small pure state machine that asks for sums and is given them.
 * `start` and `next` are public and bit-deterministic (basic IEEE arithmetic in a fixed order, no Math.exp, log, sin, cos, pow), so every
 * client computes the same plan from the same sums and refuses any other.
 */
import type { Dataset } from './dataset.ts';
import type { RouterModel } from './artifact/model.ts';

/** What the next sum is over, and the public bounds of what one vector may add to it. */
export interface SumPlan {
  /**
   * Whose data one vector holds: a record's, the default, or all of an organisation's. With `organisation`, a client adds one vector
   * whatever its number of records, `record...` below bound that vector, and privacy can be stated per organisation only.
   */
  readonly unit?: 'record' | 'organisation';
  /** Which step of the program asks, for people: "mean", "split 3", "lloyd 2", "statistics". */
  readonly step: string;
  /** Length of the vector. */
  readonly dimension: number;
  /** Largest Euclidean norm of one record's vector. */
  readonly recordNorm: number;
  /** Largest absolute value of one coordinate of one record's vector. */
  readonly recordMax: number;
  /** Largest number of non-zero coordinates of one record's vector. */
  readonly recordSupport: number;
  /**
   * Probability with which each record is in the sum, by a coin of its own that only its organisation sees; left out where all are. The coins,
   * drawn from `localSeed`, must be fresh for every attempt at a sum.
   */
  readonly sampling?: number;
}

/** One record's sparse contribution: at `indices[j]` (ascending, unique) stands `values[j]`. Buffers are reused between records. */
export interface RecordVector {
  readonly length: number;
  readonly indices: Uint32Array;
  readonly values: Float64Array;
}

/** One of the sums that a run will ask for. */
export interface ScheduledSum {
  /** As `SumPlan.step`. */
  readonly step: string;
  /** Its part of a privacy budget, in proportion to the others': an integer of at least 1. */
  readonly weight: number;
  /** As `SumPlan.sampling`. */
  readonly sampling?: number;
}

/** @typeParam Result what a finished program has: a router, or what its sums say of one */
export type ProgramStep<State, Result = RouterModel> =
  | { readonly kind: 'sum'; readonly plan: SumPlan; readonly state: State }
  | { readonly kind: 'finished'; readonly model: Result };

export interface Program<Parameters, State, Result = RouterModel> {
  /** The name in configurations, plans and artifacts: "kmeans". */
  readonly name: string;
  /** Checks untrusted parameters (from a coordinator or a file); throws `RouterError` with code `BAD_PARAMETERS` naming the field. */
  parameters(untrusted: unknown): Parameters;
  start(parameters: Parameters): ProgramStep<State, Result>;
  /** Settings of a run with a privacy budget, where it does not set them itself. */
  readonly whenNoisy?: Readonly<Record<string, unknown>>;
  /**
   * All sums of a run in their order, where they follow from its parameters alone: what a privacy budget is divided over before the run
   * starts. Undefined where the sums themselves decide how many there are; left out where a program can make nothing of noisy sums.
   */
  schedule?(parameters: Parameters): readonly ScheduledSum[] | undefined;
  /**
   * @param sum the decoded sum over all survivors, `plan.dimension` values in the units of `contribute`
   * @param noiseDeviation public standard deviation of the noise on each of these values, in the same units; 0, the default, without noise
   * @throws RouterError `BAD_SUM`; codes of the program's own where the sum leaves nothing to learn from
   */
  next(state: State, sum: Float64Array, noiseDeviation?: number): ProgramStep<State, Result>;
  /**
   * The vectors of `data`'s records for the sum that `state` asks for, one after the other, inside the plan's bounds whatever
   * values `data` holds.
   * @param localSeed 32 secret bytes of the organisation, the same throughout a run: what a program that trains locally draws its orders
   *   and dropout from. The same seed and data give the same vectors on the same machine. For a sum over a secret sample, fresh secret
   *   bytes for every attempt instead: coins that are used twice are no longer what a sample is charged for.
   * @throws RouterError `BAD_DATASET` where `data` does not fit the parameters; `BAD_SEED` where the program needs a seed and has none
   */
  contribute(state: State, data: Dataset, localSeed?: Uint8Array): Iterable<RecordVector>;
  /** Canonical bytes of the whole public state: what "model hash" is taken of. */
  stateBytes(state: State): Uint8Array;
}
