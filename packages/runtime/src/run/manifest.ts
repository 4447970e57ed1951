/**
 * The manifest: the public definition of a run. The coordinator proposes it, every client checks it against its policy, and its digest
 * is in every context, so all that take part train the same thing under the same terms.
 */
import { type CryptoBackend, utf8 } from '@tributary/crypto';
import {
  declarationToJson,
  parseDeclaration,
  type PrivacyDeclaration,
  PrivacyError,
} from '@tributary/privacy';
import { CanonicalWriter, DOMAIN } from '@tributary/protocol';
import { z } from 'zod';
import { RuntimeError } from '../errors.ts';

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);

export interface RunManifest {
  /** Name for people. */
  readonly name: string;
  /** Program in the router's registry. */
  readonly program: string;
  /** Parameters of the program, checked by the program itself. */
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Encoder whose embeddings every client uses. */
  readonly encoder: string;
  /** Records of one organisation that enter a sum at most. */
  readonly maxRecords: number;
  /** Vectors that a sum may have at most: the ring is sized for it. */
  readonly contributors: number;
  /** The noise of every sum and what it may cost; none, and sums are exact. */
  readonly privacy: 'none' | PrivacyDeclaration;
  /** Public randomness of the run, 64 hexadecimal digits: directions and initial states follow from it. */
  readonly seed: string;
}

const privacySchema = z.unknown().transform((value, context) => {
  if (value === 'none') return value;
  try {
    return parseDeclaration(value);
  } catch (error) {
    if (!(error instanceof PrivacyError)) throw error;
    context.addIssue(error.message);
    return z.NEVER;
  }
});

const runManifestSchema: z.ZodType<RunManifest> = z.strictObject({
  name: z.string().min(1).max(64),
  program: z.string().min(1).max(32),
  parameters: z.record(z.string(), z.unknown()),
  encoder: z.string().min(1).max(64),
  maxRecords: z.int().min(1).max(10_000_000),
  contributors: z.int().min(3).max(65_535),
  privacy: privacySchema,
  seed: hex32,
});

/** The text that travels and is hashed; its bytes are fixed by whoever proposes the run. */
export function encodeManifest(manifest: RunManifest): string {
  const { privacy } = manifest;
  return JSON.stringify({
    ...manifest,
    privacy: privacy === 'none' ? privacy : declarationToJson(privacy),
  });
}

/** @throws RuntimeError RUN_FAILED where a peer's manifest is not one */
export function decodeManifest(text: string): RunManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RuntimeError(
      'RUN_FAILED',
      'the manifest of the coordinator is not JSON',
      'coordinator and clients must be of compatible versions',
    );
  }
  const result = runManifestSchema.safeParse(value);
  if (result.success) return result.data;
  const [field] = result.error.issues[0]?.path ?? [];
  const fault = field === undefined ? 'is not a manifest' : `has no valid '${String(field)}'`;
  throw new RuntimeError(
    'RUN_FAILED',
    `the manifest of the coordinator ${fault}`,
    'coordinator and clients must be of compatible versions',
  );
}

/** The run's id: SHA-256 of the manifest's text. */
export function runId(crypto: CryptoBackend, manifestText: string): Uint8Array {
  return crypto.sha256(new CanonicalWriter().text(`${DOMAIN}/run`).bytes(utf8(manifestText)).finish());
}
