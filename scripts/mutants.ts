/** Mutants of a source file: the same file with one of its checks taken out. */

export interface Mutant {
  /** 1-based line of the check. */
  readonly line: number;
  /** The condition that never holds any more. */
  readonly condition: string;
  readonly source: string;
}

/**
 * One mutant for each `if` whose branch refuses something: its condition is replaced by `false`. What a branch
 * does otherwise (taking a shortcut, answering again) is no check.
 */
export function mutantsOf(source: string, refuses: RegExp): Mutant[] {
  const mutants: Mutant[] = [];
  for (const match of source.matchAll(/\bif \(/g)) {
    const open = match.index + match[0].length - 1;
    const close = closingBracket(source, open);
    const branch = source.slice(close + 1, endOfBranch(source, close + 1));
    if (!refuses.test(branch)) continue;
    mutants.push({
      line: source.slice(0, match.index).split('\n').length,
      condition: source
        .slice(open + 1, close)
        .replace(/\s+/g, ' ')
        .trim(),
      source: `${source.slice(0, open)}(false)${source.slice(close + 1)}`,
    });
  }
  return mutants;
}

function closingBracket(source: string, open: number): number {
  let depth = 0;
  for (let at = open; at < source.length; at++) {
    if (source[at] === '(') depth += 1;
    if (source[at] === ')') depth -= 1;
    if (depth === 0) return at;
  }
  throw new Error(`no bracket closes the one at ${open}`);
}

/** The end of a block, or of a single statement. */
function endOfBranch(source: string, from: number): number {
  const start = source.slice(from).search(/\S/) + from;
  if (source[start] !== '{') return source.indexOf(';', start) + 1;
  let depth = 0;
  for (let at = start; at < source.length; at++) {
    if (source[at] === '{') depth += 1;
    if (source[at] === '}') depth -= 1;
    if (depth === 0) return at + 1;
  }
  return source.length;
}
