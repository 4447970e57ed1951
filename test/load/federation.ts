/** A coordinator and members in processes of their own, on loopback, taken through setup and rounds by whoever measures them. */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setPriority } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleScripts, temporaryDirectory } from '../support/cli.ts';
import type {
  CoordinatorOrders,
  CoordinatorUsage,
  FromCoordinator,
  FromMembers,
  MemberOrders,
  ToCoordinator,
  ToMembers,
  Usage,
} from './messages.ts';
import { firstWrongCoordinate, type LoadPlan } from './plan.ts';

const entry = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

let scripts: Promise<string> | undefined;

/** @returns the directory of `coordinator-process.js` and `members-process.js` */
async function bundled(): Promise<string> {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'package.json'), JSON.stringify({ type: 'module' }));
  await bundleScripts(
    {
      'coordinator-process': entry('./coordinator-process.ts'),
      'members-process': entry('./members-process.ts'),
      // Looked for beside the bundle that starts it.
      'vector-worker': entry('../../packages/runtime/src/workers/vector-worker.ts'),
    },
    directory,
  );
  return directory;
}

export interface PhaseTime {
  readonly phase: string;
  readonly ms: number;
}

export interface MemberUsage extends Usage {
  /** Of all processes at their peaks. */
  readonly peakRssMb: number;
  readonly bytesUp: number;
}

export class LoadFederation {
  readonly #plan: LoadPlan;
  readonly #directory = temporaryDirectory();
  readonly #members: ChildProcess[] = [];
  #coordinator: ChildProcess | undefined;
  readonly #alive: Set<number>;
  #opened = new Map<number, Set<number>>();
  #phases: { readonly phase: string; readonly atMs: number }[] = [];
  readonly #heard: (FromCoordinator | FromMembers)[] = [];
  #listener: () => void = () => {};
  #failure: Error | undefined;

  constructor(plan: LoadPlan) {
    this.#plan = plan;
    this.#alive = new Set(Array.from({ length: plan.members }, (_, id) => id));
  }

