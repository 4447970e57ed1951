import type { MlpModel } from '../../artifact/model.ts';
import { bytesOfHex } from '../../bytes/hex.ts';
import { checkDataset, type Dataset } from '../../dataset.ts';
import { matrixKernel } from '../../linalg/matrix/select-kernel.ts';
import { train } from '../../mlp/train.ts';
import { createGenerator } from '../../random/generator.ts';
import { sumInDoubles } from '../sum-in-doubles.ts';
import { contributeToCosts, costsPlan, modelMeans } from './costs.ts';
import { betterOf, candidateOf, contributeToEvaluation, evaluationPlan } from './evaluation.ts';
import { localExamples } from './local-data.ts';
import { checkMlpParameters, type MlpSettings, shapeOf } from './parameters.ts';
import { mlpModelOf, startingWeights } from './program.ts';
import type { Candidate, CostsState } from './state.ts';

export interface MlpTraining {
  /** As in a run, 64 lower-case hexadecimal digits: initial weights, orders and dropout follow from it. */
  readonly seed: string;
  /**
   * As in a run; `rounds` is the number of epochs. What says how clients take part in one (`localEpochs`, `clipNorm`, `fullWeight`,
   * `holdOut`) has no meaning here.
   */
  readonly settings?: MlpSettings;
  /** Records to judge every epoch by: the weights of least loss are kept. Without them those of the last epoch are. */
  readonly heldOut?: Dataset;
}

/**
 * The MLP router that data in one place give: network, targets, losses and optimizer of the federated program, but one optimizer through
 * all epochs. Baselines then differ from a federated router in who shares, and in nothing else.
 * @throws RouterError `NO_OBSERVATIONS`, `BAD_DATASET`, `BAD_PARAMETERS`
 */
export function trainMlp(data: Dataset, { seed, settings = {}, heldOut }: MlpTraining): MlpModel {
  const { models, dimensions } = data;
  const parameters = checkMlpParameters({ ...settings, models, dimensions, seed });
  for (const one of [data, heldOut ?? data]) checkDataset(one, models, dimensions);
  const costs: CostsState = { phase: 'costs', parameters };
  const means = modelMeans(costs, sumInDoubles(contributeToCosts(costs, data), costsPlan(costs).dimension));

  function judged(weights: Float32Array, round: number): Candidate {
    const state = { phase: 'evaluation', parameters, means, weights, round, best: undefined } as const;
    const sum = sumInDoubles(contributeToEvaluation(state, heldOut ?? data), evaluationPlan(state).dimension);
    return candidateOf(state, sum, heldOut !== undefined);
  }

  let best: Candidate | undefined;
  const last = train(
    matrixKernel,
    shapeOf(parameters),
    startingWeights(parameters),
    localExamples(data, parameters, means),
    { ...parameters, epochs: parameters.rounds },
    createGenerator(bytesOfHex(seed)).fork('mlp training'),
    (weights, epoch) => {
      if (heldOut !== undefined) best = betterOf(best, judged(weights.slice(), epoch));
    },
  );
  return mlpModelOf(parameters, means, best ?? judged(last, parameters.rounds));
}
