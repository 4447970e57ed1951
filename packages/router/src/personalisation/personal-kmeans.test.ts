import { describe, expect, it } from 'vitest';
import type { Dataset } from '../dataset.ts';
import { routerFromCentres } from '../programs/kmeans/from-centres.ts';
import { refusal } from '../testing/refusal.ts';
import { toyDataset } from '../testing/toy-dataset.ts';
import { personalKMeans } from './personal-kmeans.ts';

/** At the topics of the toy data. */
const CENTRES = Float64Array.from({ length: 24 }, (_, j) => (j % 8 === Math.floor(j / 8) ? 0.7 : 0));
const federated = routerFromCentres(toyDataset('everybody', { records: 2000 }), CENTRES);
const own = toyDataset('own', { records: 600 });
/** A client whose queries models answer the other way round. */
const contrary: Dataset = { ...own, quality: own.quality.map((quality) => 1 - quality) };

/** How far the client's rows move a cell at most. */
function shift(data: Dataset): number {
  const { quality } = personalKMeans(federated, data);
  return quality.reduce(
    (most, value, cell) => Math.max(most, Math.abs(value - (federated.quality[cell] ?? 0))),
    0,
  );
}

describe('a personal K-means router', () => {
  it('weighs own observations and the federated table as kappa says', () => {
    const { quality } = personalKMeans(federated, own, 10);
    let [n, sum] = [0, 0];
    for (let i = 0; i < own.records; i++) {
      if ((own.features[8 * i] ?? 0) < 0.4 || own.model[i] !== 0) continue;
      n++;
      sum += own.quality[i] ?? 0;
    }
    expect(n).toBeGreaterThan(30);
    expect(quality[0]).toBeCloseTo((sum + 10 * (federated.quality[0] ?? 0)) / (n + 10), 12);
  });

  it('keeps to the federation where the client is like the others, and to its own where it is not', () => {
    expect(shift(own)).toBeLessThan(0.08);
    expect(shift(contrary)).toBeGreaterThan(0.5);
  });

  it('changes neither the federated router nor its centres', () => {
    const before = structuredClone(federated);
    const personal = personalKMeans(federated, contrary);
    expect(federated).toEqual(before);
    expect(personal.centres).toEqual(federated.centres);
    expect(personal.observations).toEqual(federated.observations);
  });

  it('is the federated router for a client without rows of its own', () => {
    expect(personalKMeans(federated, toyDataset('nothing', { records: 0 }))).toEqual(federated);
  });

  it('takes rows of the same models only', () => {
    const other = toyDataset('other', { records: 5, models: ['ant', 'bee', 'dog'] });
    expect(() => personalKMeans(federated, other)).toThrow(refusal('BAD_DATASET', 'models'));
  });
});
