/**
 * Assembles the part of the WebAssembly text format that our kernels are written in: one module with one imported memory and
 * functions without results, bodies in folded form, everything named. The same text gives the same bytes.
 */
import { CONTROL, type Immediate, INSTRUCTIONS, VALUE_TYPES } from './instructions.ts';
import { type Expression, parseExpressions } from './parse.ts';

const MAGIC_AND_VERSION = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00] as const;

type List = readonly Expression[];

interface Declared {
  readonly name: string;
  readonly exported: string | undefined;
  readonly parameters: readonly Variable[];
  readonly locals: readonly Variable[];
  readonly body: readonly List[];
}

interface Variable {
  readonly name: string;
  readonly type: number;
}

/** @throws Error that says what is not understood */
export function assemble(source: string): Uint8Array {
  const [module, ...more] = parseExpressions(source);
  if (!isList(module) || module[0] !== 'module' || more.length > 0)
    throw new Error('expected one (module ...)');
  const fields = module.slice(1).map(asList);
  const imports = fields.filter(([keyword]) => keyword === 'import');
  const functions = fields.filter(([keyword]) => keyword === 'func').map(declarationOf);
  if (imports.length + functions.length !== fields.length)
    throw new Error('a field is neither import nor func');

  const indices = indexed(functions.map((declared) => declared.name));
  const types = functions.map(({ parameters }) => [
    0x60,
    ...vector(parameters.map(({ type }) => [type])),
    ...vector([]),
  ]);
  const exported = functions.flatMap(({ exported: as }, i) =>
    as === undefined ? [] : [[...nameBytes(as), 0x00, ...unsigned(i)]],
  );
  return Uint8Array.from([
    ...MAGIC_AND_VERSION,
    ...section(1, vector(types)),
    ...section(2, vector(imports.map(memoryImport))),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(exported)),
    ...section(10, vector(functions.map((declared) => sized(codeOf(declared, indices))))),
  ]);
}

/** `(import "host" "memory" (memory pages))` */
function memoryImport(field: List): number[] {
  const [, module, item, memory] = field;
  const [keyword, pages] = asList(memory);
  if (keyword !== 'memory') throw new Error('only a memory can be imported');
  return [...nameBytes(quoted(module)), ...nameBytes(quoted(item)), 0x02, 0x00, ...unsigned(integer(pages))];
}

/** `(func $name (export "name") (param $a i32)* (local $b i32)* instruction*)` */
function declarationOf(field: List): Declared {
  const parts = field.slice(2).map(asList);
  const of = (keyword: string): List[] => parts.filter(([first]) => first === keyword);
  return {
    name: identifier(field[1]),
    exported: of('export').map(([, as]) => quoted(as))[0],
    parameters: of('param').map(variable),
    locals: of('local').map(variable),
    body: parts.filter(([first]) => !['export', 'param', 'local'].includes(String(first))),
  };
}

function variable([, named, type]: List): Variable {
  const byte = VALUE_TYPES.get(String(type));
  if (byte === undefined) throw new Error(`${String(type)} is no value type`);
  return { name: identifier(named), type: byte };
}

function codeOf(declared: Declared, functions: ReadonlyMap<string, number>): number[] {
  const { parameters, locals, body } = declared;
  const variables = indexed([...parameters, ...locals].map((one) => one.name));
  const scope: Scope = { variables, functions, labels: [] };
  return [
    ...vector(locals.map(({ type }) => [1, type])),
    ...body.flatMap((instruction) => instructionBytes(instruction, scope)),
    CONTROL.end,
  ];
}

interface Scope {
  readonly variables: ReadonlyMap<string, number>;
  readonly functions: ReadonlyMap<string, number>;
  /** Innermost last; `if` has no name. */
  readonly labels: readonly string[];
}

function instructionBytes(instruction: List, scope: Scope): number[] {
  const [keyword, ...rest] = instruction;
  if (keyword === 'block' || keyword === 'loop') {
    const inner = { ...scope, labels: [...scope.labels, identifier(rest[0])] };
    const body = rest.slice(1).flatMap((one) => instructionBytes(asList(one), inner));
    return [CONTROL[keyword], CONTROL.empty, ...body, CONTROL.end];
  }
  if (keyword === 'if') return conditionalBytes(rest.map(asList), scope);
  const known = INSTRUCTIONS.get(String(keyword));
  if (known === undefined) throw new Error(`${String(keyword)} is no instruction that we assemble`);
  const atoms = rest.filter((one) => !isList(one));
  const operands = rest.filter(isList);
  return [
    ...operands.flatMap((operand) => instructionBytes(operand, scope)),
    ...known.opcode,
    ...immediateBytes(known.immediate, atoms, scope),
  ];
}

