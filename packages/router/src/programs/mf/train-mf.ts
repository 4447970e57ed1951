import type { MfModel } from '../../artifact/model.ts';
import type { Dataset } from '../../dataset.ts';
import { trainAlone, type TrainingAlone } from '../averaging/train-alone.ts';
import type { MfSettings } from './parameters.ts';
import { MF_ROUTER } from './program.ts';

export type MfTraining = TrainingAlone<MfSettings>;

/**
 * The matrix factorisation router that data in one place give.
 * @throws RouterError `NO_OBSERVATIONS`, `BAD_DATASET`, `BAD_PARAMETERS`
 */
export function trainMf(data: Dataset, training: MfTraining): MfModel {
  return trainAlone(MF_ROUTER, data, training);
}
