import { chooseFilter, declarePrivacy, fewestSurvivors, type PrivacyDeclaration } from '@tributary/privacy';
import { thresholdsFor } from '@tributary/protocol';
import { programSchedule, RouterError } from '@tributary/router';
import type { PrivacyBudget } from './budget.ts';

/**
 * Divides a budget over a program's sums as a coordinator of so many organisations does by default: noise for U_min - c honest survivors,
 * U_min the larger of the threshold and four fifths, c what the threshold lets collude. Local noise counts on nobody else: c = n - 1.
 * @throws RouterError `BAD_PARAMETERS` where the program's sums are not fixed in advance; PrivacyError where the budget proves nothing
 */
export function declareRun(
  program: string,
  parameters: unknown,
  clients: number,
  budget: PrivacyBudget,
): PrivacyDeclaration {
  const schedule = programSchedule(program, parameters);
  if (schedule === undefined) {
    throw new RouterError(
      'BAD_PARAMETERS',
      `program ${program} with these parameters does not fix its sums in advance, so no privacy budget can be divided over them`,
    );
  }
  const { threshold, colluders, minSurvivors } = thresholdsFor(clients);
  const members = { members: clients, threshold };
  const local = budget.noise === 'local';
  const { unit, epsilon, delta, recordsPerUnit } = budget;
  const request = {
    unit,
    epsilon,
    delta,
    recordsPerUnit: unit === 'end-user' ? recordsPerUnit : 1,
    cohort: { ...members, colluders: local ? clients - 1 : colluders },
    minSurvivors: local ? clients : Math.max(minSurvivors, fewestSurvivors(members)),
    schedule,
  };
  return declarePrivacy({ ...request, filter: chooseFilter(request) });
}
