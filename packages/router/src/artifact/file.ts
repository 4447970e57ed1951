/**
 * A router as one file: a JSON object with `format`, `version` and what `RouterArtifact` holds. Numbers keep their exact value:
 * what was read predicts exactly as what was written.
 */
import { RouterError } from '../errors.ts';
import { FieldReader, NAME, NAME_DESCRIBED } from '../input/field-reader.ts';
import type { Provenance, RouterArtifact } from './artifact.ts';
import { kmeansSectionOf, readKMeansSection } from './kmeans-section.ts';
import { mfSectionOf, readMfSection } from './mf-section.ts';
import { mlpSectionOf, readMlpSection } from './mlp-section.ts';
import type { RouterModel } from './model.ts';
import { proxSectionOf, readProxSection } from './prox-section.ts';
import { MAX_LAMBDA } from './router.ts';

export const ARTIFACT_FORMAT = 'tributary-router';
export const ARTIFACT_VERSION = 1;

const HEXADECIMAL = /^(?:[0-9a-f]{2}){1,64}$/;
const HEXADECIMAL_DESCRIBED = '1 .. 64 bytes in lower-case hexadecimal';
const MAX_MODELS = 4096;
const MAX_DIMENSIONS = 65536;
const MAX_ROUNDS = 100_000;

/** @returns the text of the file, on one line */
export function encodeArtifact(artifact: RouterArtifact): string {
  const { encoder, model, defaultLambda, provenance } = artifact;
  const document = {
    format: ARTIFACT_FORMAT,
    version: ARTIFACT_VERSION,
    kind: model.kind,
    encoder: { name: encoder.name, dimensions: encoder.dimensions },
    models: model.models,
    defaultLambda,
    provenance,
    [model.kind]: sectionOf(model),
  };
  return `${JSON.stringify(document)}\n`;
}

function sectionOf(model: RouterModel): object {
  switch (model.kind) {
    case 'kmeans':
      return kmeansSectionOf(model);
    case 'prox':
      return proxSectionOf(model);
    case 'mlp':
      return mlpSectionOf(model);
    case 'mf':
      return mfSectionOf(model);
  }
}

type ReadSection = (fields: FieldReader, models: readonly string[], dimensions: number) => RouterModel;

const READERS: ReadonlyMap<string, ReadSection> = new Map<RouterModel['kind'], ReadSection>([
  ['kmeans', readKMeansSection],
  ['prox', readProxSection],
  ['mlp', readMlpSection],
  ['mf', readMfSection],
]);

/**
 * Reads what `encodeArtifact` wrote; every field is checked, and none is ignored.
 * @throws RouterError `BAD_ARTIFACT`, `UNSUPPORTED_VERSION`
 */
export function decodeArtifact(text: string): RouterArtifact {
  const fields = new FieldReader(parsed(text), 'artifact', 'BAD_ARTIFACT');
  fields.text('format', new RegExp(`^${ARTIFACT_FORMAT}$`, 'u'), JSON.stringify(ARTIFACT_FORMAT));
  const version = fields.number('version', { least: 1, most: Number.MAX_SAFE_INTEGER, integer: true });
  if (version !== ARTIFACT_VERSION) {
    throw new RouterError(
      'UNSUPPORTED_VERSION',
      `artifact.version is ${version}; this software reads version ${ARTIFACT_VERSION}, update it`,
    );
  }
  const kind = fields.text('kind', NAME, NAME_DESCRIBED);
  const readSection = READERS.get(kind);
  if (readSection === undefined) return fields.fail('kind', `one of ${[...READERS.keys()].join(', ')}`, kind);
  const encoder = readEncoder(fields.object('encoder'));
  const models = fields.names('models', 1, MAX_MODELS);
  const defaultLambda = fields.number('defaultLambda', { least: 0, most: MAX_LAMBDA });
  const provenanceFields = fields.optionalObject('provenance');
  const model = readSection(fields.object(kind), models, encoder.dimensions);
  fields.end();
  return {
    encoder,
    model,
    defaultLambda,
    ...(provenanceFields === undefined ? {} : { provenance: readProvenance(provenanceFields) }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RouterError('BAD_ARTIFACT', 'artifact is not JSON; give the file that a run wrote');
  }
}

function readEncoder(fields: FieldReader): RouterArtifact['encoder'] {
  const name = fields.text('name', NAME, NAME_DESCRIBED);
  const dimensions = fields.number('dimensions', { least: 1, most: MAX_DIMENSIONS, integer: true });
  fields.end();
  return { name, dimensions };
}

function readProvenance(fields: FieldReader): Provenance {
  const federation = fields.text('federation', NAME, NAME_DESCRIBED);
  const run = fields.text('run', HEXADECIMAL, HEXADECIMAL_DESCRIBED);
  const rounds = { least: 0, most: MAX_ROUNDS };
  const cohortSizes = fields.numbers('cohortSizes', rounds, { least: 1, most: 2 ** 31, integer: true });
  fields.end();
  return { federation, run, cohortSizes };
}
