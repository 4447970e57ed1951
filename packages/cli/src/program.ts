/** All commands with their flags and help. */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAuditCommands } from './commands/audit.ts';
import { addClientCommands } from './commands/client.ts';
import { addCoordinatorCommands } from './commands/coordinator.ts';
import { addDataCommands } from './commands/data.ts';
import { addDemoCommand } from './commands/demo.ts';
import { addExperimentCommands } from './commands/experiment.ts';
import { addKeygenCommand } from './commands/keygen.ts';
import { addPersonaliseCommand } from './commands/personalise.ts';
import { addPlanCommand } from './commands/plan.ts';
import { addPrivacyCommands } from './commands/privacy.ts';
import { addRosterCommands } from './commands/roster.ts';
import { addRouteCommand } from './commands/route.ts';

export function createProgram(): Command {
  const program = new Command('tributary')
    .description('Organisations train one LLM router together and show nobody their logs.')
    .version(packageVersion())
    .exitOverride()
    // `run` tells errors itself, in one line.
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError(true)
    .addHelpText(
      'after',
      `
Every command takes --json: the last line of standard output is then the bare result, or {"error":{"code","message","hint"}}.
Exit codes: 0 ok, 1 run failed, 2 connection, 3 timeout, 4 input or configuration, 5 bug, 6 privacy refusal, 7 too few survivors.`,
    );
  addDemoCommand(program);
  addExperimentCommands(program);
  addKeygenCommand(program);
  addRosterCommands(program);
  addCoordinatorCommands(program);
  addClientCommands(program);
  addDataCommands(program);
  addPlanCommand(program);
  addPrivacyCommands(program);
  addAuditCommands(program);
  addRouteCommand(program);
  addPersonaliseCommand(program);
  return program;
}

function packageVersion(): string {
  const file: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return typeof file === 'object' && file !== null && 'version' in file ? String(file.version) : 'unknown';
}
