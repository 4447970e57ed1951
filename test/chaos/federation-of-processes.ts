/** A federation whose coordinator and clients are processes that die and are started again, each as often as a test says. */
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { toBase64 } from '@tributary/crypto';
import type { CoordinatorReport } from '@tributary/coordinator';
import { createKeyFile } from '@tributary/runtime';
import { bundleScripts, temporaryDirectory } from '../support/cli.ts';
import { TOY_DIMENSIONS } from '../support/toy-data.ts';
import type { Moment, Told } from './moments.ts';

export interface ProcessFederationOptions {
  readonly members: number;
  /** As in the coordinator's configuration; none where it is left out. */
  readonly privacy?: object;
  /** Key indices of a batch; by default few, so that the run renews them in its course. */
  readonly keyCount?: number;
  /** Where the coordinator kills itself, life by life; after the last it lives on. */
  readonly coordinatorDies?: readonly Moment[];
  /** The same of clients. */
  readonly clientsDie?: Readonly<Record<number, readonly Moment[]>>;
  /**
   * In which phase clients wait for the dead, and for those that are to die in that phase of that round; in unmask for the dead alone where it is
   * left out.
   */
  readonly gate?: 'unmask' | 'masked-input';
  /** Called when a client is dead, before it is started again. */
  readonly onDead?: (member: number, directory: string) => void;
}

interface CoordinatorTold extends Told {
  readonly url?: string;
  readonly member?: string;
  readonly report?: CoordinatorReport;
}

export interface Outcome {
  readonly directory: string;
  readonly report: CoordinatorReport;
  /** What the coordinator told, over all its lives. */
  readonly told: readonly Told[];
  /** Lives of each process. */
  readonly lives: { readonly coordinator: number; readonly clients: readonly number[] };
  /** Everything that was written to standard error. */
  readonly stderr: string;
}

let scripts: Promise<{ readonly coordinator: string; readonly client: string }> | undefined;

const entry = (name: string): string => fileURLToPath(new URL(`./${name}.ts`, import.meta.url));

async function bundleEntries(): Promise<{ readonly coordinator: string; readonly client: string }> {
  const directory = temporaryDirectory();
  // Without a manifest beside it a script is what its extension says.
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
  const [coordinator, client] = ['coordinator-process', 'client-process'] as const;
  await bundleScripts({ [coordinator]: entry(coordinator), [client]: entry(client) }, directory);
  return {
    coordinator: join(directory, `${coordinator}.js`),
    client: join(directory, `${client}.js`),
  };
}

export async function runProcesses(options: ProcessFederationOptions): Promise<Outcome> {
  scripts ??= bundleEntries();
  const { coordinator, client } = await scripts;
  return await new ProcessFederation(options, coordinator, client).run();
}

class ProcessFederation {
  readonly #options: ProcessFederationOptions;
  readonly #scripts: { readonly coordinator: string; readonly client: string };
  readonly #directory = temporaryDirectory();
  readonly #running = new Set<ChildProcess>();
  readonly #told: Told[] = [];
  /** Clients that died and have not joined again. */
  readonly #dead = new Set<number>();
  /** Clients that wait for them. */
  readonly #waiting: { readonly child: ChildProcess; readonly round: number }[] = [];
  readonly #clientLives: number[];
  #coordinatorLives = 0;
  #stderr = '';
  #report: CoordinatorReport | undefined;
  #settle: () => void = () => {};
  #fail: (error: Error) => void = () => {};

  constructor(options: ProcessFederationOptions, coordinator: string, client: string) {
    this.#options = options;
    this.#scripts = { coordinator, client };
    this.#clientLives = Array.from({ length: options.members }, () => 0);
  }

  async run(): Promise<Outcome> {
    this.#prepare();
    try {
      await new Promise<void>((resolve, reject) => {
        this.#settle = () => {
          if (this.#report !== undefined && this.#running.size === 0) resolve();
        };
        this.#fail = reject;
        this.#startCoordinator();
      });
    } finally {
      for (const child of this.#running) child.kill('SIGKILL');
    }
    if (this.#report === undefined) throw new Error('the coordinator has no report');
    return {
      directory: this.#directory,
      report: this.#report,
      told: this.#told,
      lives: { coordinator: this.#coordinatorLives, clients: this.#clientLives },
      stderr: this.#stderr,
    };
  }

  #prepare(): void {
    const at = (name: string): string => join(this.#directory, name);
    const coordinator = createKeyFile(at('coordinator.key'));
    const members = this.#clientLives.map((_, i) => ({
      name: `org-${i}`,
      publicKey: toBase64(createKeyFile(at(`org-${i}.key`)).publicKey),
    }));
    const roster = { federation: 'test', version: 1, coordinator: toBase64(coordinator.publicKey), members };
    writeFileSync(at('roster.yaml'), JSON.stringify(roster));
    this.#configureCoordinator(0);
  }

