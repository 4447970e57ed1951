import { chooseEncoding, decodeSum, type Encoding, encodeRecords } from '@tributary/privacy';
import type { Dataset, ProgramRun, RecordVector, RouterModel, SumPlan } from '@tributary/router';

/** How one client's records become integers, and a sum of integers numbers again: what the shells do around the secure sum. */
export interface SumCodec {
  /** @returns the raw sum of the records' integers, `plan.dimension` of them */
  encode(records: Iterable<RecordVector>, plan: SumPlan): Int32Array;
  decode(sum: Int32Array, plan: SumPlan): Float64Array;
}

/** The public numbers that fix how a plan's sums are encoded. */
export interface SumShape {
  /** Most organisations in one sum. */
  readonly contributors: number;
  /** Most records of one organisation. */
  readonly maxRecords: number;
}

/** The encoding that a run without noise uses. */
export function exactCodec({ contributors, maxRecords }: SumShape): SumCodec {
  const encodingOf = (plan: SumPlan): Encoding =>
    chooseEncoding({ ...plan, contributors, maxRecords }).encoding;
  return {
    encode: (records, plan) => encodeRecords(records, plan.dimension, encodingOf(plan)).vector,
    decode: (sum, plan) => decodeSum(sum, encodingOf(plan)),
  };
}

export interface PlainRun {
  readonly model: RouterModel;
  /** The plan of every sum, in order. */
  readonly plans: readonly SumPlan[];
}

/**
 * Runs a program over the datasets of several clients with sums in clear. The secure sum over the same clients must give the same
 * model, bit for bit.
 * @param start as `startProgram` returns it
 * @throws RouterError where the datasets do not fit the run, or leave nothing to learn from
 */
export function runInClear(start: ProgramRun, clients: readonly Dataset[], codec: SumCodec): PlainRun {
  const plans: SumPlan[] = [];
  let run = start;
  while (run.kind === 'sum') {
    const { plan } = run;
    const sum = new Int32Array(plan.dimension);
    for (const client of clients) {
      const contribution = codec.encode(run.contribute(client), plan);
      for (let j = 0; j < sum.length; j++) sum[j] = (sum[j] as number) + (contribution[j] as number);
    }
    plans.push(plan);
    run = run.next(codec.decode(sum, plan));
  }
  return { model: run.model, plans };
}
