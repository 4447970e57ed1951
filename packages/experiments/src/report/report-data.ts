import type { PrivacyUnit } from '@tributary/privacy';
import type { CostQuality, CurvePoint, SingleModel } from '@tributary/router';

/** What one router achieves on the global test queries. */
export interface RouterResult {
  /** One point per lambda, in ascending lambda. */
  readonly curve: readonly CurvePoint[];
  /** The paper's metric, over the router's own range of costs. */
  readonly auc: number;
  /** Mean height of the concave frontier over the range of costs that all routers share. */
  readonly aucShared: number;
}

/** How often one client observed each model on its training queries. */
export interface ClientCoverage {
  readonly client: string;
  /** One count per model of the report. */
  readonly observations: readonly number[];
}

/** One secure sum of the run. */
export interface ReportRound {
  /** What was summed: "mean", "lloyd 2". */
  readonly step: string;
  /** Seconds since the run began. */
  readonly start: number;
  readonly end: number;
  /** Size of the survivor set. */
  readonly survivors: number;
}

/** The privacy budget of the run, in zCDP. */
export interface ReportBudget {
  readonly unit: PrivacyUnit;
  readonly epsilon: number;
  readonly delta: number;
  /** Largest rho. */
  readonly limit: number;
  readonly rounds: readonly {
    readonly step: string;
    readonly survivors: number;
    /** rho for the fewest survivors, and for those that there were. */
    readonly reserved: number;
    readonly charged: number;
    /** Epsilon of this sum and all before it. */
    readonly spentEpsilon: number;
  }[];
}

/** What runs with another budget would have been worth. */
export interface BudgetTrial {
  readonly epsilon: number;
  /** One value for each trial. */
  readonly aucShared: readonly number[];
}

/** All that the report shows. Texts may hold anything: they are escaped. */
export interface ReportData {
  readonly workload: {
    readonly name: string;
    /** True where models and scores are made up; the report then says so at its head. */
    readonly synthetic: boolean;
    readonly trainQueries: number;
    readonly testQueries: number;
  };
  /** Name and value of each setting of the run, for the foot of the page. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** Names in the order of the run. */
  readonly models: readonly string[];
  readonly federated: RouterResult;
  readonly centralised: RouterResult;
  /** The router that does not look at the query (K = 1). */
  readonly static: RouterResult;
  /** Each client's router of its own data, in the order of `coverage`. */
  readonly local: readonly RouterResult[];
  readonly singles: { readonly models: readonly SingleModel[]; readonly aucShared: number };
  readonly bestSingle: SingleModel;
  readonly cheapest: SingleModel;
  readonly oracle: CostQuality;
  /** Quality per USD at which the published router decides unless told otherwise. */
  readonly defaultLambda?: number;
  readonly coverage: readonly ClientCoverage[];
  readonly run: {
    readonly clients: number;
    /** Size of the last round's survivor set. */
    readonly survivors: number;
    readonly rounds: number;
    /** Every opened sum equalled the sum of the survivors' encoded vectors. */
    readonly exact: boolean;
    readonly checkedSums: number;
    /** Length of the longest vector that was summed. */
    readonly dimension: number;
    readonly bytesUpPerClient: number;
    /** Median over clients and rounds. */
    readonly cpuMsPerClientRound: number;
    readonly seconds: number;
    /** Privacy budget; null where no noise was added. */
    readonly epsilon: number | null;
  };
  readonly rounds?: readonly ReportRound[];
  readonly budget?: ReportBudget;
  readonly budgetTrials?: readonly BudgetTrial[];
}
