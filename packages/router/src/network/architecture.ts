import type { AdamWArrays, MatrixKernel, Workspace } from '../linalg/matrix/kernel.ts';
import type { SeededGenerator } from '../random/generator.ts';

/** What training, averaging and serving know of a network whose parameters are one flat vector. */
export interface Architecture {
  /** Length of an embedding. */
  readonly inputs: number;
  /** Number of models: each has one output for its quality and one for its cost. */
  readonly models: number;
  readonly parameterCount: number;
  /** What belongs to a single model, in ascending order; all else is shared by the models. */
  readonly ofModels: readonly ModelBlock[];
  initialWeights(generator: SeededGenerator): Float32Array;
  /**
   * Lends a network that is ready for batches of up to `batch` records; it is no longer valid when `use` returns. One that is only to predict
   * takes no memory for training.
   */
  predict<Result>(kernel: MatrixKernel, batch: number, use: (network: Network) => Result): Result;
  /** As `predict`, of a network that can be trained. */
  train<Result>(kernel: MatrixKernel, batch: number, use: (network: TrainableNetwork) => Result): Result;
}

/** A range of parameters that only observations of one model teach. */
export interface ModelBlock {
  readonly start: number;
  readonly end: number;
  readonly model: number;
}

export interface Network {
  /** In the architecture's order. */
  readonly parameters: Float32Array;
  /** Row-major, one row per record. */
  readonly inputs: Float32Array;
  /** Row-major: entries 2m and 2m + 1 of a record's row are model m's logit of quality and its scaled cost. */
  readonly predictions: Float32Array;
  /**
   * From `inputs` to `predictions`.
   * @param generator draws what the network does to its own values in training against learning by heart; none otherwise
   */
  forward(records: number, generator?: SeededGenerator): void;
}

export interface TrainableNetwork extends Network, AdamWArrays, Pick<Workspace<never>, 'adamW'> {
  readonly parameters: Float32Array;
  /** After `forward`: from derivatives of the loss by the predictions, in `predictions`, to `gradients`. Overwrites what `forward` left. */
  backward(records: number): void;
}
