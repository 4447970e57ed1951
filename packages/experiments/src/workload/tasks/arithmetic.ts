import type { SeededGenerator } from '@tributary/router';
import { between, pick, pickSome } from '../draw.ts';
import type { Prompt, Task } from '../task.ts';

const SELLERS = [
  'A baker',
  'A florist',
  'A farmer',
  'A librarian',
  'A grocer',
  'A teacher',
  'A tailor',
  'A potter',
];
const GOODS = ['buns', 'roses', 'eggs', 'books', 'apples', 'pencils', 'buttons', 'cups', 'candles', 'stamps'];
const DEPOTS = ['Lyon', 'Turin', 'Bergen', 'Porto', 'Gdansk', 'Leeds', 'Ghent', 'Brno', 'Malmo', 'Cork'];
const CARGO = ['olive oil', 'cement', 'barley', 'copper wire', 'paper pulp', 'ceramic tiles', 'roof slates'];

/** One step on small numbers, or a chain of percentages, rates and conversions on large ones. */
export const arithmetic: Task = {
  name: 'arithmetic',
  queries: 620,
  scoring: 'exact',
  answerTokens: [60, 420],
  write: (generator) => (generator.nextInt(5) < 2 ? oneStep(generator) : manySteps(generator)),
};

function oneStep(generator: SeededGenerator): Prompt {
  const [many, few] = [between(generator, 12, 99), between(generator, 2, 11)];
  const [seller, goods] = [pick(generator, SELLERS), pick(generator, GOODS)];
  const text = pick(generator, [
    `${seller} has ${many} ${goods} and gives away ${few}. How many ${goods} are left?`,
    `${seller} packs ${many} ${goods} into bags of ${few}. How many full bags are there?`,
    `${seller} buys ${few} boxes with ${many} ${goods} each. How many ${goods} is that?`,
    `One of the ${goods} costs ${few} coins. What do ${many} ${goods} cost?`,
  ]);
  return { text, difficulty: 0.12 + 0.12 * generator.nextDouble() };
}

function manySteps(generator: SeededGenerator): Prompt {
  const cargo = pick(generator, CARGO);
  const steps = between(generator, 2, 4);
  const operations = [
    `${between(generator, 3, 29)} per cent of the ${cargo} is damaged on the way and written off`,
    `a third of what remains is sold at ${between(generator, 11, 97)}.${between(generator, 10, 99)} euros per tonne`,
    `the carrier charges ${between(generator, 2, 9)}.${between(generator, 1, 9)} per cent of the invoice and a fee of ${between(generator, 1100, 9800)} euros`,
    `what is left is stored for ${between(generator, 13, 88)} days at ${between(generator, 12, 95)} cents per tonne and day`,
    `the currency loses ${between(generator, 2, 9)} per cent before the second half is paid`,
  ];
  const text =
    `A warehouse in ${pick(generator, DEPOTS)} receives ${between(generator, 1200, 98_000)} tonnes of ${cargo}. ` +
    `${sentence(inOrder(generator, operations, steps))} ` +
    `Calculate the total amount in euros, rounded to two decimals, and show every step of the calculation.`;
  return { text, difficulty: 0.45 + 0.1 * steps + 0.08 * generator.nextDouble() };
}

/** Some of the parts, in the order they have. */
function inOrder(generator: SeededGenerator, parts: readonly string[], count: number): string[] {
  const chosen = new Set(pickSome(generator, parts, count));
  return parts.filter((part) => chosen.has(part));
}

function sentence(parts: readonly string[]): string {
  const text = `${parts.join('; then ')}.`;
  return text.charAt(0).toUpperCase() + text.slice(1);
}
