import {
  auc,
  aucShared,
  concaveHull,
  type CostRange,
  createPredictor,
  LAMBDA_GRID,
  routerCurve,
  type RouterModel,
  type TestSet,
} from '@tributary/router';
import type { RouterResult } from '../report/report-data.ts';

/** A model's curve over the lambda grid on the test set, with both areas. */
export function evaluateModel(model: RouterModel, test: TestSet, range: CostRange): RouterResult {
  const curve = routerCurve(createPredictor(model), test, LAMBDA_GRID);
  return { curve, auc: auc(curve), aucShared: aucShared(concaveHull(curve), range) };
}
