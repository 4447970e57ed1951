import type { Dataset } from './dataset.ts';

/** The dataset with only the records at `kept`, in that order. */
export function selectRecords(data: Dataset, kept: readonly number[]): Dataset {
  const { dimensions, propensity } = data;
  const features = new Float32Array(kept.length * dimensions);
  const offsets = new Uint32Array(kept.length + 1);
  const observations: number[] = [];
  kept.forEach((record, i) => {
    features.set(data.features.subarray(record * dimensions, (record + 1) * dimensions), i * dimensions);
    for (let o = data.offsets[record] as number; o < (data.offsets[record + 1] as number); o++)
      observations.push(o);
    offsets[i + 1] = observations.length;
  });
  return {
    models: data.models,
    dimensions,
    features,
    records: kept.length,
    offsets,
    model: Uint16Array.from(observations, (o) => data.model[o] as number),
    quality: Float64Array.from(observations, (o) => data.quality[o] as number),
    costUsd: Float64Array.from(observations, (o) => data.costUsd[o] as number),
    ...(propensity === undefined
      ? {}
      : { propensity: Float64Array.from(observations, (o) => propensity[o] as number) }),
    ...(data.contexts === undefined ? {} : { contexts: numbersOf(data.contexts, kept) }),
    ...(data.users === undefined ? {} : { users: numbersOf(data.users, kept) }),
  };
}

function numbersOf(numbers: Uint32Array, kept: readonly number[]): Uint32Array {
  return Uint32Array.from(kept, (record) => numbers[record] as number);
}
