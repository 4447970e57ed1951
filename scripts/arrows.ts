/** Which package may import which. The table is the architecture; the check reads every import in the sources. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const SHELL = ['crypto', 'privacy', 'protocol', 'router', 'audit', 'runtime'];

/** Packages of ours that each package may import. */
export const ARROWS: Readonly<Record<string, readonly string[]>> = {
  crypto: [],
  privacy: ['crypto'],
  protocol: ['crypto'],
  router: [],
  audit: ['crypto', 'privacy', 'protocol', 'router'],
  runtime: ['crypto', 'privacy', 'protocol'],
  client: SHELL,
  coordinator: SHELL,
  experiments: [...SHELL, 'client', 'coordinator'],
  cli: [...SHELL, 'client', 'coordinator', 'experiments'],
};

/** Packages without clock, randomness and I/O; `crypto/src/node` is the one place that may use Node. */
export const PURE: readonly string[] = ['crypto', 'privacy', 'protocol', 'router', 'audit'];

export interface Violation {
  readonly file: string;
  readonly imports: string;
  readonly why: string;
}

const IMPORT = /(?:from|import)\s*\(?\s*'([^']+)'/g;

export function violationsIn(file: string, owner: string, source: string): Violation[] {
  const violations: Violation[] = [];
  for (const [, specifier = ''] of source.matchAll(IMPORT)) {
    const ours = /^@tributary\/([a-z]+)/.exec(specifier)?.[1];
    if (ours !== undefined && ours !== owner && !(ARROWS[owner] ?? []).includes(ours)) {
      violations.push({ file, imports: specifier, why: `${owner} may not know ${ours}` });
    }
    const impure = specifier.startsWith('node:') || specifier === '@tributary/crypto/node';
    if (impure && PURE.includes(owner) && !file.includes('crypto/src/node/')) {
      violations.push({ file, imports: specifier, why: `${owner} is pure` });
    }
    if (/^\.\.(\/\.\.)*\/(packages|[a-z]+\/src)\//.test(specifier)) {
      violations.push({ file, imports: specifier, why: 'packages are imported by name, not by path' });
    }
  }
  return violations;
}

/** All violations in the sources of `packages/`, tests beside the code left out: they may use what they need. */
export function findViolations(root: string): Violation[] {
  return Object.keys(ARROWS).flatMap((owner) => {
    const source = join(root, 'packages', owner, 'src');
    return readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .flatMap((name) => {
        const file = join('packages', owner, 'src', name);
        return violationsIn(file, owner, readFileSync(join(root, file), 'utf8'));
      });
  });
}
