/** A coordinator and three clients that spend privacy accounts, in one process over real sockets. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64 } from '@tributary/crypto';
import {
  accountOf,
  type ClientProgress,
  type ClientReport,
  readClientConfig,
  runClient,
} from '@tributary/client';
import {
  type CoordinatorProgress,
  type CoordinatorReport,
  readCoordinatorConfig,
  runCoordinator,
} from '@tributary/coordinator';
import { formatRational, spent } from '@tributary/privacy';
import type { Dataset } from '@tributary/router';
import { createKeyFile, createLogger, readKeyFile, readRosterFile } from '@tributary/runtime';
import { roundNoise } from '../contracts/account-story.ts';
import { temporaryDirectory } from './cli.ts';
import { TOY_DIMENSIONS, toyDataset } from './toy-data.ts';

export const MEMBERS: readonly number[] = [0, 1, 2];

/** Records of one member: so many that noise hides none of what they say. */
const ENOUGH = 2000;

export interface Setting {
  readonly privacy?: object;
  readonly deadlines?: object;
  readonly policy?: object;
  readonly data?: (member: number) => Dataset;
  /** Called with what a client tells, which waits for it. */
  readonly onProgress?: (member: number, progress: ClientProgress) => Promise<void>;
  readonly onCoordinator?: (progress: CoordinatorProgress) => void;
}

export class NoisyFederation {
  readonly directory: string = temporaryDirectory();

  constructor() {
    const { publicKey } = createKeyFile(this.#at('coordinator.key'));
    const members = MEMBERS.map((i) => ({
      name: `org-${i}`,
      publicKey: toBase64(createKeyFile(this.#at(`org-${i}.key`)).publicKey),
    }));
    this.#write('roster.yaml', {
      federation: 'test',
      version: 1,
      coordinator: toBase64(publicKey),
      members,
    });
  }

  /** One run from its beginning to its end, good or bad. */
  async run(setting: Setting = {}): Promise<{
    readonly coordinator: PromiseSettledResult<CoordinatorReport>;
    readonly clients: readonly PromiseSettledResult<ClientReport>[];
  }> {
    this.#write('coordinator.yaml', {
      roster: 'roster.yaml',
      key: 'coordinator.key',
      listen: { port: 0 },
      output: 'output',
      privacy: setting.privacy ?? {},
      deadlines: setting.deadlines ?? {},
      run: {
        name: 'toy',
        encoder: 'toy',
        parameters: { models: ['small', 'large'], dimensions: TOY_DIMENSIONS, clusters: 2 },
      },
    });
    let clients: Promise<PromiseSettledResult<ClientReport>[]> = Promise.resolve([]);
    const coordinator = runCoordinator({
      config: readCoordinatorConfig(this.#at('coordinator.yaml'), { insecure: false }),
      log: createLogger('silent'),
      onProgress: (event) => {
        setting.onCoordinator?.(event);
        if (event.kind !== 'listening') return;
        clients = Promise.allSettled(MEMBERS.map((i) => this.#client(i, event.url, setting)));
      },
    });
    const [ended] = await Promise.allSettled([coordinator]);
    return { coordinator: ended, clients: await clients };
  }

  async #client(member: number, url: string, setting: Setting): Promise<ClientReport> {
    this.#write(`org-${member}.yaml`, {
      roster: 'roster.yaml',
      key: `org-${member}.key`,
      coordinator: url,
      data: 'none',
      artifact: `router-${member}.json`,
      policy: setting.policy ?? {},
    });
    const config = readClientConfig(this.#at(`org-${member}.yaml`), { insecure: false });
    return await runClient({
      config,
      roster: readRosterFile(config.roster),
      identity: readKeyFile(config.key),
      log: createLogger('silent'),
      loadData: () => setting.data?.(member) ?? toyDataset(member, ENOUGH),
      onProgress: async (progress) => await setting.onProgress?.(member, progress),
    });
  }

  /** Spends from a member's account in another federation. @param share of its limit, in millionths */
  async spendElsewhere(member: number, share: number): Promise<void> {
    const { noise, terms } = roundNoise(share);
    const attempt = { run: 'ab'.repeat(32), round: 1, attempt: 1, federation: 'other', member };
    const refusal = await this.account(member).reserve(attempt, noise, terms);
    if (refusal !== undefined) throw new Error(refusal.message);
  }

  account(member: number): ReturnType<typeof accountOf> {
    this.#write(`account-${member}.yaml`, {
      roster: 'roster.yaml',
      key: `org-${member}.key`,
      coordinator: 'ws://127.0.0.1:1',
      data: 'none',
    });
    return accountOf(readClientConfig(this.#at(`account-${member}.yaml`), { insecure: false }));
  }

  async spent(member: number): Promise<string> {
    return formatRational(spent((await this.account(member).read()).account.budget));
  }

  get log(): string {
    return this.#at(join('output', 'audit.jsonl'));
  }

  has(name: string): boolean {
    return existsSync(this.#at(name));
  }

  #at(name: string): string {
    return join(this.directory, name);
  }

  #write(name: string, content: object): void {
    writeFileSync(this.#at(name), JSON.stringify(content));
  }
}
