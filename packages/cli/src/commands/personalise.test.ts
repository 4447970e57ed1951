import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeDirectory } from '@tributary/client';
import {
  createArtifact,
  decodeArtifact,
  encodeArtifact,
  routerFromCentres,
  trainMlp,
} from '@tributary/router';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../run.ts';

const MODELS = ['small', 'large'];
let directory: string;

/** A federation in which either model is right in half of all cases, on two sides of the origin. */
const data = {
  models: MODELS,
  dimensions: 2,
  features: Float32Array.from({ length: 160 }, (_, j) => (j % 2 === 1 ? 0 : j % 4 === 0 ? 0.8 : -0.8)),
  records: 80,
  offsets: Uint32Array.from({ length: 81 }, (_, i) => i),
  model: Uint16Array.from({ length: 80 }, (_, i) => (i >> 1) % 2),
  quality: Float64Array.from({ length: 80 }, (_, i) => (i >> 2) % 2),
  costUsd: new Float64Array(80).fill(1e-3),
};

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-personalise-'));
  const kmeans = routerFromCentres(data, Float64Array.of(0.8, 0, -0.8, 0));
  writeFileSync(join(directory, 'router.json'), encodeArtifact(createArtifact(kmeans, 'toy2')));
  const mlp = trainMlp(data, { seed: '07'.repeat(32), settings: { hidden: [4, 4], rounds: 1 } });
  writeFileSync(join(directory, 'mlp.json'), encodeArtifact(createArtifact(mlp, 'toy2')));
  // At home the small model is always right on the one side, and the large one never.
  await writeDirectory(
    {
      source: 'own',
      queries: Array.from({ length: 40 }, (_, i) => ({ id: `q${i}`, text: `query ${i}` })),
      models: MODELS.map((name) => ({ name })),
      evaluations: {
        offsets: Uint32Array.from({ length: 41 }, (_, i) => i),
        model: Uint16Array.from({ length: 40 }, (_, i) => i % 2),
        quality: Float64Array.from({ length: 40 }, (_, i) => 1 - (i % 2)),
        costUsd: new Float64Array(40).fill(1e-3),
      },
      embeddings: {
        encoder: 'toy2',
        dimensions: 2,
        rows: Float32Array.from({ length: 80 }, (_, j) => (j % 2 === 0 ? 0.8 : 0)),
      },
    },
    join(directory, 'own'),
  );
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());

const path = (name: string): string => join(directory, name);

async function personalise(
  artifact: string,
): Promise<{ readonly exitCode: number; readonly stdout: string }> {
  const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const files = ['--artifact', path(artifact), '--data', path('own'), '--out', path('personal.json')];
  const exitCode = await run(['personalise', ...files, '--json']);
  return { exitCode, stdout: stdout.mock.calls.map(([text]) => String(text)).join('') };
}

describe('personalise', () => {
  it('moves predictions where the own log says otherwise, and nowhere else', async () => {
    const { exitCode, stdout } = await personalise('router.json');
    expect(stdout).toContain('"records":40');
    expect(exitCode).toBe(0);
    const { model, provenance } = decodeArtifact(readFileSync(join(directory, 'personal.json'), 'utf8'));
    expect(provenance).toBeUndefined();
    if (model.kind !== 'kmeans') throw new Error('a K-means router stays one');
    const [smallHere = 0, largeHere = 0, smallThere, largeThere] = model.quality;
    expect(smallHere).toBeGreaterThan(0.9);
    expect(largeHere).toBeLessThan(0.1);
    expect([smallThere, largeThere]).toEqual([0.5, 0.5]);
  });

  it('refuses a router that has no tables', async () => {
    const { exitCode, stdout } = await personalise('mlp.json');
    expect(exitCode).toBe(4);
    expect(stdout).toContain('a mlp router cannot be personalised');
  });
});
