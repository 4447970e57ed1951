/** What an experiment is: trials that can be run one by one, in any order and in any process, and what its report shows of them. */
import type { Yardstick } from '../evaluation/score-router.ts';
import type { RouterFamily } from '../families/router-family.ts';
import type { Markup } from '../report/markup.ts';
import type { ExperimentOutcome } from '../results/outcome.ts';
import type { Measurement } from '../results/measurement.ts';
import type { Scene, SceneSpec } from '../scene/scene.ts';
import type { PrivacyDeclaration } from '@tributary/privacy';
import type { PrivacyBudget } from '../privacy/budget.ts';
import type { PrivateSums } from '../privacy/private-sums.ts';
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
  /** What federated routers may spend; undefined where sums are exact. */
  readonly privacy?: PrivacyBudget;
  /** Starts a federation that opens noisy sums, by the protocol or in clear. */
  readonly openPrivate: (request: PrivateSumsRequest) => PrivateSums;
}

export interface PrivateSumsRequest extends SumShape {
  readonly declaration: PrivacyDeclaration;
  /** Noise is drawn from the scene's seed and this. */
  readonly label: string;
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
  /** Whether `--epsilon` can be given: without it, all federated routers of the experiment are trained by exact sums. */
  readonly takesBudget?: true;
  /** In the order in which they are begun; those of one scene follow each other. */
  trials(plan: ExperimentPlan): readonly Trial[];
  /** What the report shows between its head and its settings. */
  sections(outcome: ExperimentOutcome): readonly Markup[];
}
