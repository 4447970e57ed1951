import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RuntimeError } from '../errors.ts';
import { readYamlFile } from './yaml-file.ts';

const schema = z.strictObject({
  roster: z.string(),
  listen: z.strictObject({ host: z.string().default('127.0.0.1'), port: z.int().min(0).max(65_535) }),
  cohort: z
    .strictObject({
      min: z.int().min(3).default(3),
      joinSeconds: z.number().positive().max(86_400).default(60),
    })
    .default({ min: 3, joinSeconds: 60 }),
  preset: z.enum(['security', 'availability']).default('security'),
  keyCount: z.int().default(16),
  members: z
    .array(z.strictObject({ name: z.string().min(1).max(64), role: z.literal('member').optional() }))
    .min(1),
  parameters: z.record(z.string(), z.unknown()).default({}),
});

const GOOD = 'roster: roster.yaml\nlisten: { port: 8443 }\nmembers: [{ name: acme }]\n';

let directory: string;
let path: string;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-yaml-'));
  path = join(directory, 'tributary.yaml');
});
afterAll(() => rmSync(directory, { recursive: true }));

function read(text: string): unknown {
  writeFileSync(path, text);
  return readYamlFile(path, schema);
}

interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

function caught(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    return error;
  }
}

/** What an operator sees, with the directory taken off. */
function failure(act: () => unknown): Refusal {
  const error = caught(act);
  if (!(error instanceof RuntimeError)) throw new Error('nothing was refused', { cause: error });
  const { code, message, hint } = error;
  expect(`${message}${hint}`).not.toMatch(/[\n\r]/);
  return { code, message: message.replaceAll(`${directory}/`, ''), hint };
}

const fault = (text: string): Refusal => failure(() => read(text));

