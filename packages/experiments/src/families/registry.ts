import { RuntimeError } from '@tributary/runtime';
import { kmeansFamily } from './kmeans.ts';
import { mfFamilyOf } from './mf.ts';
import { mlpFamilyOf } from './mlp.ts';
import { proxFamily } from './prox.ts';
import type { RouterFamily } from './router-family.ts';

/** One more kind of router is one more line here. */
const FAMILIES: readonly RouterFamily[] = [kmeansFamily, mlpFamilyOf(), mfFamilyOf(), proxFamily];

/** The names that `routerFamily` knows. */
export function routerFamilyNames(): string[] {
  return FAMILIES.map(({ name }) => name);
}

/** @throws RuntimeError `BAD_ARGUMENT` */
export function routerFamily(name: string): RouterFamily {
  const family = FAMILIES.find((known) => known.name === name);
  if (family === undefined) {
    throw new RuntimeError(
      'BAD_ARGUMENT',
      `there is no router ${JSON.stringify(name)} to experiment with`,
      `known are ${routerFamilyNames().join(', ')}`,
    );
  }
  return family;
}
