import type { RecordVector, SumPlan } from '@tributary/router';

/** A sum over all clients that is wanted. */
export interface WantedSum {
  readonly plan: SumPlan;
  /** Canonical bytes of the public state that the plan follows from. */
  readonly stateBytes: Uint8Array;
  /** The vectors of a client's records, by the index of the client. */
  readonly contribute: (client: number) => Iterable<RecordVector>;
}

/** Opens sums over the clients of one federation, all of which take part. */
export interface SumService {
  /** @returns the decoded sum, `plan.dimension` values in the units of the contributions */
  open(wanted: WantedSum): Float64Array;
}

/** The public numbers that fix how sums are encoded. */
export interface SumShape {
  readonly clients: number;
  /** Most records of one client. */
  readonly maxRecords: number;
}

/** Most vectors of one client in a sum: one, where a vector holds all that the client has. */
export function vectorsOf({ unit }: SumPlan, maxRecords: number): number {
  return unit === 'organisation' ? 1 : maxRecords;
}
