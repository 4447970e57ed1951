/** Heads of audit logs that organisations were shown: whether they were shown the same log. */
import { headConflict, sameBytes, verifyHead } from '@tributary/protocol';
import { toHex } from '@tributary/crypto';
import { nodeBackend } from '@tributary/crypto/node';
import { readRosterFile, readShownHeads, RuntimeError, type ShownHead } from '@tributary/runtime';

export interface HeadsComparison {
  /** Heads that both were shown. */
  readonly common: number;
  /** Heads over numbers of lines that only one was shown: nothing is known of them without the log. */
  readonly apart: number;
}

/**
 * Compares all heads of two files with each other, run by run.
 * @param rosterFile whose coordinator's key signed them; without it signatures are not checked
 * @throws RuntimeError BAD_FILE; RUN_FAILED where they contradict each other, which proves a fork where signatures were checked
 */
export function compareHeads(
  files: readonly [string, string],
  rosterFile: string | undefined,
): HeadsComparison {
  const key = rosterFile === undefined ? undefined : readRosterFile(rosterFile).coordinatorKey;
  const [ours, theirs] = files.map((file) => {
    const heads = readShownHeads(file);
    const unsigned = key && heads.findIndex(({ head }) => !verifyHead(nodeBackend, key, head));
    if (unsigned === undefined || unsigned < 0) return heads;
    throw new RuntimeError(
      'BAD_FILE',
      `${file}: the head in line ${unsigned + 1} is not signed by the coordinator of the roster`,
      'such a line proves nothing: ask for the file again',
    );
  }) as [ShownHead[], ShownHead[]];
  const fork = [...pairs(ours, theirs), ...pairs(ours, ours), ...pairs(theirs, theirs)].find(
    ([a, b]) => headConflict(a.head, b.head) === 'forked',
  );
  if (fork !== undefined) {
    const [{ head: a }, { head: b }] = fork;
    throw new RuntimeError(
      'RUN_FAILED',
      `two logs are shown of run ${toHex(a.run)}: the first ${a.size} lines have the roots ${toHex(a.root)} and ${toHex(b.root)}`,
      key === undefined
        ? 'nothing is proven yet: give --roster, so that the signatures of both heads are checked'
        : 'both heads carry its signature: keep both files',
    );
  }
  const common = ours.filter((a) => theirs.some((b) => isOf(a, b) && a.head.size === b.head.size)).length;
  return { common, apart: ours.length + theirs.length - 2 * common };
}

const isOf = (a: ShownHead, b: ShownHead): boolean => sameBytes(a.head.run, b.head.run);

function pairs(a: readonly ShownHead[], b: readonly ShownHead[]): [ShownHead, ShownHead][] {
  return a.flatMap((one) =>
    b.flatMap((other): [ShownHead, ShownHead][] =>
      isOf(one, other) && one.head.size === other.head.size ? [[one, other]] : [],
    ),
  );
}
