import type { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import type { CostBounds } from '../../cost/log-cost.ts';
import { FieldReader } from '../../input/field-reader.ts';
import { MAX_HIDDEN, type MlpShape, parameterCount } from '../../mlp/shape.ts';

/** What a run of the MLP program is, public and the same at every client. */
export interface MlpParameters extends CostBounds {
  /** Display names of the models, in the order of their index. 1 .. 4096. */
  readonly models: readonly string[];
  /** Length of one feature vector. 1 .. 65536. */
  readonly dimensions: number;
  /** The run's committed seed: 64 lower-case hexadecimal digits. The initial weights follow from it. */
  readonly seed: string;
  /** Widths of the two hidden layers. 1 .. 8192 each, by default 512. */
  readonly hidden: readonly [number, number];
  /** Rounds of training. 1 .. 10,000, by default 5. */
  readonly rounds: number;
  /** Epochs that a client trains in one round. 1 .. 1000, by default 1. */
  readonly localEpochs: number;
  /** Records in one step of the optimizer. 1 .. 4096, by default 128. */
  readonly batchSize: number;
  /** Above 0, at most 1, by default 1e-3. */
  readonly learningRate: number;
  /** Decay of every parameter, decoupled from the gradient. 0 .. 1, by default 3e-4. */
  readonly weightDecay: number;
  /** Share of the hidden layers' outputs that a step leaves out. 0 .. 0.9, by default 0.1. */
  readonly dropout: number;
  /** Largest norm of one step's gradient. By default 1. */
  readonly gradientClip: number;
  /** Largest Euclidean norm of a client's change of the weights in one round; a longer one is shrunk to it. By default 16. */
  readonly clipNorm: number;
  /**
   * Training records from which a client has full weight in the average; one with fewer weighs in proportion, one with more no more. The
   * bound on a client's weight that a sum needs. 1 .. 10^7, by default 10,000.
   */
  readonly fullWeight: number;
  /**
   * Share of its records that each client holds out from training. Above 0, the loss on them is summed after every round, and the run
   * finishes with the weights of least loss instead of the last ones. 0 .. 0.5, by default 0.
   */
  readonly holdOut: number;
  /** Observations of one record that count; a record with more keeps a subset drawn from the run's seed. By default 1. */
  readonly maxEvaluationsPerQuery: number;
}

/** What a run may set; the rest follows from its data, or is drawn for it. */
export type MlpSettings = Partial<Omit<MlpParameters, 'models' | 'dimensions' | 'seed'>>;

const MAX_MODELS = 4096;
/** Values that local training may hold at once: 1 GiB. */
const MAX_VALUES = 2 ** 28;
const TINY = 1e-9;

export function shapeOf({ dimensions, hidden, models }: MlpParameters): MlpShape {
  return { inputs: dimensions, hidden, models: models.length };
}

/** @throws RouterError `BAD_PARAMETERS` */
export function checkMlpParameters(untrusted: unknown): MlpParameters {
  const fields = new FieldReader(untrusted, 'parameters', 'BAD_PARAMETERS');
  const integer = (name: string, most: number, otherwise?: number): number =>
    fields.number(name, { least: 1, most, integer: true, ...(otherwise === undefined ? {} : { otherwise }) });
  const models = fields.names('models', 1, MAX_MODELS);
  const width = { least: 1, most: MAX_HIDDEN, integer: true };
  const parameters: MlpParameters = {
    models,
    dimensions: integer('dimensions', 65536),
    seed: fields.text('seed', /^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
    hidden: fields.numbers('hidden', { least: 2, most: 2 }, width, [512, 512]) as [number, number],
    rounds: integer('rounds', 10_000, 5),
    localEpochs: integer('localEpochs', 1000, 1),
    batchSize: integer('batchSize', 4096, 128),
    learningRate: fields.number('learningRate', { least: TINY, most: 1, otherwise: 1e-3 }),
    weightDecay: fields.number('weightDecay', { least: 0, most: 1, otherwise: 3e-4 }),
    dropout: fields.number('dropout', { least: 0, most: 0.9, otherwise: 0.1 }),
    gradientClip: fields.number('gradientClip', { least: TINY, most: 1e9, otherwise: 1 }),
    clipNorm: fields.number('clipNorm', { least: TINY, most: 1e9, otherwise: 16 }),
    fullWeight: integer('fullWeight', 1e7, 10_000),
    holdOut: fields.number('holdOut', { least: 0, most: 0.5, otherwise: 0 }),
    maxEvaluationsPerQuery: integer('maxEvaluationsPerQuery', models.length, 1),
    costMinUsd: fields.number('costMinUsd', { least: 1e-12, most: 1e12, otherwise: 1e-6 }),
    costMaxUsd: fields.number('costMaxUsd', { least: 1e-12, most: 1e12, otherwise: 1 }),
  };
  fields.end();
  const { costMinUsd, costMaxUsd } = parameters;
  if (costMaxUsd <= costMinUsd) fields.fail('costMaxUsd', `above costMinUsd (${costMinUsd})`, costMaxUsd);
  if (valuesInTraining(parameters) > MAX_VALUES) {
    fields.fail('hidden', 'small enough, with batchSize, for training in 1 GiB', parameters.hidden);
  }
  return parameters;
}

/** Weights, gradients and the two means of the optimizer; inputs, hidden values and their copies for matrix products. */
function valuesInTraining(parameters: MlpParameters): number {
  const { dimensions, hidden, models, batchSize } = parameters;
  const perRecord = 2 * dimensions + 4 * (hidden[0] + hidden[1]) + 4 * models.length;
  return 4 * parameterCount(shapeOf(parameters)) + batchSize * perRecord;
}

export function appendParameters(bytes: CanonicalBytes, parameters: MlpParameters): void {
  bytes.uint32(parameters.models.length);
  for (const model of parameters.models) bytes.text(model);
  bytes
    .uint32(parameters.dimensions)
    .text(parameters.seed)
    .uint32(parameters.hidden[0])
    .uint32(parameters.hidden[1])
    .uint32(parameters.rounds)
    .uint32(parameters.localEpochs)
    .uint32(parameters.batchSize)
    .float64(parameters.learningRate)
    .float64(parameters.weightDecay)
    .float64(parameters.dropout)
    .float64(parameters.gradientClip)
    .float64(parameters.clipNorm)
    .uint32(parameters.fullWeight)
    .float64(parameters.holdOut)
    .uint32(parameters.maxEvaluationsPerQuery)
    .float64(parameters.costMinUsd)
    .float64(parameters.costMaxUsd);
}
