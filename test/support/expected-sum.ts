/** The sum that members of an attack expect, whatever they are asked for. */
import type { ExpectedRound } from '@tributary/protocol';

export const BITS = 20;
export const BOUND = 1000;

/** A sum that all members expect; its number and its log head are the round's. */
export function expectedSum(
  round: number,
  dimension: number,
  change: Partial<ExpectedRound> = {},
): ExpectedRound {
  return {
    round,
    planHash: new Uint8Array(32).fill(1),
    modelHash: new Uint8Array(32).fill(2),
    dimension,
    bits: BITS,
    inputBound: BOUND,
    noiseMargin: 0,
    encoding: { scale: 1, normBound: BOUND, coordinateBound: BOUND, maxRecords: 1 },
    privacy: new Uint8Array(0),
    logHead: new Uint8Array(32),
    ...change,
  };
}
