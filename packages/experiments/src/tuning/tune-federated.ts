import { utf8 } from '@tributary/crypto';
import { createArtifact, encodeArtifact, type RouterModel } from '@tributary/router';
import type { Federation } from '../families/router-family.ts';
import type { Grid } from './grid.ts';
import type { HeldOut } from './hold-out.ts';
import { contributeLosses, lossPlan, meanLosses } from './loss-sum.ts';
import type { TunedRouter } from './tuned-router.ts';

/**
 * Tries a grid as a federation that keeps to sums: each setting is trained on what the clients did not hold out, one more sum
 * holds the losses of all settings on what they did, and the best is trained on all rows.
 * @param parts each client's rows in two parts
 */
export function tuneFederated(grid: Grid, federation: Federation, parts: readonly HeldOut[]): TunedRouter {
  const rest = { ...federation, clients: parts.map((part) => part.rest) };
  const tried = grid.recipes.flatMap((recipe) =>
    recipe.federated(rest).map((trial, index) => ({ recipe, index, trial })),
  );
  const losses = federatedLosses(
    grid,
    federation,
    parts,
    tried.map(({ trial }) => trial),
  );
  const best = tried[losses.indexOf(Math.min(...losses))] as (typeof tried)[number];
  const { recipe, index, trial } = best;
  return {
    setting: recipe.settings[index] as string,
    model: recipe.federated(federation)[index] as RouterModel,
    trial,
  };
}

function federatedLosses(
  grid: Grid,
  { sums }: Federation,
  parts: readonly HeldOut[],
  models: readonly RouterModel[],
): number[] {
  const sum = sums.open({
    plan: lossPlan(models.length, grid.greatestLoss),
    stateBytes: utf8(models.map((model) => encodeArtifact(createArtifact(model, 'any'))).join('\n')),
    contribute: (client) => contributeLosses(grid, models, (parts[client] as HeldOut).heldOut),
  });
  return meanLosses(sum);
}
