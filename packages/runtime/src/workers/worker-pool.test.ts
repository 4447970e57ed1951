import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { WorkerPool } from './worker-pool.ts';

/** Doubles numbers; ends where it is told to, or throws where nobody catches it. */
const SCRIPT = `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', (job) => {
    if (job === 'exit') process.exit(3);
    if (job === 'throw') throw new Error('out of order');
    if (job === 'wait') return;
    if (job === 'refuse') parentPort.postMessage({ ok: false, message: 'not today', hint: 'come back' });
    else parentPort.postMessage({ ok: true, result: 2 * job });
  });
`;

function pool(size: number): {
  readonly pool: WorkerPool<number | string, number>;
  readonly workers: Worker[];
} {
  const workers: Worker[] = [];
  const spawn = (): Worker => {
    const worker = new Worker(SCRIPT, { eval: true, execArgv: [] });
    workers.push(worker);
    return worker;
  };
  return { pool: new WorkerPool({ size, spawn }), workers };
}

describe('a pool of worker threads', () => {
  it('starts no more threads than it may, and gives each job its own result', async () => {
    const { pool: doubles, workers } = pool(2);
    expect(workers).toHaveLength(0);
    expect(await Promise.all([1, 2, 3, 4, 5].map((job) => doubles.run(job)))).toEqual([2, 4, 6, 8, 10]);
    expect(workers).toHaveLength(2);
    await doubles.close();
  });

  it('says what a job failed with, and its thread lives on', async () => {
    const { pool: doubles, workers } = pool(1);
    await expect(doubles.run('refuse')).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: 'not today',
      hint: 'come back',
    });
    expect(await doubles.run(4)).toBe(8);
    expect(workers).toHaveLength(1);
    await doubles.close();
  });

  it.each([
    ['exit', 'a worker thread ended before its work was done: exit code 3'],
    ['throw', 'a worker thread ended before its work was done: out of order'],
  ])(
    'rejects the job whose thread dies by %s, and does the others with a new thread',
    async (death, message) => {
      const { pool: doubles, workers } = pool(1);
      const [dead, next] = await Promise.allSettled([doubles.run(death), doubles.run(21)]);
      expect(dead).toMatchObject({ reason: { code: 'RUN_FAILED', message } });
      expect(next).toEqual({ status: 'fulfilled', value: 42 });
      expect(workers).toHaveLength(2);
      await doubles.close();
    },
  );

  it('rejects what is not done when it is closed, and every later job', async () => {
    const { pool: doubles, workers } = pool(1);
    const jobs = [doubles.run('wait'), doubles.run(1)];
    const settled = Promise.allSettled(jobs);
    const ended = workers.map((worker) => once(worker, 'exit'));
    await doubles.close();
    await Promise.all(ended);
    expect((await settled).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(doubles.run(1)).rejects.toMatchObject({ message: 'the worker threads are closed' });
  });
});
