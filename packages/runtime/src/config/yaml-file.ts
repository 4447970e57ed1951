/** Reading a YAML file (JSON is YAML) under a schema: one line for the first fault, naming the field and the fix. */
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { RuntimeError } from '../errors.ts';
import { oneLine, quoted } from '../text/one-line.ts';
import { checkConfig } from './check-config.ts';
import { readTextFile } from './text-file.ts';

/** @throws RuntimeError BAD_FILE or BAD_CONFIG */
export function readYamlFile<T>(path: string, schema: z.ZodType<T>): T {
  return checkConfig(parseYaml(readTextFile(path), path), schema, path);
}

function parseYaml(text: string, path: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true });
  const [fault] = document.errors;
  if (fault !== undefined) {
    const line = fault.linePos?.[0].line;
    const where = line === undefined ? path : `${path}, line ${line}`;
    const reason =
      fault.code === 'DUPLICATE_KEY' ? `key ${keyAt(text, fault.pos[0])} stands twice` : plain(fault.message);
    throw new RuntimeError(
      'BAD_CONFIG',
      `${where}: ${reason}`,
      'keys and values are in docs/configuration.md',
    );
  }
  try {
    return document.toJS();
  } catch (error) {
    // Aliases that stand for more values than memory has.
    throw new RuntimeError('BAD_CONFIG', `${path}: too many aliases`, 'write the values out', error);
  }
}

/** The message without the position, which is said before it, and without the excerpt that follows it. */
function plain(message: string): string {
  return oneLine((message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:$/, ''));
}

function keyAt(text: string, position: number): string {
  return quoted(/^[^:\n]*/.exec(text.slice(position))?.[0].trim() ?? '');
}
