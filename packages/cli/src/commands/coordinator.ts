import { type CoordinatorProgress, readCoordinatorConfig, runCoordinator } from '@tributary/coordinator';
import { createLogger } from '@tributary/runtime';
import type { Command } from 'commander';
import { printLine, printResult } from '../output.ts';
import { stopSignal } from '../stop-signal.ts';

interface StartOptions {
  readonly config: string;
  readonly insecure?: true;
  readonly json?: true;
}

export function addCoordinatorCommands(program: Command): void {
  program
    .command('coordinator')
    .description('run the coordinator of a federation')
    .command('start')
    .description(
      'wait for the clients, run the configured training, write the router, exit; started again after a crash, go on with it',
    )
    .requiredOption('--config <file>', 'configuration, YAML (docs/configuration.md)')
    .option('--insecure', 'listen beyond loopback without TLS, behind a proxy that ends it')
    .option('--json', 'print the result as JSON')
    .action(async (options: StartOptions) => {
      const config = readCoordinatorConfig(options.config, { insecure: options.insecure === true });
      const log = createLogger(config.logLevel, { role: 'coordinator' });
      const report = await runCoordinator({ config, log, onProgress: printProgress, signal: stopSignal() });
      printLine(`done: ${report.rounds} sums, router in ${report.artifact}`);
      if (options.json) printResult(report);
    });
}

function printProgress(event: CoordinatorProgress): void {
  switch (event.kind) {
    case 'listening':
      printLine(`listening on ${event.url}`);
      printLine(`roster root ${event.rosterRoot} (compare it with the other organisations)`);
      return;
    case 'resumed':
      printLine(`going on with run ${event.run.slice(0, 16)}, of which ${event.sums} sums are opened`);
      return;
    case 'joined':
      printLine(`${event.member} joined (${event.present} of ${event.members})`);
      return;
    case 'left':
      printLine(`${event.member} left`);
      return;
    case 'sum':
      printLine(`sum ${event.round} ${event.step}: ${event.survivors} organisations`);
      return;
    case 'retry':
      printLine(`sum ${event.round} is tried again, attempt ${event.attempt}: ${event.detail}`);
      return;
    case 'dropped':
      printLine(`${event.member} dropped in ${event.drop.phase}: ${event.drop.reason}`);
      return;
    case 'phase':
    case 'rejected':
      // Phases are too many for people; rejections are in the log with their codes.
      return;
  }
}
