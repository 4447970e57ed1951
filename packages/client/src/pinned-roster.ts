/** The roster that an organisation agreed to out of band, against the file that it starts with. */
import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { type Roster, rosterRoot } from '@tributary/protocol';
import { RuntimeError } from '@tributary/runtime';
import type { ClientConfig } from './config.ts';

/**
 * Whoever can change the roster file decides whose keys count: its root in the configuration makes a change show. The root goes into
 * every batch context, so a client that starts with it works with nobody who has another.
 * @throws RuntimeError BAD_CONFIG where the roster's root is not the pinned one
 */
export function checkPinnedRoster({ policy, roster: file }: ClientConfig, roster: Roster): void {
  const { rosterRoot: pinned } = policy;
  const root = toHex(rosterRoot(nodeBackend, roster));
  if (pinned === undefined || pinned === root) return;
  throw new RuntimeError(
    'BAD_CONFIG',
    `the root of ${file} (version ${roster.version}) is ${root}, 'policy.rosterRoot' is ${pinned}`,
    'pin the new root once `tributary roster check` passes and the other organisations have the same',
  );
}
