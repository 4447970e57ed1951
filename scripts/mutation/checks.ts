/**
 * Finds the checks of a source file and writes the file so that each can be taken out while it runs: a check
 * that refuses is a condition, or one operand of it, and is handed to a global function that decides whether
 * it still counts.
 */
import { parseAst } from 'vitest/node';
import { GATE } from './gate.ts';

export interface Check {
  /** 1-based line. */
  readonly line: number;
  /** Its source on one line. */
  readonly condition: string;
  /** What it gives where it is taken out: the value that refuses nothing. */
  readonly passes: boolean;
}

/** What a branch that refuses says. */
const REFUSES =
  /refuse|reject\(|dropUpload|dropFromSetup|throw new|abort|return (undefined|false|`|'|\[)|[Ff]ault|\{ ?code/;
/** What can be reached by a mistake of our own only. */
const INVARIANT = /'INVARIANT'/;
/** Functions whose verdict is a check by itself. */
const VERDICT = /^(sameBytes|equalBytes|ed25519Verify|verify\w+|opens\w+|ascending|is[A-Z]\w*|has[A-Z]\w*)$/;

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}
type Fields = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node & Fields =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value;

/** Every check of a source, in order. @returns the source with gates, and the checks by number */
export function gateChecks(
  source: string,
  id: (number: number) => string,
): { readonly source: string; readonly checks: readonly Check[] } {
  const found = new Map<number, Node & { readonly passes: boolean }>();
  visit(parseAst(source, { lang: 'ts' }) as unknown as Node & Fields, source, (node, passes) => {
    if (!found.has(node.start)) found.set(node.start, { ...node, passes });
  });
  const inOrder = [...found.values()].toSorted((a, b) => a.start - b.start);
  const checks = inOrder.map(({ start, end, passes }) => ({
    line: source.slice(0, start).split('\n').length,
    condition: source.slice(start, end).replace(/\s+/g, ' '),
    passes,
  }));
  const edits = inOrder.flatMap(({ start, end, passes }, number) => [
    { at: start, opens: true, text: `${GATE}(${JSON.stringify(id(number))}, (`, number },
    { at: end, opens: false, text: `), ${passes})`, number },
  ]);
  // At one place what stands inside closes first, and everything closes before the next opens.
  edits.sort(
    (x, y) =>
      x.at - y.at ||
      Number(x.opens) - Number(y.opens) ||
      (x.opens ? x.number - y.number : y.number - x.number),
  );
  let gated = '';
  let from = 0;
  for (const { at, text } of edits) {
    gated += source.slice(from, at) + text;
    from = at;
  }
  gated += source.slice(from);
  return { source: gated, checks };
}

type Found = (node: Node, passes: boolean) => void;

function visit(node: Node & Fields, source: string, found: Found): void {
  const text = (part: unknown): string => (isNode(part) ? source.slice(part.start, part.end) : '');
  const refuses = (part: unknown): boolean => REFUSES.test(text(part)) && !INVARIANT.test(text(part));
  switch (node.type) {
    case 'IfStatement':
      if (refuses(node['consequent'])) operands(node['test'], false, found);
      break;
    case 'ConditionalExpression':
      if (refuses(node['consequent'])) operands(node['test'], false, found);
      else if (refuses(node['alternate'])) operands(node['test'], true, found);
      break;
    case 'ReturnStatement':
      verdict(node['argument'], found);
      break;
    case 'ArrowFunctionExpression':
      verdict(node['body'], found);
      break;
    case 'VariableDeclarator':
      if (isNode(node['init']) && node['init'].type === 'LogicalExpression') verdict(node['init'], found);
      break;
  }
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) visit(child, source, found);
    }
  }
}

/** The operands of a chain that each make it refuse: of `a || b` where it refuses when true, of `a && b` where when false. */
function operands(node: unknown, passes: boolean, found: Found): void {
  if (!isNode(node)) return;
  const joins = passes ? '&&' : '||';
  if (node.type === 'LogicalExpression' && node['operator'] === joins) {
    operands(node['left'], passes, found);
    operands(node['right'], passes, found);
  } else if (node.type === 'ParenthesizedExpression') operands(node['expression'], passes, found);
  else found(node, passes);
}

/** A value that says whether something is good: a chain of `&&`, or the call of a function that judges. */
function verdict(node: unknown, found: Found): void {
  if (!isNode(node)) return;
  if (node.type === 'ParenthesizedExpression') verdict(node['expression'], found);
  else if (node.type === 'LogicalExpression' && node['operator'] === '&&') operands(node, true, found);
  else if (node.type === 'LogicalExpression' && node['operator'] === '||') operands(node, false, found);
  else if (node.type === 'CallExpression' && VERDICT.test(nameOf(node['callee']))) found(node, true);
}

function nameOf(callee: unknown): string {
  if (!isNode(callee)) return '';
  const name = callee.type === 'MemberExpression' ? callee['property'] : callee;
  return isNode(name) && typeof name['name'] === 'string' ? name['name'] : '';
}
