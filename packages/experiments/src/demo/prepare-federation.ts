/** Lays out the federation on disk as organisations would: a directory each with key, roster, configuration and own data. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toBase64 } from '@tributary/crypto';
import { createKeyFile } from '@tributary/runtime';
import { type EvaluationLog, subsetLog, writeDirectory } from '@tributary/client';
import { stringify } from 'yaml';
import type { DemoPrivacy } from './demo-options.ts';
import type { ClientShare } from '../partition/partition-queries.ts';

export interface PreparedClient {
  readonly name: string;
  readonly directory: string;
  readonly configPath: string;
}

export interface PreparedFederation {
  readonly coordinatorConfig: string;
  readonly coordinatorOutput: string;
  readonly clients: readonly PreparedClient[];
}

export interface FederationPlan {
  readonly out: string;
  readonly log: EvaluationLog;
  readonly shares: readonly ClientShare[];
  readonly models: readonly string[];
  readonly encoder: string;
  readonly dimensions: number;
  readonly privacy: DemoPrivacy;
}

export async function prepareFederation(plan: FederationPlan): Promise<PreparedFederation> {
  const { out, shares } = plan;
  for (const part of ['coordinator', 'clients', 'copies'])
    await rm(join(out, part), { recursive: true, force: true });
  const coordinator = join(out, 'coordinator');
  await mkdir(coordinator, { recursive: true });
  const coordinatorKey = createKeyFile(join(coordinator, 'coordinator.key'));
  const clients = await Promise.all(shares.map((share, i) => prepareClient(plan, share, i)));
  const roster = stringify({
    federation: 'demo',
    version: 1,
    coordinator: toBase64(coordinatorKey.publicKey),
    members: clients.map(({ name, publicKey }) => ({ name, publicKey })),
  });
  await writeFile(join(coordinator, 'roster.yaml'), roster);
  await Promise.all(clients.map(({ directory }) => writeFile(join(directory, 'roster.yaml'), roster)));
  const coordinatorConfig = join(coordinator, 'coordinator.yaml');
  await writeFile(coordinatorConfig, coordinatorYaml(plan));
  return {
    coordinatorConfig,
    coordinatorOutput: join(coordinator, 'output'),
    clients: clients.map(({ name, directory }) => ({
      name,
      directory,
      configPath: join(directory, 'client.yaml'),
    })),
  };
}

function coordinatorYaml({ shares, models, encoder, dimensions, privacy }: FederationPlan): string {
  return stringify({
    roster: 'roster.yaml',
    key: 'coordinator.key',
    listen: { host: '127.0.0.1', port: 0 },
    output: 'output',
    cohort: { min: shares.length, joinSeconds: 60 },
    run: { name: 'demo', program: 'kmeans', encoder, parameters: { models, dimensions } },
    privacy,
    logLevel: 'error',
  });
}

async function prepareClient(
  { out, log }: FederationPlan,
  share: ClientShare,
  index: number,
): Promise<{ readonly name: string; readonly directory: string; readonly publicKey: string }> {
  const name = `org-${index}`;
  const directory = join(out, 'clients', name);
  await mkdir(directory, { recursive: true });
  const { publicKey } = createKeyFile(join(directory, 'client.key'));
  await writeDirectory(
    subsetLog(log, { queries: share.train, observed: share.observed }),
    join(directory, 'data'),
  );
  return { name, directory, publicKey: toBase64(publicKey) };
}

/** The client's configuration, once it is known where the coordinator listens. */
export async function writeClientConfig(
  client: PreparedClient,
  url: string,
  { unit, epsilon, delta }: DemoPrivacy,
): Promise<void> {
  const config = {
    roster: 'roster.yaml',
    key: 'client.key',
    coordinator: url,
    data: 'data',
    artifact: 'router.json',
    // Each agrees to this run, and to no other after it.
    policy: epsilon === 'none' ? { allowNoNoise: true } : { maxEpsilon: epsilon, delta, unit },
    logLevel: 'error',
  };
  await writeFile(client.configPath, stringify(config));
}
