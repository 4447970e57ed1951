import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { type ClientProgress, datasetLoader, readClientConfig, runClient } from '@tributary/client';
import { rosterRoot } from '@tributary/protocol';
import { createLogger, readKeyFile, readRosterFile } from '@tributary/runtime';
import type { Command } from 'commander';
import { printLine, printResult } from '../output.ts';
import { privacyLine } from '../privacy-line.ts';
import { stopSignal } from '../stop-signal.ts';

interface StartOptions {
  readonly config: string;
  readonly insecure?: true;
  readonly json?: true;
}

export function addClientCommands(program: Command): void {
  program
    .command('client')
    .description('act for an organisation in a federation')
    .command('start')
    .description('take part in the run of the coordinator, write the router, exit')
    .requiredOption('--config <file>', 'configuration, YAML (docs/configuration.md)')
    .option('--insecure', 'allow ws:// beyond loopback, where another layer encrypts')
    .option('--json', 'print the result as JSON')
    .action(async (options: StartOptions) => {
      const config = readClientConfig(options.config, { insecure: options.insecure === true });
      const roster = readRosterFile(config.roster);
      const identity = readKeyFile(config.key);
      const loadData = await datasetLoader(config.data);
      const root = toHex(rosterRoot(nodeBackend, roster));
      const pinned = config.policy.rosterRoot !== undefined;
      printLine(
        `roster root ${root}${pinned ? '' : ' (compare it with the other organisations, then pin it)'}`,
      );
      const report = await runClient({
        config,
        roster,
        identity,
        log: createLogger(config.logLevel, { role: 'client' }),
        loadData,
        onProgress: printProgress,
        signal: stopSignal(),
      });
      printLine(`done: ${report.rounds} sums, ${report.bytesUp} bytes sent, router in ${report.artifact}`);
      if (options.json) printResult(report);
    });
}

function printProgress(event: ClientProgress): void {
  switch (event.kind) {
    case 'welcome': {
      const { manifest, records, leftOut } = event;
      printLine(`run '${manifest.name}': ${manifest.program}, ${records} of our records take part`);
      if (leftOut > 0) {
        printLine(
          `${leftOut} records stay out: the run takes at most ${manifest.maxRecords} of an organisation`,
        );
      }
      printLine(privacyLine(manifest.privacy));
      return;
    }
    case 'sum':
      printLine(`sum ${event.round}: ${event.survivors} organisations`);
      return;
    case 'disconnected':
      printLine(`connection lost (${event.reason}), connecting again`);
      return;
    case 'rejected':
      printLine(`refused: ${event.rejection.code}, ${event.rejection.detail}`);
      return;
    case 'phase':
    case 'uploaded':
      return;
  }
}
