import type { MlpModel } from '../../artifact/model.ts';
import type { Dataset } from '../../dataset.ts';
import { trainAlone, type TrainingAlone } from '../averaging/train-alone.ts';
import type { MlpSettings } from './parameters.ts';
import { MLP_ROUTER } from './program.ts';

export type MlpTraining = TrainingAlone<MlpSettings>;

/**
 * The MLP router that data in one place give.
 * @throws RouterError `NO_OBSERVATIONS`, `BAD_DATASET`, `BAD_PARAMETERS`
 */
export function trainMlp(data: Dataset, training: MlpTraining): MlpModel {
  return trainAlone(MLP_ROUTER, data, training);
}
