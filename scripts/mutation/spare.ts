/** Checks that no test can show to be needed, and why they stand all the same. */
export interface SpareCheck {
  readonly file: string;
  /** As it stands in the source, on one line. */
  readonly condition: string;
  readonly why: string;
}

export const SPARE: readonly SpareCheck[] = [];
