/**
 * The demo's client: the published one, composed so that the demo can check exactness. What it adds, and only it has, is a copy of each
 * encoded vector for the demo's checker, and a place to stand still until the demo kills it.
 * Arguments: configuration file, directory for copies, phase to stand still in (or nothing).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import {
  datasetLoader,
  readClientConfig,
  runClient,
  startTraining,
  type Training,
  type TrainingOptions,
} from '@tributary/client';
import { createLogger, readKeyFile, readRosterFile } from '@tributary/runtime';
import { int32ToBytes, vectorFile } from './checked-sums.ts';
import { runProcess, tellParent } from '../processes/process-channel.ts';

const [configPath = '', copies = '', holdPhase = ''] = process.argv.slice(2);

function trainWithCopies(options: TrainingOptions): Training {
  const training = startTraining(options);
  return Object.create(training, {
    contribution: {
      value: (): Int32Array => {
        const vector = training.contribution();
        writeFileSync(vectorFile(copies, training.knownSums + 1), int32ToBytes(vector));
        return vector;
      },
    },
  }) as Training;
}

await runProcess(async () => {
  mkdirSync(copies, { recursive: true });
  const config = readClientConfig(configPath, { insecure: false });
  let cpuBefore = process.cpuUsage();
  const report = await runClient({
    config,
    roster: readRosterFile(config.roster),
    identity: readKeyFile(config.key),
    log: createLogger(config.logLevel, { role: 'client' }),
    loadData: await datasetLoader(config.data),
    train: trainWithCopies,
    onProgress: async (progress) => {
      if (progress.kind === 'welcome') cpuBefore = process.cpuUsage();
      if (progress.kind === 'phase' && progress.phase === holdPhase) {
        await tellParent({ kind: 'held', phase: progress.phase });
        await new Promise(() => {});
      }
      if (progress.kind === 'sum') {
        const { user, system } = process.cpuUsage(cpuBefore);
        cpuBefore = process.cpuUsage();
        await tellParent({ kind: 'round', cpuMs: (user + system) / 1000 });
      }
    },
  });
  return { kind: 'done', bytesUp: report.bytesUp, records: report.records };
});
