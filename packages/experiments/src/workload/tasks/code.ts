import type { SeededGenerator } from '@tributary/router';
import { between, pick } from '../draw.ts';
import type { Prompt, Task } from '../task.ts';

const LANGUAGES = ['Python', 'TypeScript', 'Go', 'Rust', 'Java', 'Kotlin', 'Ruby'];
const RESULTS = [
  'the longest',
  'the shortest',
  'the largest',
  'the most frequent',
  'the last',
  'the smallest unique',
];
const ELEMENTS = ['string', 'word', 'integer', 'key', 'row', 'timestamp', 'path'];
const CONTAINERS = ['list', 'array', 'dictionary', 'file', 'linked list', 'binary tree', 'stream'];
const NAMES = [
  'cache',
  'queue',
  'buffer',
  'ledger',
  'index',
  'session',
  'bucket',
  'router',
  'pool',
  'cursor',
];
const FAULTS = [
  'deadlocks under concurrent writers',
  'leaks memory when a callback throws',
  'returns stale entries after a resize',
  'loses updates when two threads retry',
  'overflows the stack on deep recursion',
  'reads past the end of the slice',
];

/** A small function to write, or a fault to find in code with shared state. */
export const code: Task = {
  name: 'code',
  queries: 640,
  scoring: 'exact',
  answerTokens: [160, 700],
  write: (generator) => (generator.nextInt(5) < 2 ? smallFunction(generator) : fault(generator)),
};

function smallFunction(generator: SeededGenerator): Prompt {
  const [language, result] = [pick(generator, LANGUAGES), pick(generator, RESULTS)];
  const [element, container] = [pick(generator, ELEMENTS), pick(generator, CONTAINERS)];
  const text = pick(generator, [
    `Write a ${language} function that returns ${result} ${element} of a ${container}. Include a docstring.`,
    `In ${language}, implement a function to find ${result} ${element} in a ${container} and a unit test for it.`,
    `Write ${language} code: given a ${container}, return ${result} ${element}, or null if it is empty.`,
  ]);
  return { text, difficulty: 0.16 + 0.14 * generator.nextDouble() };
}

function fault(generator: SeededGenerator): Prompt {
  const language = pick(generator, LANGUAGES);
  const [name, other] = [pick(generator, NAMES), pick(generator, NAMES)];
  const lines = [
    `class ${capital(name)}${capital(other)} {`,
    `  private ${name} = new Map<string, ${capital(other)}>();`,
    `  async get(key: string) { return this.${name}.get(key) ?? this.load(key); }`,
    `  async load(key: string) { const value = await fetch${capital(other)}(key, ${between(generator, 50, 900)}); this.${name}.set(key, value); return value; }`,
    `  resize(limit = ${between(generator, 8, 512)}) { while (this.${name}.size > limit) this.${name}.delete(this.${name}.keys().next().value); }`,
    `  close() { for (const entry of this.${name}.values()) entry.lock.release(); }`,
  ];
  const shown = between(generator, 3, lines.length);
  const text =
    `This TypeScript class, ported from ${language}, ${pick(generator, FAULTS)}. Find the race condition or invariant that is violated, ` +
    `fix it without a global lock, and explain the memory ordering you rely on.\n\n${lines.slice(0, shown).join('\n')}\n}`;
  return { text, difficulty: 0.5 + 0.06 * shown + 0.08 * generator.nextDouble() };
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
