import { divideBudget } from '@tributary/coordinator';
import type { PrivacyDeclaration, PrivacyUnit } from '@tributary/privacy';

/** What `--epsilon`, `--delta` and `--unit` ask for. Plain data: trial processes are given it as it is. */
export interface PrivacyBudget {
  readonly unit: PrivacyUnit;
  readonly epsilon: number;
  readonly delta: number;
  /** With the unit `end-user`, records of one person that one sum may hold; benchmarks name no persons, so the worst case is charged. */
  readonly recordsPerUnit: number;
  /**
   * `shared`: all organisations carry the noise together, inside the secure sum. `local`: each carries all of it, so that no organisation has to
   * trust another.
   */
  readonly noise: 'shared' | 'local';
}

/** Records of one end user, where the command line says nothing. */
export const RECORDS_PER_USER = 5;

/**
 * What a coordinator of so many organisations would declare by default. Local noise counts on nobody else: c = n - 1.
 * @throws as `divideBudget`
 */
export function declarationFor(
  program: string,
  parameters: unknown,
  clients: number,
  { noise, ...budget }: PrivacyBudget,
): PrivacyDeclaration {
  const local = noise === 'local' ? { colluders: clients - 1, minSurvivors: clients } : {};
  return divideBudget(
    { name: program, parameters },
    { ...budget, ...local },
    { members: clients, thresholds: 'security' },
  );
}
