/** A client's configuration file: where its data are, whom it talks to, and what it insists on. */
import { dirname, resolve } from 'node:path';
import { DEFAULT_MAX_ATTEMPTS } from '@tributary/protocol';
import { parseFilter, PRIVACY_UNITS, type PrivacyUnit } from '@tributary/privacy';
import { LOG_LEVELS, type LogLevel, readYamlFile, RuntimeError } from '@tributary/runtime';
import { z } from 'zod';

export interface ClientConfig {
  /** Roster file. */
  readonly roster: string;
  /** Key file of this member. */
  readonly key: string;
  /** wss:// or ws:// address of the coordinator. */
  readonly coordinator: string;
  /** PEM file of the authority that signed the coordinator's certificate, where the system's do not know it. */
  readonly ca?: string | undefined;
  /** Evaluation log: a directory or a .jsonl file. */
  readonly data: string;
  /** Where the trained router is written. */
  readonly artifact: string;
  /** Directory for what a restart needs: journals, secrets of open batches, the upload of an open round. */
  readonly state: string;
  readonly policy: {
    /** Fewest distinct organisations in a sum. */
    readonly minCohort: number;
    /** Colluding organisations that the terms must withstand. */
    readonly minColluders: number;
    /** Most sums in a run. */
    readonly maxRounds: number;
    /** Most attempts at one of them. */
    readonly maxAttemptsPerRound: number;
    /** Root of the only roster that the client starts with, 64 hex digits; without one any roster file will do. */
    readonly rosterRoot?: string | undefined;
    /** What all runs together may cost, over all federations that use the account. */
    readonly maxEpsilon: number;
    readonly delta: number;
    /** The smallest unit that a run may protect. */
    readonly unit: PrivacyUnit;
    /** What the account adds up: `zcdp`, or `rdp@ORDER`. */
    readonly filter: string;
    /** Whether to take part in runs without noise. */
    readonly allowNoNoise: boolean;
  };
  /** Directory of the privacy account: one for all configurations that use the same data. */
  readonly account: string;
  /** How long to keep trying to reach the coordinator. */
  readonly connectSeconds: number;
  readonly logLevel: LogLevel;
}

const DEFAULT_POLICY = {
  minCohort: 3,
  minColluders: 1,
  maxRounds: 1000,
  maxAttemptsPerRound: DEFAULT_MAX_ATTEMPTS,
  maxEpsilon: 3,
  delta: 1e-5,
  unit: 'record' as PrivacyUnit,
  filter: 'zcdp',
  allowNoNoise: false,
};

const schema = z.strictObject({
  roster: z.string(),
  key: z.string(),
  coordinator: z.string(),
  ca: z.string().optional(),
  data: z.string(),
  artifact: z.string().default('router.json'),
  state: z.string().optional(),
  account: z.string().optional(),
  policy: z
    .strictObject({
      minCohort: z.int().min(3).default(DEFAULT_POLICY.minCohort),
      minColluders: z.int().min(1).default(DEFAULT_POLICY.minColluders),
      maxRounds: z.int().min(1).max(65_535).default(DEFAULT_POLICY.maxRounds),
      maxAttemptsPerRound: z.int().min(1).max(64).default(DEFAULT_POLICY.maxAttemptsPerRound),
      rosterRoot: z
        .string()
        .regex(/^[0-9a-f]{64}$/)
        .describe('64 hex digits, as `tributary roster show` prints them')
        .optional(),
      maxEpsilon: z.number().positive().max(1000).default(DEFAULT_POLICY.maxEpsilon),
      delta: z.number().positive().max(0.1).default(DEFAULT_POLICY.delta),
      unit: z.enum(PRIVACY_UNITS).default(DEFAULT_POLICY.unit),
      filter: z
        .string()
        .refine((text) => parseFilter(text) !== undefined)
        .describe('zcdp, or rdp@ORDER with an order of at least 2')
        .default(DEFAULT_POLICY.filter),
      allowNoNoise: z.boolean().default(DEFAULT_POLICY.allowNoNoise),
    })
    .default(DEFAULT_POLICY),
  connectSeconds: z.number().positive().max(86_400).default(60),
  logLevel: z.enum(LOG_LEVELS).default('info'),
});

/**
 * Paths in the file are relative to the file.
 * @throws RuntimeError BAD_FILE, BAD_CONFIG; INSECURE for ws:// beyond loopback unless `insecure` is set
 */
export function readClientConfig(path: string, options: { readonly insecure: boolean }): ClientConfig {
  const file = readYamlFile(path, schema);
  const base = dirname(resolve(path));
  const at = (relative: string): string => resolve(base, relative);
  checkAddress(path, file.coordinator, options.insecure);
  return {
    ...file,
    roster: at(file.roster),
    key: at(file.key),
    ca: file.ca === undefined ? undefined : at(file.ca),
    data: at(file.data),
    artifact: at(file.artifact),
    state: at(file.state ?? beside(file.key, 'state')),
    account: at(file.account ?? beside(file.key, 'account')),
  };
}

/** `acme.state` beside `acme.key`: one member's state is no other's. */
function beside(key: string, what: 'state' | 'account'): string {
  return `${key.replace(/\.key$/, '')}.${what}`;
}

function checkAddress(path: string, address: string, insecure: boolean): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const plain = url !== undefined && url.hash === '' && url.username === '' && url.password === '';
  if (!plain || (url.protocol !== 'ws:' && url.protocol !== 'wss:')) {
    // The address is not shown: it may hold a password.
    throw new RuntimeError(
      'BAD_CONFIG',
      `${path}: 'coordinator' is no plain ws:// or wss:// address`,
      'such as wss://coordinator.example.org:8443',
    );
  }
  const loopback = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'ws:' && !loopback && !insecure) {
    throw new RuntimeError(
      'INSECURE',
      `${path}: 'coordinator' ${address} is not encrypted and beyond loopback`,
      'use wss://, or pass --insecure where another layer encrypts',
    );
  }
}
