import { createGenerator, type Dataset, selectRecords } from '@tributary/router';
import { poolDatasets } from '../baselines/pool-datasets.ts';

/** Share of a client's training rows on which settings are compared. */
export const HELD_OUT: number = 1 / 8;

/** A client's training rows in two parts. */
export interface HeldOut {
  /** What a setting is trained on while it is tried. */
  readonly rest: Dataset;
  /** What it is judged on: an eighth of the rows, rounded down. */
  readonly heldOut: Dataset;
}

/**
 * The rows that the program `mlp` holds out by itself where it is told to hold out `HELD_OUT`, so that all settings of all families are
 * judged by the same.
 * @param localSeed the client's 32 secret bytes
 */
export function holdOut(data: Dataset, localSeed: Uint8Array): HeldOut {
  const order = Array.from({ length: data.records }, (_, i) => i);
  createGenerator(localSeed).fork('mlp hold-out').shuffle(order);
  const held = Math.floor(data.records * HELD_OUT);
  return { heldOut: selectRecords(data, order.slice(0, held)), rest: selectRecords(data, order.slice(held)) };
}

/** The parts of all clients, each pooled: what one party that had everybody's rows would hold out. */
export function poolHeldOut(parts: readonly HeldOut[]): HeldOut {
  return {
    rest: poolDatasets(parts.map(({ rest }) => rest)),
    heldOut: poolDatasets(parts.map(({ heldOut }) => heldOut)),
  };
}
