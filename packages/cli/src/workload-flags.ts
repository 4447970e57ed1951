/** The flags that say what routers are compared on, the same for every command that compares. */
import { resolve } from 'node:path';
import type { WorkloadOptions } from '@tributary/experiments';
import type { Command } from 'commander';
import { invocationDirectory } from './invocation-directory.ts';

export interface WorkloadFlags {
  readonly data?: string;
  readonly pool?: string;
  readonly excludeModels?: string;
}

export function addWorkloadFlags(command: Command): Command {
  return command
    .option(
      '--data <path>',
      'evaluation log to use instead of the generated workload; every query needs a score of every model',
    )
    .option('--pool <kinds>', 'kinds of models.csv to route between, such as api,chat')
    .option('--exclude-models <names>', 'models to leave out, separated by commas');
}

export function workloadOptions({ data, pool, excludeModels }: WorkloadFlags): WorkloadOptions {
  return {
    ...(data === undefined ? {} : { data: resolve(invocationDirectory(), data) }),
    ...(pool === undefined ? {} : { pool: pool.split(',') }),
    ...(excludeModels === undefined ? {} : { excludeModels: excludeModels.split(',') }),
  };
}
