/** Reading a YAML file (JSON is YAML) under a schema: one line for the first fault, naming the field and the fix. */
import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { closest } from '../did-you-mean.ts';
import { RuntimeError, systemErrorCode } from '../errors.ts';

/** @throws RuntimeError BAD_FILE or BAD_CONFIG */
export function readYamlFile<T>(path: string, schema: z.ZodType<T>): T {
  return checkConfig(parseYaml(readTextFile(path), path), schema, path);
}

/** @throws RuntimeError BAD_FILE */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = systemErrorCode(error);
    const reason = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'is a directory' : String(code);
    throw new RuntimeError('BAD_FILE', `cannot read ${path}: ${reason}`, 'check the path', error);
  }
}

function parseYaml(text: string, path: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const [line] = fault.message.split('\n');
    throw new RuntimeError('BAD_CONFIG', `${path}: ${line ?? 'not YAML'}`, 'see docs/configuration.md');
  }
  return document.toJS();
}

/** @throws RuntimeError BAD_CONFIG naming the first fault */
export function checkConfig<T>(value: unknown, schema: z.ZodType<T>, source: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  if (issue === undefined) throw new RuntimeError('BAD_CONFIG', `${source}: invalid`);
  const field = issue.path.map(String).join('.');
  if (issue.code === 'unrecognized_keys') {
    const unknown = issue.keys[0] ?? '';
    const name = field === '' ? unknown : `${field}.${unknown}`;
    const guess = closest(unknown, keysAt(schema, issue.path));
    throw new RuntimeError(
      'BAD_CONFIG',
      `${source}: unknown key '${name}'`,
      guess === undefined ? 'remove it' : `did you mean '${guess}'?`,
    );
  }
  throw new RuntimeError(
    'BAD_CONFIG',
    `${source}: ${field === '' ? 'the file' : `'${field}'`} ${wanted(issue)}`,
  );
}

function wanted(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_type' && issue.input === undefined)
    return `is missing: ${issue.expected} expected`;
  return issue.message.replace(/^Invalid input: /, 'is wrong: ');
}

/** The keys that the schema knows at a path, for the suggestion. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let node: unknown = schema;
  for (const key of [...path, undefined]) {
    node = unwrap(node);
    const shape = shapeOf(node);
    if (key === undefined) return shape === undefined ? [] : Object.keys(shape);
    node = shape === undefined ? elementOf(node) : shape[String(key)];
  }
  return [];
}

function definition(node: unknown): Record<string, unknown> {
  const def: unknown = typeof node === 'object' && node !== null && 'def' in node ? node.def : undefined;
  return typeof def === 'object' && def !== null ? (def as Record<string, unknown>) : {};
}

function unwrap(node: unknown): unknown {
  let inner = node;
  for (let next = definition(inner)['innerType']; next !== undefined; next = definition(inner)['innerType']) {
    inner = next;
  }
  return inner;
}

function shapeOf(node: unknown): Record<string, unknown> | undefined {
  const shape = definition(node)['shape'];
  return typeof shape === 'object' && shape !== null ? (shape as Record<string, unknown>) : undefined;
}

function elementOf(node: unknown): unknown {
  return definition(node)['element'];
}
