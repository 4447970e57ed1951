import type { RouterModel } from '../../artifact/model.ts';
import { bytesOfHex } from '../../bytes/hex.ts';
import { checkDataset, type Dataset } from '../../dataset.ts';
import { matrixKernel } from '../../linalg/matrix/select-kernel.ts';
import { train } from '../../network/train.ts';
import { createGenerator } from '../../random/generator.ts';
import { sumInDoubles } from '../sum-in-doubles.ts';
import { contributeToCosts, costsPlan, modelMeans } from './costs.ts';
import { betterOf, candidateOf, contributeToEvaluation, evaluationPlan } from './evaluation.ts';
import { localExamples } from './local-data.ts';
import type { AveragingParameters, SettingsOf } from './parameters.ts';
import { type AveragedRouter, startingWeights } from './program.ts';
import type { Candidate, CostsState } from './state.ts';

export interface TrainingAlone<Settings> {
  /** As in a run, 64 lower-case hexadecimal digits: initial weights, orders and what the network draws follow from it. */
  readonly seed: string;
  /**
   * As in a run; `rounds` is the number of epochs. What says how clients take part in one (`localEpochs`, `clipNorm`, `fullWeight`,
   * `holdOut`) has no meaning here.
   */
  readonly settings?: Settings;
  /** Records to judge every epoch by: the weights of least loss are kept. Without them those of the last epoch are. */
  readonly heldOut?: Dataset;
}

/**
 * The router that data in one place give: network, targets, losses and optimizer of the federated program, but one optimizer through
 * all epochs. Baselines then differ from a federated router in who shares, and in nothing else.
 * @throws RouterError `NO_OBSERVATIONS`, `BAD_DATASET`, `BAD_PARAMETERS`
 */
export function trainAlone<Parameters extends AveragingParameters, Model extends RouterModel>(
  router: AveragedRouter<Parameters, Model>,
  data: Dataset,
  { seed, settings, heldOut }: TrainingAlone<SettingsOf<Parameters>>,
): Model {
  const { models, dimensions } = data;
  const parameters = router.parameters({ ...settings, models, dimensions, seed });
  for (const one of [data, heldOut ?? data]) checkDataset(one, models, dimensions);
  const architecture = router.architecture(parameters);
  const costs: CostsState = { phase: 'costs', parameters };
  const means = modelMeans(costs, sumInDoubles(contributeToCosts(costs, data), costsPlan(costs).dimension));

  function judged(weights: Float32Array, round: number): Candidate {
    const state = { phase: 'evaluation', parameters, means, weights, round, best: undefined } as const;
    const vectors = contributeToEvaluation(state, architecture, heldOut ?? data);
    return candidateOf(state, sumInDoubles(vectors, evaluationPlan(state).dimension), heldOut !== undefined);
  }

  let best: Candidate | undefined;
  const last = train(
    matrixKernel,
    architecture,
    startingWeights(router, parameters),
    localExamples(data, parameters, means),
    { ...parameters, epochs: parameters.rounds },
    createGenerator(bytesOfHex(seed)).fork(`${router.name} training`),
    (weights, epoch) => {
      if (heldOut !== undefined) best = betterOf(best, judged(weights.slice(), epoch));
    },
  );
  return router.model(parameters, means, best ?? judged(last, parameters.rounds));
}
