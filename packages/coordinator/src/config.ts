/** The coordinator's configuration file. */
import { dirname, resolve } from 'node:path';
import {
  DEFAULT_DEADLINES,
  DEFAULT_KEY_COUNT,
  DEFAULT_MAX_ATTEMPTS,
  type Deadlines,
  type ThresholdPreset,
} from '@tributary/protocol';
import { parseFilter, PRIVACY_UNITS, type PrivacyUnit } from '@tributary/privacy';
import { decodeArtifact } from '@tributary/router';
import { LOG_LEVELS, type LogLevel, readTextFile, readYamlFile, RuntimeError } from '@tributary/runtime';
import { z } from 'zod';

export interface CoordinatorConfig {
  /** Roster file. */
  readonly roster: string;
  /** Key file of the coordinator. */
  readonly key: string;
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  /** Directory for opened sums, the artifact, and what a restart needs. */
  readonly output: string;
  readonly cohort: {
    /** Fewest members to begin with. */
    readonly min: number;
    /** How long to wait for the rest of the roster. */
    readonly joinSeconds: number;
  };
  readonly thresholds: ThresholdPreset;
  /** Seconds per phase. */
  readonly deadlines: Deadlines;
  /** Key indices per setup on the complete graph; a setup on a sparse one has one. */
  readonly keyCount: number;
  /** Attempts at one round; each takes a key index. */
  readonly maxAttemptsPerRound: number;
  readonly run: {
    readonly name: string;
    readonly program: string;
    readonly parameters: Readonly<Record<string, unknown>>;
    readonly encoder: string;
    readonly maxRecords: number;
  };
  readonly privacy: PrivacyConfig;
  readonly logLevel: LogLevel;
}

/** The privacy budget that a run declares. */
export interface PrivacyConfig {
  /** Whose data is protected. */
  readonly unit: PrivacyUnit;
  /** `none`: sums are exact. */
  readonly epsilon: number | 'none';
  readonly delta: number;
  /** What is added up: `zcdp`, or `rdp@ORDER`. */
  readonly filter: string;
  /** Records of one end user in a sum at most, where the unit is one. */
  readonly maxRecordsPerUser: number;
  /** U_min, where it is to be another than max(t, four fifths of the roster). */
  readonly minSurvivors?: number | undefined;
  /** Attempts beyond one for each sum that the budget has room for: one that fails and might yet be opened stays charged. */
  readonly retries?: number | undefined;
}

export const DEFAULT_PRIVACY: PrivacyConfig = {
  unit: 'record',
  epsilon: 3,
  delta: 1e-5,
  filter: 'zcdp',
  maxRecordsPerUser: 1,
};

const duration = z.number().positive().max(86_400);

const schema = z.strictObject({
  roster: z.string(),
  key: z.string(),
  listen: z.strictObject({ host: z.string().default('127.0.0.1'), port: z.int().min(0).max(65_535) }),
  tls: z.strictObject({ cert: z.string(), key: z.string() }).optional(),
  output: z.string(),
  cohort: z
    .strictObject({ min: z.int().min(3).default(3), joinSeconds: duration.default(60) })
    .default({ min: 3, joinSeconds: 60 }),
  thresholds: z.enum(['security', 'availability']).default('security'),
  deadlines: z
    .strictObject({
      setup: duration.optional(),
      ready: duration.optional(),
      maskedInput: duration.optional(),
      consistency: duration.optional(),
      unmask: duration.optional(),
    })
    .default({}),
  keyCount: z.int().min(1).max(64).default(DEFAULT_KEY_COUNT),
  maxAttemptsPerRound: z.int().min(1).max(64).default(DEFAULT_MAX_ATTEMPTS),
  run: z.strictObject({
    name: z.string().min(1).max(64),
    program: z.string().default('kmeans'),
    parameters: z.record(z.string(), z.unknown()),
    router: z.string().optional(),
    encoder: z.string(),
    maxRecords: z.int().min(1).max(10_000_000).default(10_000),
  }),
  privacy: z
    .strictObject({
      unit: z.enum(PRIVACY_UNITS).default(DEFAULT_PRIVACY.unit),
      epsilon: z
        .union([z.literal('none'), z.number().positive().max(1000)])
        .describe("a number above 0 and of at most 1000, or 'none'")
        .default(DEFAULT_PRIVACY.epsilon),
      delta: z.number().positive().max(0.1).default(DEFAULT_PRIVACY.delta),
      filter: z
        .string()
        .refine((text) => parseFilter(text) !== undefined)
        .describe('zcdp, or rdp@ORDER with an order of at least 2')
        .default(DEFAULT_PRIVACY.filter),
      maxRecordsPerUser: z
        .int()
        .min(1)
        .max(2 ** 20)
        .default(DEFAULT_PRIVACY.maxRecordsPerUser),
      minSurvivors: z.int().min(3).max(65_535).optional(),
      retries: z.int().min(0).max(1000).optional(),
    })
    .default(DEFAULT_PRIVACY),
  logLevel: z.enum(LOG_LEVELS).default('info'),
});

/**
 * Paths in the file are relative to the file.
 * @throws RuntimeError BAD_FILE, BAD_CONFIG; RouterError for the artifact in `run.router`; INSECURE where it would listen beyond loopback without TLS and `insecure` is not set
 */
export function readCoordinatorConfig(
  path: string,
  options: { readonly insecure: boolean },
): CoordinatorConfig {
  const file = readYamlFile(path, schema);
  const base = dirname(resolve(path));
  const at = (relative: string): string => resolve(base, relative);
  if (file.tls === undefined && !options.insecure && !isLoopback(file.listen.host)) {
    throw new RuntimeError(
      'INSECURE',
      `${path}: 'listen.host' ${file.listen.host} is beyond loopback and 'tls' is not set`,
      "set 'tls: {cert, key}', or pass --insecure behind a proxy that ends TLS",
    );
  }
  return {
    ...file,
    roster: at(file.roster),
    key: at(file.key),
    output: at(file.output),
    run: runOf(path, file.run, at),
    tls: file.tls === undefined ? undefined : { cert: at(file.tls.cert), key: at(file.tls.key) },
    deadlines: {
      setup: ms(file.deadlines.setup, DEFAULT_DEADLINES.setup),
      ready: ms(file.deadlines.ready, DEFAULT_DEADLINES.ready),
      maskedInput: ms(file.deadlines.maskedInput, DEFAULT_DEADLINES.maskedInput),
      consistency: ms(file.deadlines.consistency, DEFAULT_DEADLINES.consistency),
      unmask: ms(file.deadlines.unmask, DEFAULT_DEADLINES.unmask),
    },
  };
}

/** Puts the text of the artifact that a run goes on from among its parameters, where programs look for it. */
function runOf(
  path: string,
  { router, ...run }: CoordinatorConfig['run'] & { readonly router?: string | undefined },
  at: (relative: string) => string,
): CoordinatorConfig['run'] {
  if (router === undefined) return run;
  const text = readTextFile(at(router));
  const { encoder } = decodeArtifact(text);
  if (encoder.name !== run.encoder) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `${path}: 'run.router' takes embeddings of '${encoder.name}', 'run.encoder' is '${run.encoder}'`,
      'a router goes on with the encoder that it began with',
    );
  }
  return { ...run, parameters: { ...run.parameters, router: text } };
}

function ms(seconds: number | undefined, otherwise: number): number {
  return seconds === undefined ? otherwise : Math.round(seconds * 1000);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