  /** Starts all processes; resolves when every member has its session. */
  async start(perProcess: number): Promise<void> {
    scripts ??= bundled();
    const directory = await scripts;
    const plan = this.#plan;
    const coordinatorDirectory = join(this.#directory, 'coordinator');
    mkdirSync(coordinatorDirectory);
    const orders: CoordinatorOrders = { plan, directory: coordinatorDirectory };
    this.#coordinator = this.#fork(join(directory, 'coordinator-process.js'), orders);
    const { url } = await this.#hears('listening');
    for (let first = 0; first < plan.members; first += perProcess) {
      const count = Math.min(perProcess, plan.members - first);
      const members = Array.from({ length: count }, (_, i) => first + i);
      const memberOrders: MemberOrders = { plan, url, members, directory: this.#directory };
      const child = this.#fork(join(directory, 'members-process.js'), memberOrders);
      // The coordinator is what is measured: members give way to it.
      if (child.pid !== undefined) setPriority(child.pid, 10);
      this.#members.push(child);
    }
    await this.#hears('joined');
  }

  /** @returns members with secrets in the batch */
  async setUp(): Promise<number> {
    this.#tellCoordinator({ kind: 'set-up' });
    const { members } = await this.#hears('set-up');
    return members;
  }

  /**
   * Opens the sum of a round and waits until every member that lives has it.
   * @returns the members in the sum, after it was compared with theirs, and how long each phase took
   */
  async open(
    round: number,
  ): Promise<{ readonly survivors: readonly number[]; readonly phases: readonly PhaseTime[] }> {
    this.#phases = [];
    const begin = performance.now();
    this.#tellCoordinator({ kind: 'open', round });
    const { survivors } = await this.#hears('opened');
    const opened = performance.now();
    await this.#until(() => {
      const have = this.#opened.get(round) ?? new Set();
      return [...this.#alive].every((member) => have.has(member)) ? true : undefined;
    });
    const delivered = performance.now();
    this.#check(round, survivors);
    const phases = this.#phases.map(({ phase, atMs }, i) => ({
      phase,
      ms: (this.#phases[i + 1]?.atMs ?? atMs + opened - begin) - atMs,
    }));
    const last = phases.at(-1);
    if (last !== undefined) {
      // Clocks of two processes do not begin together: the last phase is what the others leave.
      const others = phases.slice(0, -1).reduce((sum, { ms }) => sum + ms, 0);
      phases[phases.length - 1] = { phase: last.phase, ms: Math.max(0, opened - begin - others) };
    }
    return { survivors, phases: [...phases, { phase: 'result', ms: delivered - opened }] };
  }

  /** What the processes took since they were last asked. */
  async measure(): Promise<{ readonly coordinator: CoordinatorUsage; readonly members: MemberUsage }> {
    this.#tellCoordinator({ kind: 'measure' });
    const { usage } = (await this.#hears('usage')) as Extract<FromCoordinator, { kind: 'usage' }>;
    let members: MemberUsage = { cpuMs: 0, peakRssMb: 0, bytesUp: 0 };
    for (const child of this.#members) {
      child.send({ kind: 'measure' } satisfies ToMembers);
      const told = (await this.#hears('usage')) as unknown as Extract<FromMembers, { kind: 'usage' }>;
      members = {
        cpuMs: members.cpuMs + told.usage.cpuMs,
        peakRssMb: members.peakRssMb + told.usage.peakRssMb,
        bytesUp: members.bytesUp + told.bytesUp,
      };
    }
    return { coordinator: usage, members };
  }

  /** Ends all processes and removes what they wrote. */
  async end(): Promise<void> {
    for (const child of [...this.#members, this.#coordinator]) child?.kill('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #fork(script: string, orders: CoordinatorOrders | MemberOrders): ChildProcess {
    const child = fork(script, [JSON.stringify(orders)], {
      execArgv: [],
      serialization: 'advanced',
      // Where a script in a directory of its own finds the native accelerator of WebSockets.
      env: { ...process.env, NODE_PATH: entry('../../packages/runtime/node_modules') },
    });
    child.on('message', (message: FromCoordinator | FromMembers) => {
      if (message.kind === 'failed') this.#failure ??= new Error(message.detail);
      else if (message.kind === 'phase') this.#phases.push(message);
      else if (message.kind === 'lost') this.#alive.delete(message.member);
      else if (message.kind === 'opened' && 'member' in message) this.#noteOpened(message);
      else this.#heard.push(message);
      this.#listener();
    });
    child.on('exit', (code, signal) => {
      if (signal !== 'SIGKILL') this.#failure ??= new Error(`${script} ended with code ${code}`);
      this.#listener();
    });
    return child;
  }

  #noteOpened({ round, member }: Extract<FromMembers, { kind: 'opened' }>): void {
    const have = this.#opened.get(round) ?? new Set();
    have.add(member);
    this.#opened.set(round, have);
  }

  #tellCoordinator(order: ToCoordinator): void {
    this.#coordinator?.send(order);
  }

  async #hears<K extends FromCoordinator['kind']>(kind: K): Promise<Extract<FromCoordinator, { kind: K }>> {
    return await this.#until(() => {
      const at = this.#heard.findIndex((message) => message.kind === kind);
      return at < 0 ? undefined : (this.#heard.splice(at, 1)[0] as Extract<FromCoordinator, { kind: K }>);
    });
  }

  /** @throws Error what a process failed with */
  async #until<T>(wanted: () => T | undefined): Promise<T> {
    return await new Promise<T>((resolve, reject) => {
      this.#listener = () => {
        const found = this.#failure === undefined ? wanted() : undefined;
        if (this.#failure !== undefined) reject(this.#failure);
        else if (found !== undefined) resolve(found);
      };
      this.#listener();
    });
  }

  /** @throws Error where the opened sum is not that of its survivors */
  #check(round: number, survivors: readonly number[]): void {
    const file = join(this.#directory, 'coordinator', 'sums', `${String(round).padStart(5, '0')}.i32`);
    const bytes = readFileSync(file);
    const sum = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    const wrong = firstWrongCoordinate(this.#plan, round, survivors, sum);
    if (wrong >= 0)
      throw new Error(`coordinate ${wrong} of the sum of round ${round} is not that of its survivors`);
  }
}