describe('readYamlFile', () => {
  it('gives the values with defaults filled in', () => {
    expect(read(GOOD)).toEqual({
      roster: 'roster.yaml',
      listen: { host: '127.0.0.1', port: 8443 },
      cohort: { min: 3, joinSeconds: 60 },
      preset: 'security',
      keyCount: 16,
      members: [{ name: 'acme' }],
      parameters: {},
    });
  });

  it('takes JSON as well', () => {
    expect(read('{"roster": "r", "listen": {"port": 1}, "members": [{"name": "a"}]}')).toMatchObject({
      roster: 'r',
    });
  });

  it.each([
    ['at the top', `${GOOD}chort: { min: 4 }\n`, "unknown key 'chort'", "did you mean 'cohort'?"],
    ['in a section', `${GOOD}cohort: { mim: 4 }\n`, "unknown key 'cohort.mim'", "did you mean 'min'?"],
    [
      'in a list',
      'roster: r\nlisten: { port: 1 }\nmembers: [{ name: a }, { name: b, rolle: member }]\n',
      "unknown key 'members.1.rolle'",
      "did you mean 'role'?",
    ],
    [
      'that is like none',
      `${GOOD}cohort: { epsilon: 4 }\n`,
      "unknown key 'cohort.epsilon'",
      'remove it; known are min, joinSeconds',
    ],
    [
      'that JavaScript treats specially',
      `${GOOD}__proto__: { min: 4 }\n`,
      "unknown key '__proto__'",
      'remove it; known are roster, listen, cohort, preset, keyCount, members, parameters',
    ],
  ])('refuses an unknown key %s', (_, text, message, hint) => {
    expect(fault(text)).toEqual({ code: 'BAD_CONFIG', message: `tributary.yaml: ${message}`, hint });
  });

  it('names the misspelt key rather than the one that is missing because of it', () => {
    expect(fault('rooster: r\nlisten: { port: 1 }\nmembers: [{ name: a }]\n')).toMatchObject({
      message: "tributary.yaml: unknown key 'rooster'",
      hint: "did you mean 'roster'?",
    });
  });

  it.each([
    ['roster: r\nmembers: [{ name: a }]\n', "'listen' is missing; it must be a section with host, port"],
    ['listen: { port: 1 }\nmembers: [{ name: a }]\n', "'roster' is missing; it must be text"],
    [
      'roster: r\nlisten: {}\nmembers: [{ name: a }]\n',
      "'listen.port' is missing; it must be an integer of 0..65535",
    ],
    [
      'roster: r\nlisten: { port: 1 }\nmembers: [{}]\n',
      "'members.0.name' is missing; it must be text of 1..64 characters",
    ],
    ['roster:\nlisten: { port: 1 }\nmembers: [{ name: a }]\n', "'roster' is empty; it must be text"],
  ])('says what is missing: %j', (text, message) => {
    expect(fault(text)).toMatchObject({ code: 'BAD_CONFIG', message: `tributary.yaml: ${message}` });
  });

  it.each([
    ['listen: { port: abc }', "'listen.port' must be an integer of 0..65535, not 'abc'"],
    ['listen: { port: 70000 }', "'listen.port' must be an integer of 0..65535, not 70000"],
    ['listen: { port: 1.5 }', "'listen.port' must be an integer of 0..65535, not 1.5"],
    ['listen: { port: .nan }', "'listen.port' must be an integer of 0..65535, not NaN"],
    ['listen: 8443', "'listen' must be a section with host, port, not 8443"],
    ['listen: { port: 1, host: [a] }', "'listen.host' must be text, not a list of 1"],
    ['cohort: { min: 2 }', "'cohort.min' must be an integer of at least 3, not 2"],
    [
      'cohort: { joinSeconds: 0 }',
      "'cohort.joinSeconds' must be a number above 0 and of at most 86400, not 0",
    ],
    ['preset: safety', "'preset' must be one of security, availability, not 'safety'"],
    ['keyCount: yes please', "'keyCount' must be an integer, not 'yes please'"],
    ['members: []', "'members' must be a list of at least 1, not a list of 0"],
    ['members: acme', "'members' must be a list of at least 1, not 'acme'"],
    ['members: [{ name: a, role: chief }]', "'members.0.role' must be 'member', not 'chief'"],
    ['parameters: [1]', "'parameters' must be a section, not a list of 1"],
    ['roster: { a: 1 }', "'roster' must be text, not a section"],
  ])('says what a value must be: %s', (line, message) => {
    const key = line.slice(0, line.indexOf(':'));
    const others = GOOD.split('\n').filter((good) => !good.startsWith(`${key}:`));
    expect(fault(`${others.join('\n')}\n${line}\n`)).toMatchObject({
      code: 'BAD_CONFIG',
      message: `tributary.yaml: ${message}`,
    });
  });

  it.each([
    ['', 'the file is empty; it must be a section with roster, listen,'],
    [
      '- a\n- b\n',
      'the file must be a section with roster, listen, cohort, preset, keyCount, members, parameters, not a list of 2',
    ],
    ['hello', "not 'hello'"],
  ])('refuses a file that is no section: %j', (text, message) => {
    expect(fault(text).message).toContain(message);
  });

  it('shows a long or hostile value cut and harmless', () => {
    const { message } = fault(`${GOOD}preset: "x\\e[2J${'y'.repeat(500)}\\n"\n`);
    expect(message).toContain("not 'x\\u{1b}[2Jyyy");
    expect(message.length).toBeLessThan(200);
  });

  it.each([
    ['a key that stands twice', `${GOOD}roster: other.yaml\n`, "line 4: key 'roster' stands twice"],
    [
      'a nested key that stands twice',
      'roster: r\nlisten:\n  port: 1\n  port: 2\n',
      "line 4: key 'port' stands twice",
    ],
    ['a bracket that is not closed', 'roster: r\nlisten: { port: 1\n', 'line 3: '],
    ['a tab as indentation', 'roster: r\nlisten:\n\tport: 1\n', 'line 3: '],
    ['two documents', `${GOOD}---\n${GOOD}`, 'line 4: '],
  ])('refuses %s and names the line', (_, text, message) => {
    const refused = fault(text);
    expect(refused.code).toBe('BAD_CONFIG');
    expect(refused.message).toContain(`tributary.yaml, ${message}`);
    expect(refused.message).not.toMatch(/column|\^/);
  });

  it('refuses aliases that stand for more values than memory has', () => {
    const levels = Array.from({ length: 12 }, (_, i) => {
      const above =
        i === 0
          ? '[x, x, x, x, x, x, x, x, x]'
          : `[${Array(9)
              .fill(`*a${i - 1}`)
              .join(', ')}]`;
      return `a${i}: &a${i} ${above}`;
    });
    expect(fault(levels.join('\n'))).toMatchObject({
      code: 'BAD_CONFIG',
      message: 'tributary.yaml: too many aliases',
    });
  });

  it('names a file that is not there, and a directory', () => {
    expect(failure(() => readYamlFile(join(directory, 'no.yaml'), schema))).toEqual({
      code: 'BAD_FILE',
      message: 'cannot read no.yaml: no such file or directory',
      hint: 'check the path',
    });
    mkdirSync(join(directory, 'conf.d'));
    expect(failure(() => readYamlFile(join(directory, 'conf.d'), schema))).toEqual({
      code: 'BAD_FILE',
      message: 'cannot read conf.d: is a directory',
      hint: 'give the path of a file',
    });
  });
});
