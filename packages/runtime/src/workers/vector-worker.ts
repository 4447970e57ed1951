/** The entry of a worker thread for work on vectors. */
import { parentPort, type TransferListItem } from 'node:worker_threads';
import { nodeBackend } from '@tributary/crypto/node';
import { RuntimeError } from '../errors.ts';
import { performVectorJob, type VectorJob } from './vector-jobs.ts';
import type { WorkerAnswer } from './worker-pool.ts';

parentPort?.on('message', (job: VectorJob) => {
  let answer: WorkerAnswer<Uint8Array | boolean>;
  let transfer: TransferListItem[] = [];
  try {
    const result = performVectorJob(nodeBackend, job);
    answer = { ok: true, result };
    if (typeof result !== 'boolean') transfer = [result.buffer as ArrayBuffer];
  } catch (error) {
    // A structured clone would lose the class of the error.
    const message = error instanceof Error ? error.message : String(error);
    answer = { ok: false, message, hint: error instanceof RuntimeError ? error.hint : '' };
  }
  parentPort?.postMessage(answer, transfer);
});
