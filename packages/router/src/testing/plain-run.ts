import type { MlpModel, RouterModel } from '../artifact/model.ts';
import type { Dataset } from '../dataset.ts';
import type { RecordVector, SumPlan } from '../program.ts';
import { previousRouterText } from '../programs/previous-router.ts';
import { type ProgramRun, startProgram } from '../programs/registry.ts';
import { TOY_SEED } from './toy-dataset.ts';

/** Integer units per 1.0, as a secure sum would use. */
const SCALE = 4096;

/** Runs a program that begins with an MLP router, on its dimensions. */
export function runWithPreviousRouter(
  name: string,
  router: MlpModel,
  settings: object,
  clients: readonly Dataset[],
): MlpModel {
  const { dimensions } = router;
  const parameters = { router: previousRouterText(router), dimensions, seed: TOY_SEED, ...settings };
  return driven(startProgram(name, parameters), clients, () => {}).model as MlpModel;
}

/** Runs a program of another name than the MLP router that it gives. */
export function runToMlp(program: string, parameters: unknown, clients: readonly Dataset[]): MlpModel {
  return driven(startProgram(program, parameters), clients, () => {}).model as MlpModel;
}

type ModelOf<Name extends RouterModel['kind']> = Extract<RouterModel, { readonly kind: Name }>;

export interface Observed<Model> {
  readonly model: Model;
  readonly plans: SumPlan[];
}

/** The local seed of a client. */
export function localSeedOf(client: number): Uint8Array {
  return new Uint8Array(32).fill(client + 1);
}

/**
 * Runs a program by sums in clear of integers.
 * @param watch sees each record's vector before it is rounded
 */
export function runPlainly<Name extends RouterModel['kind']>(
  name: Name,
  parameters: unknown,
  clients: readonly Dataset[],
  watch: (vector: RecordVector, plan: SumPlan) => void = () => {},
): Observed<ModelOf<Name>> {
  const { model, plans } = driven(startProgram(name, parameters), clients, watch);
  return { model: model as ModelOf<Name>, plans };
}

function driven(
  start: ProgramRun,
  clients: readonly Dataset[],
  watch: (vector: RecordVector, plan: SumPlan) => void,
): Observed<RouterModel> {
  const plans: SumPlan[] = [];
  let run = start;
  while (run.kind === 'sum') {
    const { plan } = run;
    const sum = new Float64Array(plan.dimension);
    for (const [nth, client] of clients.entries()) {
      for (const vector of run.contribute(client, localSeedOf(nth))) {
        watch(vector, plan);
        for (let j = 0; j < vector.length; j++) {
          const index = vector.indices[j] ?? 0;
          sum[index] = (sum[index] ?? 0) + Math.round(SCALE * (vector.values[j] ?? 0));
        }
      }
    }
    plans.push(plan);
    run = run.next(sum.map((integer) => integer / SCALE));
  }
  return { model: run.model, plans };
}
