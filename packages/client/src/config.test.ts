import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientConfig, readClientConfig } from './config.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-client-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const GOOD =
  'roster: roster.yaml\nkey: acme.key\ncoordinator: wss://coordinator.example.org:8443\ndata: logs\n';

const POLICY = {
  minCohort: 3,
  minColluders: 1,
  maxRounds: 1000,
  maxAttemptsPerRound: 2,
  maxEpsilon: 3,
  delta: 1e-5,
  unit: 'record',
  filter: 'zcdp',
  allowNoNoise: false,
};

function read(text: string, insecure = false): ClientConfig {
  const path = join(directory, 'client.yaml');
  writeFileSync(path, text);
  return readClientConfig(path, { insecure });
}

describe('the configuration of a client', () => {
  it('has defaults, and paths relative to its file', () => {
    expect(read(GOOD)).toEqual({
      roster: join(directory, 'roster.yaml'),
      key: join(directory, 'acme.key'),
      coordinator: 'wss://coordinator.example.org:8443',
      ca: undefined,
      data: join(directory, 'logs'),
      artifact: join(directory, 'router.json'),
      state: join(directory, 'acme.state'),
      policy: POLICY,
      account: join(directory, 'acme.account'),
      connectSeconds: 60,
      logLevel: 'info',
    });
    expect(read(`${GOOD}policy: { rosterRoot: ${'5a'.repeat(32)} }\n`).policy.rosterRoot).toBe(
      '5a'.repeat(32),
    );
    expect(read(`${GOOD}ca: /etc/ca.pem\npolicy: { maxRounds: 10 }\n`)).toMatchObject({
      ca: '/etc/ca.pem',
      policy: { ...POLICY, maxRounds: 10 },
    });
  });

  it.each([
    'ws://coordinator.example.org:8443',
    'ws://10.1.2.3',
    'ws://0.0.0.0:1',
    'ws://127.0.0.1.example.org',
    'ws://localhost.example.org',
    'ws://[2001:db8::1]:8443',
  ])('is refused for %s, which is not encrypted', (address) => {
    const text = GOOD.replace('wss://coordinator.example.org:8443', `"${address}"`);
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        code: 'INSECURE',
        exitCode: 4,
        message: `${directory}/client.yaml: 'coordinator' ${address} is not encrypted and beyond loopback`,
      }),
    );
    expect(read(text, true).coordinator).toBe(address);
  });

  it.each(['ws://localhost:1', 'ws://127.0.0.1:8443', 'ws://[::1]:8443/path'])('may use %s', (address) => {
    expect(read(GOOD.replace('wss://coordinator.example.org:8443', `"${address}"`)).coordinator).toBe(
      address,
    );
  });

  it.each([
    'https://coordinator.example.org',
    'coordinator:8443',
    'nonsense',
    '',
    'wss://',
    'wss://host/#part',
    'wss://acme:pass@host',
  ])('is refused for %j, which is no address of a coordinator', (address) => {
    expect(() => read(GOOD.replace('wss://coordinator.example.org:8443', `"${address}"`))).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining("'coordinator'") }),
    );
  });

  it('never shows a password that somebody put into the address', () => {
    expect(() => read(GOOD.replace('wss://coordinator', 'wss://acme:hunter2@coordinator'))).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
    );
  });

  it.each([
    ['polizy: { maxRounds: 1 }', "unknown key 'polizy'", "did you mean 'policy'?"],
    ['policy: { maxRound: 1 }', "unknown key 'policy.maxRound'", "did you mean 'maxRounds'?"],
    ['policy: { minCohort: 2 }', "'policy.minCohort' must be an integer of at least 3, not 2", ''],
    [
      'policy: { rosterRoot: 5A5A }',
      "'policy.rosterRoot' must be 64 hex digits, as `tributary roster show` prints them, not '5A5A'",
      '',
    ],
    ['policy: { minColluders: 0 }', "'policy.minColluders' must be an integer of at least 1, not 0", ''],
    [
      'connectSeconds: soon',
      "'connectSeconds' must be a number above 0 and of at most 86400, not 'soon'",
      '',
    ],
  ])('is refused with %s', (line, message, hint) => {
    expect(() => read(`${GOOD}${line}\n`)).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: `${directory}/client.yaml: ${message}`, hint }),
    );
  });
});
