import { findViolations } from './arrows.ts';

const violations = findViolations(new URL('..', import.meta.url).pathname);
for (const { file, imports, why } of violations) console.error(`${file}: imports ${imports}: ${why}`);
console.log(violations.length === 0 ? 'all imports follow the arrows' : `${violations.length} wrong imports`);
process.exitCode = violations.length === 0 ? 0 : 1;
