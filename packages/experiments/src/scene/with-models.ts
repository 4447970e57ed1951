import type { Dataset } from '@tributary/router';

/**
 * The observations of some models, under a list of these models alone; records without any are left out.
 * @param keep whether an observation stays, by its record and the index of its model in the new list
 */
export function withModels(
  data: Dataset,
  models: readonly string[],
  keep: (record: number, model: number) => boolean = () => true,
): Dataset {
  const place = data.models.map((name) => models.indexOf(name));
  const records: number[] = [];
  const observations: number[] = [];
  const ends: number[] = [];
  for (let i = 0; i < data.records; i++) {
    const before = observations.length;
    for (let o = data.offsets[i] as number; o < (data.offsets[i + 1] as number); o++) {
      const model = place[data.model[o] as number] as number;
      if (model >= 0 && keep(i, model)) observations.push(o);
    }
    if (observations.length === before) continue;
    records.push(i);
    ends.push(observations.length);
  }
  const { dimensions } = data;
  const features = new Float32Array(records.length * dimensions);
  records.forEach((record, i) =>
    features.set(data.features.subarray(record * dimensions, (record + 1) * dimensions), i * dimensions),
  );
  return {
    models,
    dimensions,
    features,
    records: records.length,
    offsets: Uint32Array.from([0, ...ends]),
    model: Uint16Array.from(observations, (o) => place[data.model[o] as number] as number),
    quality: Float64Array.from(observations, (o) => data.quality[o] as number),
    costUsd: Float64Array.from(observations, (o) => data.costUsd[o] as number),
  };
}
