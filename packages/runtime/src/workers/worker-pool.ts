/** A few worker threads that take jobs one at a time. They start with the first jobs, and do not keep a process alive that has none. */
import type { TransferListItem, Worker } from 'node:worker_threads';
import { RuntimeError } from '../errors.ts';

/** What a worker answers to a job. */
export type WorkerAnswer<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly message: string; readonly hint: string };

interface Task<Job, Result> {
  readonly job: Job;
  readonly transfer: readonly TransferListItem[];
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export interface WorkerPoolOptions {
  /** Most threads at a time, 1 or more. */
  readonly size: number;
  readonly spawn: () => Worker;
}

export class WorkerPool<Job, Result> {
  readonly #options: WorkerPoolOptions;
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Task<Job, Result>>();
  readonly #waiting: Task<Job, Result>[] = [];
  #closed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#options.size;
  }

  /**
   * Has a worker carry out the job, in its turn.
   * @throws RuntimeError RUN_FAILED where the job failed, its worker came to an end, or the pool is closed
   */
  async run(job: Job, transfer: readonly TransferListItem[] = []): Promise<Result> {
    return await new Promise<Result>((resolve, reject) => {
      this.#waiting.push({ job, transfer, resolve, reject });
      this.#next();
    });
  }

  /** Ends all workers. Jobs that are not done are rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    const workers = [...this.#idle.splice(0), ...this.#busy.keys()];
    this.#next();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  #next(): void {
    while (this.#waiting.length > 0) {
      if (this.#closed) {
        this.#waiting.shift()?.reject(new RuntimeError('RUN_FAILED', 'the worker threads are closed'));
        continue;
      }
      const worker = this.#idle.pop() ?? (this.#busy.size < this.size ? this.#start() : undefined);
      const task = worker === undefined ? undefined : this.#waiting.shift();
      if (worker === undefined || task === undefined) return;
      this.#busy.set(worker, task);
      worker.ref();
      worker.postMessage(task.job, task.transfer);
    }
  }

  #start(): Worker {
    const worker = this.#options.spawn();
    let fault: unknown;
    worker.on('message', (answer: WorkerAnswer<Result>) => this.#answered(worker, answer));
    worker.on('error', (error) => {
      fault = error;
    });
    worker.on('exit', (code) => this.#ended(worker, code, fault));
    return worker;
  }

  #answered(worker: Worker, answer: WorkerAnswer<Result>): void {
    const task = this.#busy.get(worker);
    this.#busy.delete(worker);
    worker.unref();
    this.#idle.push(worker);
    if (answer.ok) task?.resolve(answer.result);
    else task?.reject(new RuntimeError('RUN_FAILED', answer.message, answer.hint));
    this.#next();
  }

  /** Another worker takes its place with the next job. */
  #ended(worker: Worker, code: number, fault: unknown): void {
    const task = this.#busy.get(worker);
    this.#busy.delete(worker);
    const at = this.#idle.indexOf(worker);
    if (at >= 0) this.#idle.splice(at, 1);
    const reason = fault instanceof Error ? fault.message : `exit code ${code}`;
    task?.reject(
      new RuntimeError(
        'RUN_FAILED',
        `a worker thread ended before its work was done: ${reason}`,
        this.#closed ? '' : 'look for a lack of memory, then start again',
        fault,
      ),
    );
    this.#next();
  }
}
