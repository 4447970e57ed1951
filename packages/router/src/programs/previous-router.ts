/** A router that a run begins with instead of nothing: the text of its artifact among the run's parameters. */
import { createArtifact } from '../artifact/artifact.ts';
import { decodeArtifact, encodeArtifact } from '../artifact/file.ts';
import type { RouterModel } from '../artifact/model.ts';
import type { CanonicalBytes } from '../bytes/canonical-bytes.ts';
import { RouterError } from '../errors.ts';
import type { FieldReader } from '../input/field-reader.ts';

type ModelOf<Kind extends RouterModel['kind']> = Extract<RouterModel, { readonly kind: Kind }>;

/** The model in a field whose value is what `encodeArtifact` wrote. */
export function readAnyRouter(fields: FieldReader, field: string): RouterModel {
  const described = 'the text of an artifact';
  const text = fields.text(field, /^\{[^]*$/, described);
  try {
    return decodeArtifact(text).model;
  } catch (error) {
    if (!(error instanceof RouterError)) throw error;
    throw new RouterError('BAD_PARAMETERS', `parameters.${field} must be ${described}; ${error.message}`);
  }
}

/** The model in field `router`, which is to be of one kind. */
export function readPreviousRouter<Kind extends RouterModel['kind']>(
  fields: FieldReader,
  kind: Kind,
): ModelOf<Kind> {
  const model = readAnyRouter(fields, 'router');
  if (model.kind !== kind) {
    return fields.fail(
      'router',
      `the text of an artifact of a ${kind} router`,
      `an artifact of a ${model.kind} router`,
    );
  }
  return model as ModelOf<Kind>;
}

/** What `readPreviousRouter` reads. */
export function previousRouterText(model: RouterModel): string {
  // Which encoder made the embeddings is the run's to say, as it is of its other models.
  return encodeArtifact(createArtifact(model, 'previous'));
}

export function appendPreviousRouter(bytes: CanonicalBytes, model: RouterModel): void {
  bytes.text(previousRouterText(model));
}

/** The router's models in their order, then those of `models` that it does not have. */
export function unionOfModels(router: RouterModel, models: readonly string[]): string[] {
  return [...new Set([...router.models, ...models])];
}
