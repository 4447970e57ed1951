import type { Dataset, RouterModel, SeededGenerator } from '@tributary/router';
import type { Grid } from './grid.ts';
import type { HeldOut } from './hold-out.ts';
import type { TunedRouter } from './tuned-router.ts';

/**
 * Tries a grid on rows that lie in one place, and trains with the settings of least mean loss on all of them.
 * @param parts the rows of `data` in two parts; with none held out the first settings are taken
 */
export function tuneAlone(
  grid: Grid,
  data: Dataset,
  { rest, heldOut }: HeldOut,
  generator: SeededGenerator,
): TunedRouter {
  const tried = grid.recipes.flatMap((recipe) => {
    const models = recipe.alone(rest, generator.fork(`try ${recipe.settings.join()}`));
    return models.map((trial, index) => ({ recipe, index, trial, loss: meanLoss(grid, trial, heldOut) }));
  });
  const best = tried.reduce((least, candidate) => (candidate.loss < least.loss ? candidate : least));
  const { recipe, index, trial } = best;
  const models = recipe.alone(data, generator.fork('train'));
  return {
    setting: recipe.settings[index] as string,
    model: models[index] as RouterModel,
    trial,
  };
}

/** Over the records that the model can judge; 0 where there is none. */
function meanLoss(grid: Grid, model: RouterModel, data: Dataset): number {
  const losses = grid.losses(model, data).filter((loss) => !Number.isNaN(loss));
  return losses.reduce((total, loss) => total + loss, 0) / Math.max(1, losses.length);
}
