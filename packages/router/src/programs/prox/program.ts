import type { KMeansModel } from '../../artifact/model.ts';
import { CanonicalBytes } from '../../bytes/canonical-bytes.ts';
import { checkDataset, type Dataset } from '../../dataset.ts';
import type { Program, ProgramStep, RecordVector } from '../../program.ts';
import { checkSum } from '../check-sum.ts';
import { kmeansProgram } from '../kmeans/program.ts';
import type { KMeansState } from '../kmeans/state.ts';
import { appendPreviousRouter } from '../previous-router.ts';
import { contributeToDistances, distancesPlan, proxModelOf } from './distances.ts';
import { appendProxParameters, checkProxParameters, type ProxParameters } from './parameters.ts';

interface KMeansPhase {
  readonly phase: 'kmeans';
  readonly parameters: ProxParameters;
  readonly inner: KMeansState;
}

interface DistancesPhase {
  readonly phase: 'distances';
  readonly parameters: ProxParameters;
  readonly kmeans: KMeansModel;
}

export type ProxState = KMeansPhase | DistancesPhase;

/**
 * K-means with the inference of ProxRouter (arXiv 2510.09852): a query takes a mean over all clusters, weighed by how near they are, how much was
 * observed in them and how tight they are. Its sums are those of K-means, and one of distances.
 */
export const proxProgram: Program<ProxParameters, ProxState> = {
  name: 'prox',
  parameters: checkProxParameters,
  start: (parameters) => after(parameters, kmeansProgram.start(parameters.kmeans)),
  next(state, sum): ProgramStep<ProxState> {
    const { parameters } = state;
    if (state.phase === 'kmeans') return after(parameters, kmeansProgram.next(state.inner, sum));
    checkSum(sum, distancesPlan(state.kmeans));
    return { kind: 'finished', model: proxModelOf(state.kmeans, parameters.sharpness, sum) };
  },
  contribute(state, data: Dataset): Iterable<RecordVector> {
    if (state.phase === 'kmeans') return kmeansProgram.contribute(state.inner, data);
    checkDataset(data, state.kmeans.models, state.kmeans.dimensions);
    return contributeToDistances(state.kmeans, data);
  },
  stateBytes(state) {
    const bytes = new CanonicalBytes().text('tributary prox state 1').text(state.phase);
    appendProxParameters(bytes, state.parameters);
    if (state.phase === 'distances') {
      appendPreviousRouter(bytes, state.kmeans);
      return bytes.finish();
    }
    const [own, inner] = [bytes.finish(), kmeansProgram.stateBytes(state.inner)];
    const all = new Uint8Array(own.length + inner.length);
    all.set(own);
    all.set(inner, own.length);
    return all;
  },
};

function after(parameters: ProxParameters, step: ProgramStep<KMeansState>): ProgramStep<ProxState> {
  if (step.kind === 'sum') {
    return { kind: 'sum', plan: step.plan, state: { phase: 'kmeans', parameters, inner: step.state } };
  }
  // It makes nothing else.
  const kmeans = step.model as KMeansModel;
  return { kind: 'sum', plan: distancesPlan(kmeans), state: { phase: 'distances', parameters, kmeans } };
}
