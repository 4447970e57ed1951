import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBase64 } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { toNumberUp } from '@tributary/privacy';
import { createKeyFile } from '@tributary/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CoordinatorConfig, readCoordinatorConfig } from './config.ts';
import { readRunTerms } from './run-terms.ts';

let directory: string;
let config: CoordinatorConfig;

beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-terms-'));
  const { publicKey } = createKeyFile(join(directory, 'coordinator.key'));
  createKeyFile(join(directory, 'other.key'));
  writeRoster(3, toBase64(publicKey));
  writeFileSync(
    join(directory, 'coordinator.yaml'),
    `{ roster: roster.yaml, key: coordinator.key, listen: { port: 0 }, output: out,
       run: { name: first, encoder: toy, parameters: { models: [small, large], dimensions: 4 } } }`,
  );
  config = readCoordinatorConfig(join(directory, 'coordinator.yaml'), { insecure: false });
});
afterAll(() => rmSync(directory, { recursive: true }));

const key = (i: number): string => toBase64(nodeBackend.ed25519PublicKey(new Uint8Array(32).fill(i + 1)));

/** @param last organisation of the last member; its own by default */
function writeRoster(members: number, coordinator: string, file = 'roster.yaml', last?: string): string {
  const path = join(directory, file);
  const roster = Array.from({ length: members }, (_, i) => ({
    name: `org-${i}`,
    publicKey: key(i),
    ...(i === members - 1 && last !== undefined ? { organisation: last } : {}),
  }));
  writeFileSync(path, JSON.stringify({ federation: 'f', version: 1, coordinator, members: roster }));
  return path;
}

const MLP = { models: ['a', 'b'], dimensions: 4 };

/** Rho of each sum. */
function costsOfSums(retries?: number): number[] {
  const { privacy } = readRunTerms({ ...config, privacy: { ...config.privacy, retries } }).manifest;
  return privacy === 'none' ? [] : privacy.rounds.map(({ rho }) => toNumberUp(rho));
}

function total(costs: readonly number[]): number {
  return costs.reduce((sum, cost) => sum + cost, 0);
}

