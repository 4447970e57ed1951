/** A draw in which some models come later: what the clients learn from before, and on what the new models are calibrated. */
import type { Dataset, SeededGenerator, TestSet } from '@tributary/router';
import type { ClientShare } from '../partition/partition-queries.ts';
import { denseTrainingRows, type Scene, trainingRows } from './scene.ts';
import { withModels } from './with-models.ts';

/** Share of a client's training queries on which each new model is tried. */
export const CALIBRATION = 0.1;

export interface WithheldModels {
  /** Each client's rows before: as many as ever, none of which a new model answered. Models are the old ones. */
  readonly before: readonly Dataset[];
  /** Each client's calibration rows, with what the new models, and no others, did on them. */
  readonly calibration: readonly Dataset[];
  /** Each client's rows as if all models had been there from the start; the new models come last in the list. */
  readonly all: readonly Dataset[];
  /** The test with the models in that order. */
  readonly test: TestSet;
}

/** @param withheld names of models that come later */
export function withholdModels(scene: Scene, withheld: readonly string[]): WithheldModels {
  const { workload, shares, test } = scene;
  const old = workload.models.filter((name) => !withheld.includes(name));
  const order = [...old, ...withheld];
  return {
    before: shares.map((share, client) => {
      const observed = withoutWithheld(scene.generator(`substitutes ${client}`), share, workload.models, old);
      return withModels(trainingRows(workload, { ...share, observed }), old);
    }),
    calibration: shares.map((share, client) => {
      const generator = scene.generator(`calibration ${client}`);
      return calibrationRows(generator, withModels(denseTrainingRows(workload, share), withheld));
    }),
    all: scene.clients.map((client) => withModels(client, order)),
    test: testWithModels(test, order),
  };
}

/** What a new model would have answered, another did: one that the client uses, as often as it uses it. */
function withoutWithheld(
  generator: SeededGenerator,
  { observed }: Pick<ClientShare, 'observed'>,
  models: readonly string[],
  old: readonly string[],
): Uint16Array {
  const isOld = models.map((name) => old.includes(name));
  const used = observed.filter((m) => isOld[m] === true);
  const others = used.length > 0 ? used : Uint16Array.from(old, (name) => models.indexOf(name));
  return observed.map((m) => (isOld[m] === true ? m : (others[generator.nextInt(others.length)] as number)));
}

/** Of each model a random tenth of the rows, at least one. */
function calibrationRows(generator: SeededGenerator, dense: Dataset): Dataset {
  const { models, records } = dense;
  const count = Math.max(1, Math.round(CALIBRATION * records));
  const tried = models.map((name) => {
    const order = Array.from({ length: records }, (_, i) => i);
    generator.fork(name).shuffle(order);
    return new Set(order.slice(0, count));
  });
  return withModels(dense, models, (record, model) => tried[model]?.has(record) === true);
}

/** @param order all models of the test */
export function testWithModels(test: TestSet, order: readonly string[]): TestSet {
  const from = order.map((name) => test.models.indexOf(name));
  const reordered = (values: Float64Array): Float64Array =>
    Float64Array.from({ length: test.queries * order.length }, (_, cell) => {
      const query = Math.floor(cell / order.length);
      return values[query * test.models.length + (from[cell % order.length] as number)] as number;
    });
  return {
    ...test,
    models: order,
    quality: reordered(test.quality),
    costUsd: reordered(test.costUsd),
  };
}
