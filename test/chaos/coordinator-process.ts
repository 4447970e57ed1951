/** A coordinator in a process of its own. Arguments: configuration file, moment at which it kills itself (or nothing). */
import { readCoordinatorConfig, runCoordinator } from '@tributary/coordinator';
import { createLogger } from '@tributary/runtime';
import { dieAt } from './moments.ts';

const [configPath = '', moment = ''] = process.argv.slice(2);
const config = readCoordinatorConfig(configPath, { insecure: false });
const die = dieAt(moment);
try {
  const report = await runCoordinator({
    config,
    log: createLogger('trace', { role: 'coordinator' }),
    onProgress: (progress) => {
      die(progress);
      process.send?.(progress);
    },
  });
  process.send?.({ kind: 'done', report });
} finally {
  process.disconnect?.();
}
