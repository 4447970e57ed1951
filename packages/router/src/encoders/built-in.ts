import { encodeHashedNgrams, HASHED_NGRAMS } from './hashed-ngrams.ts';

/** Text encoders that come with the router, by the name that manifests and artifacts use. Each returns a vector of norm 1, or 0, to single precision. */
export const BUILT_IN_ENCODERS: ReadonlyMap<string, (text: string) => Float32Array> = new Map([
  [HASHED_NGRAMS, encodeHashedNgrams],
]);
