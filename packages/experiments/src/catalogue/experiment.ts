/** What an experiment is: trials that can be run one by one, in any order and in any process, and what its report shows of them. */
import type { Yardstick } from '../evaluation/score-router.ts';
import type { RouterFamily } from '../families/router-family.ts';
import type { Markup } from '../report/markup.ts';
import type { ExperimentOutcome } from '../results/outcome.ts';
import type { Measurement } from '../results/measurement.ts';
import type { Scene, SceneSpec } from '../scene/scene.ts';
import type { SumService, SumShape } from '../sums/sum-service.ts';

/** What an experiment varies over. */
export interface ExperimentPlan {
  readonly families: readonly RouterFamily[];
  readonly clients: number;
  /** How many models there are. */
  readonly models: number;
  readonly seeds: readonly number[];
}

export interface TrialContext {
  readonly scene: Scene;
  /** As the trial says. */
  readonly point?: string;
  /** On the scene's test. */
  readonly yardstick: Yardstick;
  /** Starts a federation that opens sums, by the protocol or in clear. */
  readonly sums: (shape: SumShape) => SumService;
}

/** A piece of work that is measured, and kept when a run is interrupted, as a whole. */
export interface Trial {
  /** Unique in the experiment and the same in every run: "seed 1, kmeans, federated". */
  readonly name: string;
  readonly scene: SceneSpec;
  /** Which step of a sweep the scene is, where the experiment draws several with one seed. */
  readonly point?: string;
  measure(context: TrialContext): readonly Measurement[];
}

export interface Experiment {
  readonly name: string;
  /** One line for a list. */
  readonly description: string;
  /** In the order in which they are begun; those of one scene follow each other. */
  trials(plan: ExperimentPlan): readonly Trial[];
  /** What the report shows between its head and its settings. */
  sections(outcome: ExperimentOutcome): readonly Markup[];
}
