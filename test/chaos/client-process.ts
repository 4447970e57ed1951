/** A client in a process of its own. Arguments: configuration file, member's number, moment at which it kills itself (or nothing), phase with a gate. */
import { once } from 'node:events';
import { AccountFile, readClientConfig, runClient } from '@tributary/client';
import { createLogger, readKeyFile, readRosterFile } from '@tributary/runtime';
import { toyDataset } from '../support/toy-data.ts';
import { dieAt } from './moments.ts';

async function everybodyIsThere(round: number): Promise<void> {
  const answered = once(process, 'message');
  process.send?.({ kind: 'gate', round });
  await answered;
}

const [configPath = '', member = '', moment = '', gate = 'unmask'] = process.argv.slice(2);
const config = readClientConfig(configPath, { insecure: false });
const die = dieAt(moment);
// It may die in front of a give-back to its account, or behind it.
const giveBack = Reflect.get(AccountFile.prototype, 'void');
AccountFile.prototype.void = async function (attempt, contributor) {
  die({ kind: 'void', round: attempt.round });
  await giveBack.call(this, attempt, contributor);
  die({ kind: 'voided', round: attempt.round });
};
try {
  const report = await runClient({
    config,
    roster: readRosterFile(config.roster),
    identity: readKeyFile(config.key),
    log: createLogger('trace', { role: 'client' }),
    // Under a budget so many records that noise hides none of what they say.
    loadData: ({ privacy }) => toyDataset(Number(member), privacy === 'none' ? 30 : 2000),
    onProgress: async (progress) => {
      die(progress);
      // Rounds are short: if this one did not wait for the dead, the run would be over before they are back.
      if (progress.kind === 'phase' && progress.phase === gate) await everybodyIsThere(progress.round);
    },
  });
  process.send?.({ kind: 'done', report });
} finally {
  process.disconnect?.();
}
