import type { Dataset, RouterModel, SeededGenerator } from '@tributary/router';
import type { Federation } from '../families/router-family.ts';

/** Settings that are trained in one go, because their models share most of the work. */
export interface Recipe {
  /** Each setting in words, such as "K 20, kappa 50"; models come in this order. */
  readonly settings: readonly string[];
  /** Trains by sums alone. */
  federated(federation: Federation): readonly RouterModel[];
  /** Trains on rows that lie in one place. */
  alone(data: Dataset, generator: SeededGenerator): readonly RouterModel[];
}

/** What tuning chooses from, and by what. */
export interface Grid {
  /** Simplest first: of equal losses the first wins. */
  readonly recipes: readonly Recipe[];
  /**
   * What a model's predictions miss on each record, in 0 .. `greatestLoss`, the mean over the record's observations; NaN for a record
   * whose models the router knows nothing of.
   */
  losses(model: RouterModel, data: Dataset): Float64Array;
  readonly greatestLoss: number;
}
