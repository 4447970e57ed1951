import { bytesOfHex } from '../../bytes/hex.ts';
import { createGenerator } from '../../random/generator.ts';
import { rademacherDirection } from '../../random/rademacher.ts';

/**
 * Half the distance of the two halves that one centre becomes. The plane between them does not depend on it; it is far below
 * the distance of neighbouring centres, so that a split takes no records from a neighbour.
 */
const OFFSET = 1 / 32;

/** Centres, how many records each has, and how many public directions of the run are used up. */
export interface Clusters {
  readonly centres: Float64Array;
  readonly counts: Float64Array;
  readonly directions: number;
}

/**
 * Splits the largest clusters in two, each along its own public direction: one half stays in place, the others follow at the
 * end. No starting centre is ever a data point.
 * @param parts how many clusters to split, at most as many as there are
 */
export function splitLargest(clusters: Clusters, dimensions: number, seed: string, parts: number): Clusters {
  const { counts } = clusters;
  const before = counts.length;
  const bySize = Array.from(counts.keys()).toSorted(
    (a, b) => (counts[b] as number) - (counts[a] as number) || a - b,
  );
  const split: Clusters = {
    centres: grown(clusters.centres, parts * dimensions),
    counts: grown(counts, parts),
    directions: clusters.directions + parts,
  };
  for (let i = 0; i < parts; i++) {
    const direction = publicDirection(seed, clusters.directions + i, dimensions);
    moveApart(split, bySize[i] as number, before + i, direction);
  }
  return split;
}

/**
 * Gives each empty cluster half of what is then the largest one. Clusters stay empty where none has two records.
 * @param fewest records below which a count says that a cluster is empty
 */
export function refillEmpty(
  clusters: Clusters,
  dimensions: number,
  seed: string,
  fewest: number = 0.5,
): Clusters {
  const refilled = {
    centres: clusters.centres.slice(),
    counts: clusters.counts.slice(),
    directions: clusters.directions,
  };
  for (let k = 0; k < refilled.counts.length; k++) {
    if ((refilled.counts[k] as number) >= fewest) continue;
    let largest = 0;
    refilled.counts.forEach((count, i) => {
      if (count > (refilled.counts[largest] as number)) largest = i;
    });
    if ((refilled.counts[largest] as number) < 3 * fewest) break;
    moveApart(refilled, largest, k, publicDirection(seed, refilled.directions, dimensions));
    refilled.directions++;
  }
  return refilled;
}

/** Centre `from` becomes `from` and `to`, each with half of the records. */
function moveApart({ centres, counts }: Clusters, from: number, to: number, direction: Float64Array): void {
  const dimensions = direction.length;
  for (let j = 0; j < dimensions; j++) {
    const middle = centres[from * dimensions + j] as number;
    const offset = OFFSET * (direction[j] as number);
    centres[from * dimensions + j] = middle - offset;
    centres[to * dimensions + j] = middle + offset;
  }
  counts[from] = (counts[from] as number) / 2;
  counts[to] = counts[from];
}

function publicDirection(seed: string, index: number, dimensions: number): Float64Array {
  return rademacherDirection(createGenerator(bytesOfHex(seed)).fork(`kmeans direction ${index}`), dimensions);
}

function grown(values: Float64Array, by: number): Float64Array {
  const more = new Float64Array(values.length + by);
  more.set(values);
  return more;
}
