import type { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import type { CostBounds } from '../../cost/log-cost.ts';
import { FieldReader } from '../../input/field-reader.ts';
import { MAX_HIDDEN } from '../../mlp/shape.ts';

/** What a run of the DP-SGD program is, public and the same at every client. The defaults are the preset for small federations. */
export interface DpSgdParameters extends CostBounds {
  /** Display names of the models, in the order of their index. 1 .. 4096. */
  readonly models: readonly string[];
  /** Length of one feature vector. 1 .. 65536. */
  readonly dimensions: number;
  /** The run's committed seed: 64 lower-case hexadecimal digits. The projection and the trunk's initial weights follow from it. */
  readonly seed: string;
  /**
   * Whose vectors are clipped: one `record`'s gradient, by default, or the change that an `organisation` trains on all its records, as in federated
   * averaging.
   */
  readonly unit: 'record' | 'organisation';
  /**
   * Length to which features are projected by random public directions. Principal directions would have to be paid for, or come from public
   * prompts; random ones need neither. 1 .. 1024, by default 64.
   */
  readonly projection: number;
  /** Widths of the two hidden layers. 1 .. 8192 each, by default 64. */
  readonly hidden: readonly [number, number];
  /** Noisy steps. 1 .. 10,000. */
  readonly steps: number;
  /** Probability with which a record is in a step, by a secret coin; 1 for all records, and for the unit `organisation`. Above 0. */
  readonly sampling: number;
  /**
   * Largest norm of one unit's vector, in the units of a gradient, or of a change of the weights. By default 1 for records, which clips next to none:
   * a smaller one cuts wrong answers of good models more than their right ones, and so moves models past each other.
   */
  readonly clipNorm: number;
  /** Of a step along the noisy gradient; with the unit `organisation`, of local training. */
  readonly learningRate: number;
  /** Share of the last step that is taken again. 0 .. 0.999. */
  readonly momentum: number;
  /** Share of the steps, counted from the last, over whose weights the router is the mean. Above 0, at most 1. */
  readonly averaged: number;
  /** With the unit `organisation`: passes over its own records that one step takes. 1 .. 1000. */
  readonly localEpochs: number;
  /** How much of a record's bound goes to the trunk, as a factor on its gradient. 0 leaves it at its initial random weights, and out of the sums. */
  readonly trunkScale: number;
  /** The same for the heads of single models, beside 1 for the one that they share. */
  readonly headScale: number;
  /** Parts of the budget for the statistics, in percent; the steps have the rest. 1 .. 99. */
  readonly statisticsShare: number;
  /** Observations of one record that count; a record with more keeps a subset drawn from the run's seed. By default 1. */
  readonly maxEvaluationsPerQuery: number;
}

/** What a run may set; the rest follows from its data, or is drawn for it. */
export type DpSgdSettings = Partial<Omit<DpSgdParameters, 'models' | 'dimensions' | 'seed'>>;

const MAX_MODELS = 4096;
const MAX_PROJECTION = 1024;
const MAX_VALUES = 2 ** 26;
const TINY = 1e-9;

/** @throws RouterError `BAD_PARAMETERS` */
export function checkDpSgdParameters(untrusted: unknown): DpSgdParameters {
  const fields = new FieldReader(untrusted, 'parameters', 'BAD_PARAMETERS');
  const integer = (name: string, most: number, otherwise?: number): number =>
    fields.number(name, { least: 1, most, integer: true, ...(otherwise === undefined ? {} : { otherwise }) });
  const positive = (name: string, most: number, otherwise: number): number =>
    fields.number(name, { least: TINY, most, otherwise });
  const models = fields.names('models', 1, MAX_MODELS);
  const unit = fields.choice('unit', ['record', 'organisation']);
  const ofOrganisation = unit === 'organisation';
  const width = { least: 1, most: MAX_HIDDEN, integer: true };
  const parameters: DpSgdParameters = {
    models,
    dimensions: integer('dimensions', 65536),
    seed: fields.text('seed', /^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
    unit,
    projection: integer('projection', MAX_PROJECTION, 64),
    hidden: fields.numbers('hidden', { least: 2, most: 2 }, width, [64, 64]) as [number, number],
    steps: integer('steps', 10_000, ofOrganisation ? 10 : 40),
    sampling: positive('sampling', 1, ofOrganisation ? 1 : 0.25),
    clipNorm: positive('clipNorm', 1e9, ofOrganisation ? 0.5 : 1),
    learningRate: positive('learningRate', 1e6, ofOrganisation ? 1 : 3),
    momentum: fields.number('momentum', { least: 0, most: 0.999, otherwise: ofOrganisation ? 0 : 0.9 }),
    averaged: positive('averaged', 1, 0.5),
    localEpochs: integer('localEpochs', 1000, 10),
    trunkScale: fields.number('trunkScale', { least: 0, most: 100, otherwise: 0 }),
    headScale: fields.number('headScale', { least: 0, most: 100, otherwise: 0.3 }),
    statisticsShare: fields.number('statisticsShare', { least: 1, most: 99, integer: true, otherwise: 50 }),
    maxEvaluationsPerQuery: integer('maxEvaluationsPerQuery', models.length, 1),
    costMinUsd: fields.number('costMinUsd', { least: 1e-12, most: 1e12, otherwise: 1e-6 }),
    costMaxUsd: fields.number('costMaxUsd', { least: 1e-12, most: 1e12, otherwise: 1 }),
  };
  fields.end();
  const { costMinUsd, costMaxUsd, sampling, dimensions, projection, hidden } = parameters;
  if (costMaxUsd <= costMinUsd) fields.fail('costMaxUsd', `above costMinUsd (${costMinUsd})`, costMaxUsd);
  if (ofOrganisation && sampling !== 1) {
    fields.fail('sampling', '1 with the unit organisation: everybody sees who takes part', sampling);
  }
  const widest = Math.max(dimensions, projection, hidden[1], 2 * models.length);
  if (widest * Math.max(projection, hidden[0], hidden[1]) > MAX_VALUES) {
    fields.fail('hidden', `small enough for matrices of at most ${MAX_VALUES} values`, hidden);
  }
  return parameters;
}

export function appendParameters(bytes: CanonicalBytes, parameters: DpSgdParameters): void {
  bytes.uint32(parameters.models.length);
  for (const model of parameters.models) bytes.text(model);
  bytes
    .uint32(parameters.dimensions)
    .text(parameters.seed)
    .text(parameters.unit)
    .uint32(parameters.projection)
    .uint32(parameters.hidden[0])
    .uint32(parameters.hidden[1])
    .uint32(parameters.steps)
    .float64(parameters.sampling)
    .float64(parameters.clipNorm)
    .float64(parameters.learningRate)
    .float64(parameters.momentum)
    .float64(parameters.averaged)
    .uint32(parameters.localEpochs)
    .float64(parameters.trunkScale)
    .float64(parameters.headScale)
    .uint32(parameters.statisticsShare)
    .uint32(parameters.maxEvaluationsPerQuery)
    .float64(parameters.costMinUsd)
    .float64(parameters.costMaxUsd);
}
