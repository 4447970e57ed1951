import {
  type Dataset,
  type KMeansModel,
  type KMeansSettings,
  routerFromCentres,
  type SeededGenerator,
  selectRecords,
} from '@tributary/router';
import { heldOutLoss } from './held-out-loss.ts';
import { lloydCentres } from './lloyd.ts';

/** Numbers of clusters that a client tries; 1 is the static router of its own data. */
const CANDIDATES: readonly number[] = [1, 8, 20];
const HELD_OUT = 1 / 8;

/**
 * What a client trains alone: the K-means router on its own rows, with the K of least loss on an eighth of them that was held out,
 * then trained again on all of them.
 * @param generator draws the held-out rows and the random starts
 * @param settings as in the federated run, but for `clusters`
 */
export function localRouter(
  data: Dataset,
  generator: SeededGenerator,
  settings: KMeansSettings = {},
): KMeansModel {
  const train = (rows: Dataset, clusters: number): KMeansModel =>
    routerFromCentres(rows, lloydCentres(rows, Math.min(clusters, rows.records), generator), settings);
  return train(data, bestClusters(data, generator, train));
}

function bestClusters(
  data: Dataset,
  generator: SeededGenerator,
  train: (rows: Dataset, clusters: number) => KMeansModel,
): number {
  const order = Array.from({ length: data.records }, (_, i) => i);
  generator.shuffle(order);
  const held = Math.floor(data.records * HELD_OUT);
  const heldOut = selectRecords(data, order.slice(0, held));
  const rest = selectRecords(data, order.slice(held));
  const losses = CANDIDATES.map((clusters) => heldOutLoss(train(rest, clusters), heldOut));
  return CANDIDATES[losses.indexOf(Math.min(...losses))] ?? 1;
}
