import { utf8 } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import type { Experiment, ExperimentPlan, PrivateSumsRequest, Trial } from '../catalogue/experiment.ts';
import { experimentNamed } from '../catalogue/registry.ts';
import { type Yardstick, yardstickOf } from '../evaluation/score-router.ts';
import { routerFamily } from '../families/registry.ts';
import { type PrivateSums, privateSums } from '../privacy/private-sums.ts';
import type { SceneFacts, TrialOutcome } from '../results/measurement.ts';
import { drawScene, type Scene, type SceneSpec } from '../scene/scene.ts';
import { factsOf } from '../scene/scene-facts.ts';
import { plainSums } from '../sums/plain-sums.ts';
import { LEAST_SECURE_CLIENTS, secureOpener, secureSums } from '../sums/secure-sums.ts';
import type { SumService, SumShape } from '../sums/sum-service.ts';
import { loadWorkload, seedBytes, type Workload } from '../workload/load-workload.ts';
import type { ExperimentOptions } from './experiment-options.ts';

/** The trials that the options ask for, the same list in every process. */
export function trialsOf(options: ExperimentOptions, models: number): readonly Trial[] {
  const experiment: Experiment = experimentNamed(options.experiment);
  const plan: ExperimentPlan = {
    families: options.routers.map(routerFamily),
    clients: options.clients,
    models,
    seeds: Array.from({ length: options.seeds }, (_, i) => i + 1),
  };
  return experiment.trials(plan);
}

interface DrawnScene {
  readonly key: string;
  readonly scene: Scene;
  readonly yardstick: Yardstick;
  readonly facts: SceneFacts;
}

/**
 * Measures trials by name, one after the other. The last scene is kept, because trials of one scene follow each other.
 * @throws DataError, RouterError, RuntimeError what a trial fails with
 */
export function trialMeasurer(options: ExperimentOptions): (name: string) => Promise<TrialOutcome> {
  let workload: Workload | undefined;
  let workloadSeed: number | undefined;
  let drawn: DrawnScene | undefined;

  async function workloadOf(seed: number): Promise<Workload> {
    // A log is the same for every seed.
    if (workload === undefined || (workload.synthetic && workloadSeed !== seed)) {
      workload = await loadWorkload(options, seed);
      workloadSeed = seed;
    }
    return workload;
  }

  async function sceneOf(spec: SceneSpec): Promise<DrawnScene> {
    const key = JSON.stringify(spec);
    if (drawn?.key !== key) {
      const scene = drawScene(await workloadOf(spec.seed), spec);
      const yardstick = yardstickOf(scene.test);
      drawn = { key, scene, yardstick, facts: factsOf(scene, yardstick) };
    }
    return drawn;
  }

  const sums = (shape: SumShape): SumService =>
    options.plain || shape.clients < LEAST_SECURE_CLIENTS ? plainSums(shape) : secureSums(shape);

  const openPrivate =
    (seed: number) =>
    ({ label, ...request }: PrivateSumsRequest): PrivateSums => {
      const { clients, declaration } = request;
      // With local noise nobody counts on others, but a secret still takes more than the dishonest to open.
      const floors = declaration.colluders > clients - 2 ? undefined : declaration;
      return privateSums({
        ...request,
        noiseSeed: nodeBackend.sha256(seedBytes(seed), utf8(label)),
        ...(options.plain ? {} : { opener: secureOpener(clients, floors) }),
      });
    };

  return async (name) => {
    const { models } = await workloadOf(workloadSeed ?? 1);
    const trial = trialsOf(options, models.length).find((each) => each.name === name);
    if (trial === undefined) throw new Error(`there is no trial ${name}`);
    const { scene, yardstick, facts } = await sceneOf(trial.scene);
    const point = trial.point === undefined ? {} : { point: trial.point };
    return {
      facts: { ...facts, ...point },
      measurements: trial.measure({
        scene,
        yardstick,
        sums,
        openPrivate: openPrivate(trial.scene.seed),
        ...(options.privacy === undefined ? {} : { privacy: options.privacy }),
        ...point,
      }),
    };
  };
}
