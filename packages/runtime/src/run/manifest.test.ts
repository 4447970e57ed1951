import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { decodeManifest, encodeManifest, runId, type RunManifest } from './manifest.ts';

const MANIFEST: RunManifest = {
  name: 'first-router',
  program: 'kmeans',
  parameters: { models: ['small', 'large'], clusters: 20 },
  encoder: 'hashed-ngrams-1024',
  maxRecords: 10_000,
  contributors: 5,
  privacy: 'none',
  seed: '07'.repeat(32),
};

const idOf = (manifest: RunManifest): string => toHex(runId(nodeBackend, encodeManifest(manifest)));

describe('the manifest', () => {
  it('comes back as it was sent', () => {
    expect(decodeManifest(encodeManifest(MANIFEST))).toEqual(MANIFEST);
  });

  it('has an id that each field changes', () => {
    const changes: Partial<RunManifest>[] = [
      {},
      { name: 'second-router' },
      { program: 'mlp' },
      { parameters: { models: ['large', 'small'], clusters: 20 } },
      { parameters: { models: ['small', 'large'], clusters: 21 } },
      { encoder: 'other' },
      { maxRecords: 9999 },
      { contributors: 6 },
      { seed: '08'.repeat(32) },
    ];
    const ids = changes.map((change) => idOf({ ...MANIFEST, ...change }));
    expect(new Set(ids).size).toBe(changes.length);
    expect(idOf({ ...MANIFEST })).toBe(ids[0]);
  });

  it.each([
    ['no JSON', '{', 'is not JSON'],
    ['no object', '[1]', 'is not a manifest'],
    ['a field too many', JSON.stringify({ ...MANIFEST, epsilon: 3 }), 'is not a manifest'],
    ['no program', JSON.stringify({ ...MANIFEST, program: undefined }), "has no valid 'program'"],
    [
      'noise that this version does not know',
      JSON.stringify({ ...MANIFEST, privacy: 'zcdp' }),
      "has no valid 'privacy'",
    ],
    ['too few contributors', JSON.stringify({ ...MANIFEST, contributors: 2 }), "has no valid 'contributors'"],
    ['a short seed', JSON.stringify({ ...MANIFEST, seed: '07' }), "has no valid 'seed'"],
    ['records without end', JSON.stringify({ ...MANIFEST, maxRecords: 1e300 }), "has no valid 'maxRecords'"],
    [
      'parameters that are a list',
      JSON.stringify({ ...MANIFEST, parameters: [] }),
      "has no valid 'parameters'",
    ],
  ])('is refused with %s', (_, text, message) => {
    expect(() => decodeManifest(text)).toThrow(
      expect.objectContaining({ code: 'RUN_FAILED', message: `the manifest of the coordinator ${message}` }),
    );
  });
});
