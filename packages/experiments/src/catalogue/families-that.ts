import { RuntimeError } from '@tributary/runtime';
import type { RouterFamily } from '../families/router-family.ts';

/**
 * The families that can do something which not every kind of router can.
 * @throws RuntimeError `BAD_ARGUMENT` where none of them can
 */
export function familiesThat(
  families: readonly RouterFamily[],
  step: 'addModels' | 'addClients' | 'personal',
): readonly RouterFamily[] {
  const able = families.filter((family) => family[step] !== undefined);
  if (able.length > 0) return able;
  const names = families.map(({ name }) => name).join(', ');
  throw new RuntimeError(
    'BAD_ARGUMENT',
    `this experiment is not for routers of kind ${names}`,
    'give another --router',
  );
}
