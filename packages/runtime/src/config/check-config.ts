/** Checking a value from a file under a schema, with faults as an operator reads them. */
import { z } from 'zod';
import { closest } from '../did-you-mean.ts';
import { RuntimeError } from '../errors.ts';
import { quoted } from '../text/one-line.ts';

export interface CheckOptions {
  /** Never show a value in an error: the file holds secrets. */
  readonly hideValues?: boolean;
}

/**
 * The value as the schema gives it.
 * @param source the file, for the error
 * @throws RuntimeError BAD_CONFIG naming the first fault; an unknown key comes before what is missing because of it
 */
export function checkConfig<T>(
  value: unknown,
  schema: z.ZodType<T>,
  source: string,
  options: CheckOptions = {},
): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const root = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
  const unknown = issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown !== undefined) throw unknownKey(source, unknown, nodeAt(root, unknown.path));
  const path = issues[0]?.path ?? [];
  const field = path.length === 0 ? 'the file' : quoted(path.map(String).join('.'));
  const wanted = describe(nodeAt(root, path));
  throw new RuntimeError(
    'BAD_CONFIG',
    `${source}: ${fault(field, wanted, valueAt(value, path), options.hideValues ?? false)}`,
  );
}

function unknownKey(
  source: string,
  issue: z.core.$ZodIssueUnrecognizedKeys,
  node: SchemaNode | undefined,
): RuntimeError {
  const [key = ''] = issue.keys;
  const known = Object.keys(node?.properties ?? {});
  const guess = closest(key, known);
  return new RuntimeError(
    'BAD_CONFIG',
    `${source}: unknown key ${quoted([...issue.path, key].map(String).join('.'))}`,
    guess === undefined ? `remove it; known are ${known.join(', ')}` : `did you mean '${guess}'?`,
  );
}

function fault(field: string, wanted: string, value: unknown, hideValue: boolean): string {
  if (value === undefined) return `${field} is missing; it must be ${wanted}`;
  if (value === null) return `${field} is empty; it must be ${wanted}`;
  return `${field} must be ${wanted}${hideValue ? '' : `, not ${shown(value)}`}`;
}

function shown(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  return typeof value === 'object' ? 'a section' : `${value as number | bigint | boolean}`;
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** What is used of JSON Schema (draft 2020-12), in which zod describes its schemas. */
interface SchemaNode {
  readonly description?: string;
  readonly type?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

function nodeAt(root: SchemaNode, path: readonly PropertyKey[]): SchemaNode | undefined {
  return path.reduce<SchemaNode | undefined>(
    (node, key) => (typeof key === 'number' ? node?.items : node?.properties?.[String(key)]),
    root,
  );
}

/** What a value must be, to stand after "must be". */
function describe(node: SchemaNode | undefined): string {
  if (node === undefined) return 'another value';
  if (node.description !== undefined) return node.description;
  if (node.const !== undefined) return shown(node.const);
  if (node.enum !== undefined) return `one of ${node.enum.map(String).join(', ')}`;
  switch (node.type ?? '') {
    case 'integer':
      return `an integer${range(node)}`;
    case 'number':
      return `a number${range(node)}`;
    case 'boolean':
      return 'true or false';
    case 'string':
      return `text${textLength(node)}`;
    case 'array':
      return node.minItems === undefined ? 'a list' : `a list of at least ${node.minItems}`;
    case 'object':
      return node.properties === undefined
        ? 'a section'
        : `a section with ${Object.keys(node.properties).join(', ')}`;
    default:
      return 'another value';
  }
}

function range({ minimum, maximum, exclusiveMinimum }: SchemaNode): string {
  const least = bounded(minimum);
  const most = bounded(maximum);
  if (least !== undefined && most !== undefined) return ` of ${least}..${most}`;
  const parts = [
    exclusiveMinimum === undefined ? undefined : `above ${exclusiveMinimum}`,
    least === undefined ? undefined : `of at least ${least}`,
    most === undefined ? undefined : `of at most ${most}`,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? '' : ` ${parts.join(' and ')}`;
}

/** Bounds that only say "a safe integer" tell a person nothing. */
function bounded(bound: number | undefined): number | undefined {
  return bound === undefined || Math.abs(bound) === Number.MAX_SAFE_INTEGER ? undefined : bound;
}

function textLength({ minLength = 0, maxLength }: SchemaNode): string {
  if (maxLength !== undefined) return ` of ${minLength}..${maxLength} characters`;
  return minLength > 1 ? ` of at least ${minLength} characters` : '';
}
