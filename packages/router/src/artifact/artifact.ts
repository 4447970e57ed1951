import { defaultLambdaOf } from './default-lambda.ts';
import type { RouterModel } from './model.ts';

/** What makes the embeddings that a router takes. */
export interface EncoderReference {
  /** "hashed-ngrams-1024" for the built-in encoder; for others the name in their dataset's metadata. */
  readonly name: string;
  /** Length of an embedding. */
  readonly dimensions: number;
}

/** Where a router comes from; public facts of its run. */
export interface Provenance {
  /** Name of the federation. */
  readonly federation: string;
  /** Digest of the run's manifest, in hexadecimal. */
  readonly run: string;
  /** Organisations behind each opened sum, in order. */
  readonly cohortSizes: readonly number[];
}

/** A trained router with all that routing needs. */
export interface RouterArtifact {
  readonly encoder: EncoderReference;
  readonly model: RouterModel;
  /** Quality per USD that `route` trades at when it is not told otherwise. At least 0. */
  readonly defaultLambda: number;
  readonly provenance?: Provenance;
}

/**
 * Adds to a model what a program does not know: its encoder, its run, and the default lambda that follows from its tables.
 * @param encoder name of what made the embeddings that the model was trained on
 */
export function createArtifact(model: RouterModel, encoder: string, provenance?: Provenance): RouterArtifact {
  return {
    encoder: { name: encoder, dimensions: model.dimensions },
    model,
    defaultLambda: defaultLambdaOf(model),
    ...(provenance === undefined ? {} : { provenance }),
  };
}
