import type { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import type { CostBounds } from '../../cost/log-cost.ts';
import type { FieldReader } from '../../input/field-reader.ts';

/** What every run of federated averaging is, public and the same at every client. */
export interface AveragingParameters extends CostBounds {
  /** Display names of the models, in the order of their index. 1 .. 4096. */
  readonly models: readonly string[];
  /** Length of one feature vector. 1 .. 65536. */
  readonly dimensions: number;
  /** The run's committed seed: 64 lower-case hexadecimal digits. The initial weights follow from it. */
  readonly seed: string;
  /** Rounds of training. 1 .. 10,000, by default 5. */
  readonly rounds: number;
  /** Epochs that a client trains in one round. 1 .. 1000, by default 1. */
  readonly localEpochs: number;
  /** Records in one step of the optimizer. 1 .. 4096, by default 128. */
  readonly batchSize: number;
  /** Above 0, at most 1. */
  readonly learningRate: number;
  /** Decay of every parameter, decoupled from the gradient. 0 .. 1, by default 3e-4. */
  readonly weightDecay: number;
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

/** What a run may set of the parameters of a program; the rest follows from its data, or is drawn for it. */
export type SettingsOf<Parameters extends AveragingParameters> = Partial<
  Omit<Parameters, 'models' | 'dimensions' | 'seed'>
>;

const MAX_MODELS = 4096;
/** Values that local training may hold at once: 1 GiB. */
export const MAX_VALUES: number = 2 ** 28;
const TINY = 1e-9;

/**
 * Reads the fields that programs of averaging have in common.
 * @param defaults of a program's own
 * @param previous a router that the run begins with: its dimensions and bounds of cost hold
 */
export function readAveragingParameters(
  fields: FieldReader,
  defaults: { readonly learningRate: number; readonly rounds?: number },
  previous?: CostBounds & { readonly dimensions: number },
): AveragingParameters {
  const integer = (name: string, most: number, otherwise?: number): number =>
    fields.number(name, { least: 1, most, integer: true, ...(otherwise === undefined ? {} : { otherwise }) });
  const bound = (name: 'costMinUsd' | 'costMaxUsd', otherwise: number): number =>
    fields.number(
      name,
      previous === undefined
        ? { least: 1e-12, most: 1e12, otherwise }
        : { least: previous[name], most: previous[name], otherwise: previous[name] },
    );
  const models = fields.names('models', 1, MAX_MODELS);
  const parameters: AveragingParameters = {
    models,
    dimensions: integer('dimensions', 65536),
    seed: fields.text('seed', /^[0-9a-f]{64}$/, '64 lower-case hexadecimal digits'),
    rounds: integer('rounds', 10_000, defaults.rounds ?? 5),
    localEpochs: integer('localEpochs', 1000, 1),
    batchSize: integer('batchSize', 4096, 128),
    learningRate: fields.number('learningRate', { least: TINY, most: 1, otherwise: defaults.learningRate }),
    weightDecay: fields.number('weightDecay', { least: 0, most: 1, otherwise: 3e-4 }),
    gradientClip: fields.number('gradientClip', { least: TINY, most: 1e9, otherwise: 1 }),
    clipNorm: fields.number('clipNorm', { least: TINY, most: 1e9, otherwise: 16 }),
    fullWeight: integer('fullWeight', 1e7, 10_000),
    holdOut: fields.number('holdOut', { least: 0, most: 0.5, otherwise: 0 }),
    maxEvaluationsPerQuery: integer('maxEvaluationsPerQuery', models.length, 1),
    costMinUsd: bound('costMinUsd', 1e-6),
    costMaxUsd: bound('costMaxUsd', 1),
  };
  const { dimensions, costMinUsd, costMaxUsd } = parameters;
  if (previous !== undefined && dimensions !== previous.dimensions) {
    fields.fail('dimensions', `${previous.dimensions} as in the router`, dimensions);
  }
  if (costMaxUsd <= costMinUsd) fields.fail('costMaxUsd', `above costMinUsd (${costMinUsd})`, costMaxUsd);
  return parameters;
}

export function appendAveragingParameters(bytes: CanonicalBytes, parameters: AveragingParameters): void {
  bytes.uint32(parameters.models.length);
  for (const model of parameters.models) bytes.text(model);
  bytes
    .uint32(parameters.dimensions)
    .text(parameters.seed)
    .uint32(parameters.rounds)
    .uint32(parameters.localEpochs)
    .uint32(parameters.batchSize)
    .float64(parameters.learningRate)
    .float64(parameters.weightDecay)
    .float64(parameters.gradientClip)
    .float64(parameters.clipNorm)
    .uint32(parameters.fullWeight)
    .float64(parameters.holdOut)
    .uint32(parameters.maxEvaluationsPerQuery)
    .float64(parameters.costMinUsd)
    .float64(parameters.costMaxUsd);
}
