import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { refusal } from '../testing/refusal.ts';
import { runPlainly } from '../testing/plain-run.ts';
import { TOY_SEED, toyDataset } from '../testing/toy-dataset.ts';
import { TOY_MODEL } from '../testing/toy-model.ts';
import { createArtifact } from './artifact.ts';
import { decodeArtifact, encodeArtifact } from './file.ts';

const PROVENANCE = { federation: 'hospitals', run: 'ab12', cohortSizes: [5, 5, 4] };
const ARTIFACT = createArtifact(TOY_MODEL, 'my-encoder', PROVENANCE);

/** The artifact's text with one value changed. */
function changed(path: readonly string[], value: unknown): string {
  const document: unknown = JSON.parse(encodeArtifact(ARTIFACT));
  let at = document as Record<string, unknown>;
  for (const field of path.slice(0, -1)) at = at[field] as Record<string, unknown>;
  at[path.at(-1) as string] = value;
  return JSON.stringify(document);
}

/** Empty where nothing is thrown. */
function nameOfError(action: () => unknown): string {
  try {
    action();
    return '';
  } catch (error) {
    return error instanceof Error ? error.name : 'no error';
  }
}

describe('a router artifact', () => {
  it('survives its file exactly', () => {
    expect(decodeArtifact(encodeArtifact(ARTIFACT))).toEqual(ARTIFACT);
    const bare = createArtifact(TOY_MODEL, 'my-encoder');
    expect(decodeArtifact(encodeArtifact(bare))).toEqual(bare);
  });

  it('survives it after training, for any data', () => {
    fc.assert(
      fc.property(fc.string(), (name) => {
        const data = toyDataset(name, { records: 20 });
        const parameters = { models: data.models, dimensions: data.dimensions, seed: TOY_SEED, clusters: 3 };
        const artifact = createArtifact(runPlainly('kmeans', parameters, [data]).model, 'toy');
        expect(decodeArtifact(encodeArtifact(artifact))).toEqual(artifact);
      }),
      { numRuns: 20 },
    );
  });

  it('is one line of JSON that says what it is', () => {
    const text = encodeArtifact(ARTIFACT);
    expect(text.indexOf('\n')).toBe(text.length - 1);
    expect(JSON.parse(text)).toMatchObject({
      format: 'tributary-router',
      version: 1,
      kind: 'kmeans',
      encoder: { name: 'my-encoder', dimensions: 2 },
      models: ['ant', 'bee', 'cat', 'dog'],
      provenance: PROVENANCE,
    });
  });
});

describe('a file that is no artifact of this version', () => {
  it.each(['', '{', 'router', '\u0000'])('is refused where it is no JSON: %j', (text) => {
    expect(() => decodeArtifact(text)).toThrow(refusal('BAD_ARTIFACT', 'not JSON'));
  });

  it.each(['null', '[]', '1', '"tributary-router"'])('is refused where it is no object: %s', (text) => {
    expect(() => decodeArtifact(text)).toThrow(refusal('BAD_ARTIFACT', 'object'));
  });

  it('is refused with a hint where it is of another version', () => {
    expect(() => decodeArtifact(changed(['version'], 2))).toThrow(
      refusal('UNSUPPORTED_VERSION', 'version is 2'),
    );
  });

  it.each([
    [['format'], 'other'],
    [['format'], undefined],
    [['version'], '1'],
    [['kind'], 'mlp'],
    [['kind'], 'knn'],
    [['encoder'], 'my-encoder'],
    [['encoder', 'name'], ''],
    [['encoder', 'name'], 'two\nlines'],
    [['encoder', 'dimensions'], 3],
    [['encoder', 'dimensions'], 0],
    [['encoder', 'extra'], 1],
    [['models'], ['ant', 'bee', 'cat']],
    [['models'], ['ant', 'bee', 'cat', 'ant']],
    [['models'], []],
    [['defaultLambda'], -1],
    [['defaultLambda'], null],
    [['kmeans'], undefined],
    [['kmeans', 'clusters'], 3],
    [['kmeans', 'clusters'], 1e9],
    [['kmeans', 'centres'], 'AAAA'],
    [['kmeans', 'centres'], '*'],
    [['kmeans', 'centres'], Buffer.from(Float64Array.of(1, 0, 0, Number.NaN).buffer).toString('base64')],
    [
      ['kmeans', 'observations'],
      [1, 2],
    ],
    [
      ['kmeans', 'observations'],
      [30, 30, 30, 0, 10, 10, 10, -1],
    ],
    [
      ['kmeans', 'quality'],
      [0, 0, 0, 0, 0, 0, 0, 1.5],
    ],
    [
      ['kmeans', 'logCost'],
      [0, 0, 0, 0, 0, 0, 0, '1'],
    ],
    [['kmeans', 'kappa'], 100],
    [['kmeans', 'kappa', 'quality'], -1],
    [['kmeans', 'kappa', 'logCost'], undefined],
    [
      ['kmeans', 'logCostVariance'],
      [0, 0, 0],
    ],
    [['kmeans', 'costMinUsd'], 0],
    [['kmeans', 'costMaxUsd'], 1e-7],
    [['kmeans', 'costMaxUsd'], 1e-6],
    [['kmeans', 'more'], 1],
    [['provenance', 'run'], 'XY'],
    [['provenance', 'cohortSizes'], [0]],
    [['provenance', 'federation'], 7],
    [['provenance', 'operator'], 'x'],
    [['extra'], 1],
  ])('is refused where %j is %j', (path, value) => {
    // Whatever else depends on a field may be named instead of it, so only the artifact is expected in the message.
    expect(() => decodeArtifact(changed(path, value))).toThrow(refusal('BAD_ARTIFACT', 'artifact'));
  });

  it('is refused where nobody observed any model', () => {
    const text = changed(
      ['kmeans', 'observations'],
      Array.from({ length: 8 }, () => 0),
    );
    expect(() => decodeArtifact(text)).toThrow(refusal('BAD_ARTIFACT', 'observations'));
  });

  it('never makes decoding fail in another way', () => {
    const text = encodeArtifact(ARTIFACT);
    fc.assert(
      fc.property(fc.nat(text.length - 1), fc.string({ maxLength: 3 }), (at, spliced) => {
        expect(nameOfError(() => decodeArtifact(text.slice(0, at) + spliced + text.slice(at + 1)))).toMatch(
          /^(RouterError)?$/,
        );
      }),
    );
  });
});
