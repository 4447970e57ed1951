import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createArtifact, encodeArtifact, routerFromCentres } from '@tributary/router';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CoordinatorConfig, readCoordinatorConfig } from './config.ts';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-coordinator-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

const GOOD = `
roster: roster.yaml
key: coordinator.key
listen: { port: 8443 }
output: federation
run:
  name: first-router
  encoder: hashed-ngrams-1024
  parameters: { models: [small, large] }
`;

function read(text: string, insecure = false): CoordinatorConfig {
  const path = join(directory, 'coordinator.yaml');
  writeFileSync(path, text);
  return readCoordinatorConfig(path, { insecure });
}

describe('the configuration of a coordinator', () => {
  it('has defaults, and paths relative to its file', () => {
    expect(read(GOOD)).toEqual({
      roster: join(directory, 'roster.yaml'),
      key: join(directory, 'coordinator.key'),
      listen: { host: '127.0.0.1', port: 8443 },
      output: join(directory, 'federation'),
      cohort: { min: 3, joinSeconds: 60 },
      thresholds: 'security',
      deadlines: { setup: 30_000, ready: 30_000, maskedInput: 120_000, consistency: 30_000, unmask: 30_000 },
      keyCount: 16,
      run: {
        name: 'first-router',
        program: 'kmeans',
        encoder: 'hashed-ngrams-1024',
        parameters: { models: ['small', 'large'] },
        maxRecords: 10_000,
      },
      maxAttemptsPerRound: 2,
      privacy: {
        unit: 'record',
        epsilon: 3,
        delta: 1e-5,
        filter: 'zcdp',
        maxRecordsPerUser: 1,
      },
      logLevel: 'info',
    });
  });

  it('puts the router that a run goes on from among its parameters', () => {
    const data = {
      models: ['small', 'large'],
      dimensions: 2,
      features: Float32Array.of(0.5, 0),
      records: 1,
      offsets: Uint32Array.of(0, 1),
      model: Uint16Array.of(0),
      quality: Float64Array.of(1),
      costUsd: Float64Array.of(1e-3),
    };
    const model = routerFromCentres(data, new Float64Array(2));
    const text = encodeArtifact(createArtifact(model, 'hashed-ngrams-1024'));
    writeFileSync(join(directory, 'router.json'), text);
    const more = GOOD.replace('  encoder:', '  program: kmeans-update\n  router: router.json\n  encoder:');
    expect(read(more).run).toEqual({
      name: 'first-router',
      program: 'kmeans-update',
      encoder: 'hashed-ngrams-1024',
      parameters: { models: ['small', 'large'], router: text },
      maxRecords: 10_000,
    });
    expect(() => read(more.replace('hashed-ngrams-1024', 'other'))).toThrow(
      expect.objectContaining({ name: 'RuntimeError', code: 'BAD_CONFIG' }),
    );
    expect(() => read(more.replace('router.json', 'nowhere.json'))).toThrow(
      expect.objectContaining({ name: 'RuntimeError', code: 'BAD_FILE' }),
    );
  });

  it('takes deadlines in seconds', () => {
    expect(read(`${GOOD}deadlines: { setup: 0.5, maskedInput: 600 }`).deadlines).toEqual({
      setup: 500,
      ready: 30_000,
      maskedInput: 600_000,
      consistency: 30_000,
      unmask: 30_000,
    });
  });

  it.each(['0.0.0.0', '::', '10.1.2.3', 'coordinator.example.org', '127.0.0.1.example.org'])(
    'is refused where it would listen on %s without TLS',
    (host) => {
      const text = GOOD.replace('{ port: 8443 }', `{ host: "${host}", port: 8443 }`);
      expect(() => read(text)).toThrow(
        expect.objectContaining({
          code: 'INSECURE',
          exitCode: 4,
          message: expect.stringContaining(`'listen.host' ${host} is beyond loopback and 'tls' is not set`),
        }),
      );
      expect(read(text, true).listen.host).toBe(host);
      expect(read(`${text}tls: { cert: a.pem, key: b.pem }`).tls).toEqual({
        cert: join(directory, 'a.pem'),
        key: join(directory, 'b.pem'),
      });
    },
  );

  it.each(['localhost', '127.0.0.1', '127.1.2.3', '::1'])('may listen on %s', (host) => {
    expect(read(GOOD.replace('{ port: 8443 }', `{ host: "${host}", port: 8443 }`)).listen.host).toBe(host);
  });

  it.each([
    ['tresholds: security', "unknown key 'tresholds'", "did you mean 'thresholds'?"],
    ['cohort: { minimum: 3 }', "unknown key 'cohort.minimum'", 'remove it; known are min, joinSeconds'],
    ['deadlines: { unmasking: 3 }', "unknown key 'deadlines.unmasking'", "did you mean 'unmask'?"],
    ['cohort: { min: 2 }', "'cohort.min' must be an integer of at least 3, not 2", ''],
    ['keyCount: 65', "'keyCount' must be an integer of 1..64, not 65", ''],
    [
      'deadlines: { setup: -1 }',
      "'deadlines.setup' must be a number above 0 and of at most 86400, not -1",
      '',
    ],
    [
      'logLevel: verbose',
      "'logLevel' must be one of silent, error, warn, info, debug, trace, not 'verbose'",
      '',
    ],
    [
      "privacy: { epsilon: 'no' }",
      "'privacy.epsilon' must be a number above 0 and of at most 1000, or 'none', not 'no'",
      '',
    ],
    [
      'privacy: { unit: patient }',
      "'privacy.unit' must be one of record, end-user, organisation, not 'patient'",
      '',
    ],
    [
      'privacy: { filter: rdp }',
      "'privacy.filter' must be zcdp, or rdp@ORDER with an order of at least 2, not 'rdp'",
      '',
    ],
    ['tls: { cert: a.pem }', "'tls.key' is missing; it must be text", ''],
  ])('is refused with %s', (line, message, hint) => {
    expect(() => read(`${GOOD}${line}\n`)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: `${directory}/coordinator.yaml: ${message}`,
        hint,
      }),
    );
  });
});
