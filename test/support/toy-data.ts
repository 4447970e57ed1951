/** Data of a federation that trains in a second: a cheap model that is good for half of the queries, a dear one that is good for all. */
import type { Dataset } from '@tributary/router';

export const TOY_DIMENSIONS = 4;

/** Records on two sides of the origin; the cheap model is good on one of them. */
export function toyDataset(member: number, records = 30): Dataset {
  const features = new Float32Array(records * TOY_DIMENSIONS);
  for (let i = 0; i < records; i++) {
    features[i * TOY_DIMENSIONS] = i % 2 === 0 ? 0.8 : -0.8;
    features[i * TOY_DIMENSIONS + 1] = member / 20;
  }
  const each = Array.from({ length: records }, (_, i) => i);
  return {
    models: ['small', 'large'],
    dimensions: TOY_DIMENSIONS,
    features,
    records,
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model: Uint16Array.from(each, (i) => (i >> 1) % 2),
    quality: Float64Array.from(each, (i) => ((i >> 1) % 2 === 1 || i % 2 === 0 ? 1 : 0)),
    costUsd: Float64Array.from(each, (i) => ((i >> 1) % 2 === 1 ? 0.01 : 0.0001)),
  };
}
