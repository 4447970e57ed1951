/** The demo's coordinator: the published one, with its progress told to the demo. Argument: configuration file. */
import { readCoordinatorConfig, runCoordinator } from '@tributary/coordinator';
import { createLogger } from '@tributary/runtime';
import { runProcess, tellParent } from '../processes/process-channel.ts';

await runProcess(async () => {
  const [configPath = ''] = process.argv.slice(2);
  const config = readCoordinatorConfig(configPath, { insecure: false });
  const report = await runCoordinator({
    config,
    log: createLogger(config.logLevel, { role: 'coordinator' }),
    onProgress: (progress) => void tellParent({ kind: 'progress', progress }),
  });
  return { kind: 'done', report };
});
