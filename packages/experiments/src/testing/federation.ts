import type { Dataset, KMeansModel, RouterModel } from '@tributary/router';
import type { Federation } from '../families/router-family.ts';
import { plainSums } from '../sums/plain-sums.ts';
import type { SumService } from '../sums/sum-service.ts';

/** A federation of such clients, with seeds of no meaning; sums in clear unless said otherwise. */
export function federationOf(clients: readonly Dataset[], sums?: SumService): Federation {
  return {
    clients,
    localSeeds: clients.map((_, i) => new Uint8Array(32).fill(100 + i)),
    sums: sums ?? plainSums({ clients: clients.length, maxRecords: 10_000 }),
    seed: '21'.repeat(32),
  };
}

export function asKMeans(model: RouterModel): KMeansModel {
  if (model.kind !== 'kmeans') throw new Error(`a ${model.kind} router`);
  return model;
}

export function totalObservations({ observations }: RouterModel): number {
  return observations.reduce((a, b) => a + b);
}