  #configureCoordinator(port: number): void {
    const config = {
      roster: 'roster.yaml',
      key: 'coordinator.key',
      listen: { port },
      output: 'output',
      keyCount: this.#options.keyCount ?? 4,
      privacy: this.#options.privacy ?? { epsilon: 'none' },
      run: {
        name: 'toy',
        encoder: 'toy',
        parameters: {
          models: ['small', 'large'],
          dimensions: TOY_DIMENSIONS,
          clusters: 2,
          lloydIterations: 8,
          tolerance: 0,
        },
      },
    };
    writeFileSync(join(this.#directory, 'coordinator.yaml'), JSON.stringify(config));
  }

  #startCoordinator(): void {
    const moment = this.#options.coordinatorDies?.[this.#coordinatorLives] ?? '';
    this.#coordinatorLives += 1;
    const child = this.#start(this.#scripts.coordinator, [join(this.#directory, 'coordinator.yaml'), moment]);
    child.on('message', (told: CoordinatorTold) => {
      this.#told.push(told);
      if (told.kind === 'joined') this.#isBack(Number(told.member?.slice('org-'.length)));
      if (told.kind === 'done') this.#report = told.report;
      if (told.kind === 'listening' && this.#coordinatorLives === 1) this.#startClients(told.url ?? '');
    });
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') this.#startCoordinator();
      else if (code !== 0) this.#fail(new Error(`the coordinator failed:\n${this.#stderr}`));
      this.#settle();
    });
  }

  /** The coordinator comes back where the clients look for it. */
  #startClients(url: string): void {
    this.#configureCoordinator(Number(new URL(url).port));
    for (const member of this.#clientLives.keys()) {
      const config = {
        roster: 'roster.yaml',
        key: `org-${member}.key`,
        coordinator: url,
        data: 'none',
        artifact: `org-${member}.json`,
        policy: { allowNoNoise: this.#options.privacy === undefined },
      };
      writeFileSync(join(this.#directory, `org-${member}.yaml`), JSON.stringify(config));
      this.#startClient(member);
    }
  }

  #startClient(member: number): void {
    const moment = this.#options.clientsDie?.[member]?.[this.#clientLives[member] ?? 0] ?? '';
    this.#clientLives[member] = (this.#clientLives[member] ?? 0) + 1;
    const config = join(this.#directory, `org-${member}.yaml`);
    const { gate = 'unmask' } = this.#options;
    const child = this.#start(this.#scripts.client, [config, String(member), moment, gate]);
    child.on('message', ({ kind, round }: Told) => {
      if (kind === 'gate') this.#atGate({ child, round: round ?? 0 });
    });
    child.on('exit', (code, signal) => {
      if (signal === 'SIGKILL') {
        this.#options.onDead?.(member, this.#directory);
        this.#dead.add(member);
        this.#startClient(member);
      } else if (code !== 0) {
        this.#fail(new Error(`org-${member} failed:\n${this.#stderr}`));
      }
      this.#settle();
    });
  }

  /** A client waits until nobody is dead any more, nor about to die where it waits. */
  #atGate(arrived: { readonly child: ChildProcess; readonly round: number }): void {
    this.#waiting.push(arrived);
    this.#openGate();
  }

  #openGate(): void {
    if (this.#dead.size > 0) return;
    const { clientsDie = {}, gate } = this.#options;
    const mortal = new Set(
      this.#clientLives.map((lives, member) => (gate && clientsDie[member]?.[lives - 1]) ?? ''),
    );
    for (const { child, round } of this.#waiting.splice(0)) {
      if (mortal.has(`${gate}@${round}`)) this.#waiting.push({ child, round });
      else if (child.connected) child.send('go');
    }
  }

  #isBack(member: number): void {
    this.#dead.delete(member);
    this.#openGate();
  }

  #start(script: string, args: readonly string[]): ChildProcess {
    const child = fork(script, [...args], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    this.#running.add(child);
    // It may die while something is on the way to it.
    child.on('error', () => {});
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    child.on('exit', () => this.#running.delete(child));
    return child;
  }
}

/** The router that a process wrote. */
export function routerOf({ directory }: Outcome, writer: number | 'coordinator'): string {
  const path = writer === 'coordinator' ? join('output', 'router.json') : `org-${writer}.json`;
  return readFileSync(join(directory, path), 'utf8');
}
