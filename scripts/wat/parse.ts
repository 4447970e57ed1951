/** WebAssembly text to S-expressions: atoms, strings and lists, comments dropped. */

export type Expression = string | readonly Expression[];

const TOKEN = /\s+|;;[^\n]*|\(;[\s\S]*?;\)|([()])|("[^"\\]*")|([^\s()";]+)/gy;

/** @throws Error on an unknown character, or where parentheses do not match */
export function parseExpressions(source: string): Expression[] {
  const top: Expression[] = [];
  const open: Expression[][] = [top];
  let at = 0;
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) throw new Error(`character ${at} is no token: ${source.slice(at, at + 20)}`);
    at = TOKEN.lastIndex;
    const [, parenthesis, text, atom] = match;
    const inner = open.at(-1) as Expression[];
    if (parenthesis === '(') {
      const list: Expression[] = [];
      inner.push(list);
      open.push(list);
    } else if (parenthesis === ')') {
      open.pop();
      if (open.length === 0) throw new Error(`a parenthesis closes nothing at character ${at}`);
    } else if (text !== undefined || atom !== undefined) {
      inner.push(text ?? atom ?? '');
    }
  }
  if (open.length !== 1) throw new Error('a parenthesis is not closed');
  return top;
}
