import type { RouterModel } from '@tributary/router';

/** The outcome of a choice between settings. */
export interface TunedRouter {
  /** The setting in words. */
  readonly setting: string;
  /** Trained with it on all rows. */
  readonly model: RouterModel;
  /** Trained with it on the rows that were not held out: what may be judged on those that were. */
  readonly trial: RouterModel;
}