/** `(if condition (then ...) (else ...)?)` */
function conditionalBytes([condition, yes, no]: readonly List[], scope: Scope): number[] {
  if (condition === undefined || yes?.[0] !== 'then') throw new Error('if needs a condition and (then ...)');
  const inner = { ...scope, labels: [...scope.labels, ''] };
  const branch = (list: List): number[] =>
    list.slice(1).flatMap((one) => instructionBytes(asList(one), inner));
  return [
    ...instructionBytes(condition, scope),
    CONTROL.if,
    CONTROL.empty,
    ...branch(yes),
    ...(no === undefined ? [] : [CONTROL.else, ...branch(no)]),
    CONTROL.end,
  ];
}

function immediateBytes(
  kind: Immediate,
  atoms: readonly Expression[],
  { variables, functions, labels }: Scope,
): number[] {
  const [first] = atoms;
  if (typeof kind === 'object') {
    if (first !== undefined && !String(first).startsWith('offset='))
      throw new Error(`${String(first)} is no offset`);
    return [kind.alignment, ...unsigned(integer(first === undefined ? '0' : String(first).slice(7)))];
  }
  if (atoms.length !== (kind === 'none' ? 0 : 1)) throw new Error(`expected one immediate: ${kind}`);
  switch (kind) {
    case 'none':
      return [];
    case 'lane':
      return [integer(first)];
    case 'i32':
      return signed(integer(first));
    case 'f32':
      return float32(first);
    case 'local':
      return unsigned(found(variables, first));
    case 'function':
      return unsigned(found(functions, first));
    case 'label': {
      const at = labels.lastIndexOf(identifier(first));
      if (at < 0) throw new Error(`${String(first)} is no enclosing label`);
      return unsigned(labels.length - 1 - at);
    }
  }
}

function isList(expression: Expression | undefined): expression is List {
  return Array.isArray(expression);
}

function asList(expression: Expression | undefined): List {
  if (!isList(expression)) throw new Error(`expected a list, not ${String(expression)}`);
  return expression;
}

function identifier(expression: Expression | undefined): string {
  if (typeof expression !== 'string' || !/^\$[a-zA-Z]\w*$/.test(expression)) {
    throw new Error(`expected a $name, not ${String(expression)}`);
  }
  return expression;
}

function quoted(expression: Expression | undefined): string {
  if (typeof expression !== 'string' || !expression.startsWith('"')) throw new Error('expected a "string"');
  return expression.slice(1, -1);
}

function integer(expression: Expression | undefined): number {
  if (typeof expression !== 'string' || !/^-?\d+$/.test(expression)) {
    throw new Error(`expected an integer, not ${String(expression)}`);
  }
  return Number(expression);
}

/** IEEE 754 single precision, little-endian. */
function float32(expression: Expression | undefined): number[] {
  if (typeof expression !== 'string' || !/^-?\d+(\.\d+)?(e-?\d+)?$/.test(expression)) {
    throw new Error(`expected a number, not ${String(expression)}`);
  }
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, Number(expression), true);
  return [...bytes];
}

function indexed(names: readonly string[]): ReadonlyMap<string, number> {
  const indices = new Map(names.map((one, i) => [one, i]));
  if (indices.size !== names.length) throw new Error(`a name stands twice in ${names.join(' ')}`);
  return indices;
}

function found(indices: ReadonlyMap<string, number>, named: Expression | undefined): number {
  const index = indices.get(identifier(named));
  if (index === undefined) throw new Error(`${String(named)} is not declared`);
  return index;
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

function sized(content: readonly number[]): number[] {
  return [...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function nameBytes(text: string): number[] {
  return sized([...new TextEncoder().encode(text)]);
}

/** LEB128 of an integer in 0 .. 2^31 - 1. */
function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}

/** Signed LEB128 of an integer in -2^31 .. 2^31 - 1. */
function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest < -0x40 || rest >= 0x40; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest & 0x7f];
}
