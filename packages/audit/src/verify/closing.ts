/** Rules of the entries that end something: abort, evidence, end. */
import { sameBytes } from '@tributary/protocol';
import type { EntryOf } from '../entries.ts';
import { type Finding, finding } from '../errors.ts';
import { announce } from './attempts.ts';
import { culpritOf } from './batch-view.ts';
import { fromCoordinator, isFinding } from './frames.ts';
import type { AuditState } from './state.ts';

export function abortRule(state: AuditState, entry: EntryOf<'abort'>): Finding | undefined {
  const message = fromCoordinator(state, 'round-aborted', entry.aborted);
  if (isFinding(message)) return message;
  if ((entry.announce === undefined) !== (state.round !== undefined)) {
    return finding('OUT_OF_ORDER', 'an attempt ends that is not open');
  }
  if (entry.announce !== undefined) {
    const announced = announce(state, entry.announce);
    if (isFinding(announced)) return announced;
  }
  const terms = state.round?.terms ?? state.lastAttempt;
  const { batchContext, keyIndex } = message.body;
  if (terms === undefined || !sameBytes(batchContext, terms.batchContext) || keyIndex !== terms.keyIndex) {
    return finding('WRONG_CONTEXT', 'another attempt than the newest is said to have ended');
  }
  state.round = undefined;
  state.closedLines = state.line;
  state.counts.aborted += 1;
  return undefined;
}

export function evidenceRule(state: AuditState, entry: EntryOf<'evidence'>): Finding | undefined {
  const message = fromCoordinator(state, 'evidence', entry.evidence);
  if (isFinding(message)) return message;
  const { batchContext } = message.body;
  const batch = state.batches.find(({ context }) => sameBytes(context, batchContext));
  if (batch === undefined) return finding('WRONG_CONTEXT', 'evidence about a batch that is not in force');
  const culprit = culpritOf(state.crypto, batch, message);
  if (culprit === undefined) return finding('BAD_EVIDENCE', `the ${message.body.proof} proves nothing`);
  if (culprit !== entry.culprit) {
    return finding(
      'BAD_EVIDENCE',
      `it convicts ${state.nameOf(culprit)}, not ${state.nameOf(entry.culprit)}`,
    );
  }
  if (state.culprits.has(culprit)) {
    return finding('OUT_OF_ORDER', `${state.nameOf(culprit)} was convicted before`);
  }
  state.culprits.add(culprit);
  state.counts.evidence += 1;
  return undefined;
}

export function endRule(state: AuditState, entry: EntryOf<'end'>): Finding | undefined {
  const message = fromCoordinator(state, 'run-ended', entry.ended);
  if (isFinding(message)) return message;
  if (state.round !== undefined) return finding('OUT_OF_ORDER', 'the run cannot end inside a round');
  const { run, rounds, logHead } = message.body;
  if (!sameBytes(run, state.run)) return finding('WRONG_CONTEXT', 'another run ended');
  if (rounds !== state.sums || !sameBytes(logHead, state.logHead)) {
    return finding(
      'BAD_END',
      `the run is said to have ended after ${rounds} sums, the log has ${state.sums}`,
    );
  }
  const { size, root } = message.body.auditHead;
  const known = state.heads.get(size);
  if (known === undefined || !sameBytes(known, root) || size < state.closedLines) {
    return finding('UNKNOWN_HEAD', 'members were told of another log when the run ended');
  }
  state.ended = true;
  return undefined;
}
