import { type Dataset, RouterError } from '@tributary/router';

/**
 * The records of all clients in one dataset, client after client: what nobody in a federation has.
 * @param clients at least one; all with the same models and dimensions
 * @throws RouterError `NO_RECORDS`
 */
export function poolDatasets(clients: readonly Dataset[]): Dataset {
  const [first] = clients;
  if (first === undefined) throw new RouterError('NO_RECORDS', 'there is no client to pool');
  const records = clients.reduce((total, client) => total + client.records, 0);
  const observations = clients.reduce((total, client) => total + client.model.length, 0);
  const pooled = {
    models: first.models,
    dimensions: first.dimensions,
    records,
    features: new Float32Array(records * first.dimensions),
    offsets: new Uint32Array(records + 1),
    model: new Uint16Array(observations),
    quality: new Float64Array(observations),
    costUsd: new Float64Array(observations),
  };
  let record = 0;
  let observation = 0;
  for (const client of clients) {
    pooled.features.set(client.features, record * first.dimensions);
    const shift = observation;
    pooled.offsets.set(
      client.offsets.map((offset) => offset + shift),
      record,
    );
    pooled.model.set(client.model, observation);
    pooled.quality.set(client.quality, observation);
    pooled.costUsd.set(client.costUsd, observation);
    record += client.records;
    observation += client.model.length;
  }
  return pooled;
}
