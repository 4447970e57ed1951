import { BUILT_IN_ENCODERS, type Dataset } from '@tributary/router';
import type { RunManifest } from '@tributary/runtime';
import { DataError } from './data-error.ts';
import { readEvaluationLog } from './read-evaluation-log.ts';
import { toDataset } from './to-dataset.ts';

/**
 * Reads the organisation's log at once, so that its faults show before any connection, and gives the dataset for a run
 * once its models and encoder are known.
 * @throws DataError
 */
export async function datasetLoader(path: string): Promise<(manifest: RunManifest) => Dataset> {
  const log = await readEvaluationLog(path);
  return (manifest) => {
    const models: unknown = manifest.parameters['models'];
    if (!Array.isArray(models) || !models.every((model) => typeof model === 'string')) {
      throw new DataError(
        'TOO_FEW_MODELS',
        'the run names no models',
        'ask the operator to set run.parameters.models',
      );
    }
    const embed = BUILT_IN_ENCODERS.get(manifest.encoder);
    return toDataset(log, { models, encoder: manifest.encoder, ...(embed === undefined ? {} : { embed }) })
      .dataset;
  };
}
