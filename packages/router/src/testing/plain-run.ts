import type { RouterModel } from '../artifact/model.ts';
import type { Dataset } from '../dataset.ts';
import type { RecordVector, SumPlan } from '../program.ts';
import { type ProgramRun, startProgram } from '../programs/registry.ts';

/** Integer units per 1.0, as a secure sum would use. */
const SCALE = 4096;

export interface Observed {
  readonly model: RouterModel;
  readonly plans: SumPlan[];
}

/**
 * Runs a program by sums in clear of integers.
 * @param watch sees each record's vector before it is rounded
 */
export function runPlainly(
  name: string,
  parameters: unknown,
  clients: readonly Dataset[],
  watch: (vector: RecordVector, plan: SumPlan) => void = () => {},
): Observed {
  const plans: SumPlan[] = [];
  let run: ProgramRun = startProgram(name, parameters);
  while (run.kind === 'sum') {
    const { plan } = run;
    const sum = new Float64Array(plan.dimension);
    for (const client of clients) {
      for (const vector of run.contribute(client)) {
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