describe('the terms of a run', () => {
  it('draw a fresh public seed and size the ring for the whole roster', () => {
    const a = readRunTerms(config);
    const b = readRunTerms(config);
    expect(a.manifest).toMatchObject({
      name: 'first',
      program: 'kmeans',
      contributors: 3,
      privacy: { unit: 'record' },
    });
    expect(a.manifest.seed).toMatch(/^[0-9a-f]{64}$/);
    expect(a.manifest.seed).not.toBe(b.manifest.seed);
    expect(a.run).not.toEqual(b.run);
    expect(a.program.kind).toBe('sum');
  });

  it("are refused with a key that is not the coordinator's of the roster", () => {
    expect(() => readRunTerms({ ...config, key: join(directory, 'other.key') })).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: `key file ${directory}/other.key is not the coordinator of ${directory}/roster.yaml`,
      }),
    );
  });

  it('are refused for fewer members than the cohort must have', () => {
    expect(() => readRunTerms({ ...config, cohort: { min: 4, joinSeconds: 1 } })).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: "'cohort.min' 4 is above the 3 members of the roster",
      }),
    );
  });

  it('are for a sparse graph where the complete one cannot join all members', () => {
    const { publicKey } = createKeyFile(join(directory, 'large.key'));
    const roster = writeRoster(65, toBase64(publicKey), 'large.yaml');
    const terms = readRunTerms({ ...config, roster, key: join(directory, 'large.key') });
    expect(terms.manifest.contributors).toBe(65);
  });

  it('are the same again for a run that was begun before, and new for a new one', () => {
    const begun = readRunTerms(config);
    expect(readRunTerms(config, begun.manifest.seed).run).toEqual(begun.run);
    expect(readRunTerms(config).run).not.toEqual(begun.run);
  });

  it('divide the budget over the sums of a program that is made for noise, down to four fifths of the roster', () => {
    const { manifest } = readRunTerms(config);
    expect(manifest.parameters).toMatchObject({ sums: 'noisy' });
    expect(manifest.privacy).toMatchObject({
      unit: 'record',
      epsilon: 3,
      delta: 1e-5,
      recordsPerUnit: 1,
      minSurvivors: 3,
      colluders: 1,
    });
    const steps = manifest.privacy === 'none' ? [] : manifest.privacy.rounds.map(({ step }) => step);
    expect(steps.filter((step) => !step.startsWith('lloyd'))).toEqual([
      'mean',
      'split 1',
      'split 2',
      'split 3',
      'split 4',
      'statistics',
    ]);
  });

  it('keep room for attempts that fail, where the operator asks for it', () => {
    const [tight, roomy] = [costsOfSums(), costsOfSums(2)];
    expect(roomy).toHaveLength(tight.length);
    expect(total(roomy) + 2 * Math.max(...roomy)).toBeCloseTo(total(tight), 9);
  });

  it('are refused where they are too long to travel', () => {
    const models = Array.from({ length: 4000 }, (_, i) => `model-${i}-${'x'.repeat(80)}`);
    const run = { ...config.run, parameters: { models, dimensions: 4 } };
    expect(() => readRunTerms({ ...config, run })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', hint: "shorten 'run.parameters'" }),
    );
  });

  it('leave sums exact where the operator says so', () => {
    const { manifest } = readRunTerms({ ...config, privacy: { ...config.privacy, epsilon: 'none' } });
    expect(manifest.privacy).toBe('none');
    expect(manifest.parameters).toEqual(config.run.parameters);
  });

  it('are refused with a budget where an organisation has several members: noise is one share to an organisation', () => {
    const { publicKey } = createKeyFile(join(directory, 'shared.key'));
    const roster = writeRoster(4, toBase64(publicKey), 'shared.yaml', 'org-0');
    const shared = { ...config, roster, key: join(directory, 'shared.key') };
    expect(() => readRunTerms(shared)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: 'the roster has 4 members of 3 organisations, privacy noise is sized for one of each',
      }),
    );
    const exact = readRunTerms({ ...shared, privacy: { ...config.privacy, epsilon: 'none' } });
    expect(exact.manifest.privacy).toBe('none');
  });

  it('take several records of an end user where that is the unit', () => {
    const privacy = { ...config.privacy, unit: 'end-user', maxRecordsPerUser: 5 } as const;
    expect(readRunTerms({ ...config, privacy }).manifest.privacy).toMatchObject({ recordsPerUnit: 5 });
  });

  it.each([
    [{ epsilon: 3, filter: 'rdp@2' }, 'proves no epsilon'],
    [{ epsilon: 3, minSurvivors: 4 }, 'minSurvivors 4 is above the cohort of 3'],
  ])('are refused for a budget that cannot be: %j', (change, words) => {
    expect(() => readRunTerms({ ...config, privacy: { ...config.privacy, ...change } })).toThrow(
      expect.objectContaining({ code: 'BAD_CONFIG', message: expect.stringContaining(words) }),
    );
  });

  it.each([
    [
      { parameters: { models: ['a', 'b'], dimensions: 4, seed: '00'.repeat(32) } },
      {
        code: 'BAD_CONFIG',
        message: "'run.parameters.seed' cannot be set: the coordinator draws a public seed for each run",
      },
    ],
    [
      { parameters: { models: ['a', 'b'], dimensions: 4, cluster: 3 } },
      { name: 'RouterError', code: 'BAD_PARAMETERS' },
    ],
    [{ parameters: { models: [], dimensions: 4 } }, { name: 'RouterError', code: 'BAD_PARAMETERS' }],
    [{ program: 'kmean' }, { name: 'RouterError', code: 'UNKNOWN_PROGRAM' }],
    [
      { program: 'mlp', parameters: MLP },
      { code: 'BAD_CONFIG', message: expect.stringContaining('mlp') },
    ],
    [
      { parameters: { models: ['a', 'b'], dimensions: 4, sums: 'exact' } },
      { code: 'BAD_CONFIG', hint: expect.stringContaining('epsilon: none') },
    ],
  ])('are refused for a run that cannot be: %#', (change, failure) => {
    expect(() => readRunTerms({ ...config, run: { ...config.run, ...change } })).toThrow(
      expect.objectContaining(failure),
    );
  });
});
