/** What every benchmark gives. */
export interface Row {
  /** What was measured. */
  readonly name: string;
  readonly n?: number;
  readonly d?: number;
  /** Share of members lost after setup. */
  readonly dropout?: number;
  readonly transport?: 'in-memory' | 'sockets';
  readonly role?: 'client' | 'coordinator';
  /** CPU milliseconds: the median of the runs. */
  readonly cpuMs: number;
  /** Half the distance between the quartiles of the runs, as a share of the median. */
  readonly spread?: number;
  /** CPU milliseconds of the work that cannot be left out, measured in the same run. */
  readonly boundMs?: number;
  readonly ratio?: number;
  readonly bytesUp?: number;
  readonly peakRssMb?: number;
  /** What the figures hold for: batch size, graph, what is left out. */
  readonly note?: string;
}

export interface Report {
  readonly machine: string;
  readonly rows: readonly Row[];
}
