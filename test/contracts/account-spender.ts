/** Child process: reserves attempts in an organisation's privacy account when told to, and tells its parent what came of each. */
import { AccountFile } from '@tributary/client';
import { roundNoise, SPENDING } from './account-story.ts';

export interface SpendOrder {
  readonly run: string;
  /** Attempts to reserve, one after the other. */
  readonly attempts: number;
  /** Each costs this many millionths of the limit. */
  readonly share: number;
}

export interface Spent {
  readonly attempt: number;
  readonly refused: string | undefined;
}

const account = new AccountFile({ ...SPENDING, path: process.argv[2] ?? '' });

async function spend({ run, attempts, share }: SpendOrder): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const { noise, terms } = roundNoise(share);
    const refusal = await account.reserve(
      { run, round: 1, attempt, federation: 'test', member: 0 },
      noise,
      terms,
    );
    process.send?.({ attempt, refused: refusal?.code } satisfies Spent);
  }
}

process.on('message', (order: SpendOrder) => void spend(order));
process.send?.('ready');
