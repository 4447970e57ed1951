import { describe, expect, it } from 'vitest';
import { ARROWS, findViolations, violationsIn } from './arrows.ts';

describe('dependency direction', () => {
  it('holds in every package', () => {
    expect(findViolations(new URL('..', import.meta.url).pathname)).toEqual([]);
  });

  it('is acyclic', () => {
    const reach = (from: string, seen: readonly string[]): void => {
      expect(seen).not.toContain(from);
      for (const next of ARROWS[from] ?? []) reach(next, [...seen, from]);
    };
    for (const name of Object.keys(ARROWS)) reach(name, []);
  });

  it.each([
    ['protocol', "import { route } from '@tributary/router';", 'protocol may not know router'],
    ['router', "import { readFileSync } from 'node:fs';", 'router is pure'],
    ['protocol', "import { nodeBackend } from '@tributary/crypto/node';", 'protocol is pure'],
    [
      'client',
      "import { Sessions } from '../../coordinator/src/sessions.ts';",
      'packages are imported by name',
    ],
    ['coordinator', "await import('@tributary/client')", 'coordinator may not know client'],
  ])('finds a wrong import in %s', (owner, source, why) => {
    const [violation] = violationsIn(`packages/${owner}/src/x.ts`, owner, source);
    expect(violation?.why).toContain(why);
  });
});
