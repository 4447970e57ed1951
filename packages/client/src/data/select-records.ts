import type { Dataset } from '@tributary/router';

/** The dataset with only the records at `kept`, in that order. */
export function selectRecords(data: Dataset, kept: readonly number[]): Dataset {
  const { dimensions } = data;
  const features = new Float32Array(kept.length * dimensions);
  const offsets = new Uint32Array(kept.length + 1);
  const observations: number[] = [];
  kept.forEach((record, i) => {
    features.set(data.features.subarray(record * dimensions, (record + 1) * dimensions), i * dimensions);
    const end = data.offsets[record + 1] ?? 0;
    for (let j = data.offsets[record] ?? 0; j < end; j++) observations.push(j);
    offsets[i + 1] = observations.length;
  });
  return {
    models: data.models,
    dimensions,
    features,
    records: kept.length,
    offsets,
    model: Uint16Array.from(observations, (j) => data.model[j] ?? 0),
    quality: Float64Array.from(observations, (j) => data.quality[j] ?? 0),
    costUsd: Float64Array.from(observations, (j) => data.costUsd[j] ?? 0),
  };
}
