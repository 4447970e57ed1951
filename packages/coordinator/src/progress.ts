/** What happens in a run, for whoever watches: a person's terminal, a log. */
import type { Drop, DropReason, Phase, Rejection } from '@tributary/protocol';
import type { Logger } from '@tributary/runtime';

/** How often a member was missing in a phase for one reason. */
export interface MemberDrops {
  readonly member: string;
  readonly phase: Phase;
  readonly reason: DropReason;
  readonly times: number;
}

export type CoordinatorProgress =
  | { readonly kind: 'listening'; readonly url: string; readonly rosterRoot: string }
  /** The run was begun by an earlier life of the process, which had opened so many sums. */
  | { readonly kind: 'resumed'; readonly run: string; readonly sums: number }
  | { readonly kind: 'joined'; readonly member: string; readonly present: number; readonly members: number }
  | { readonly kind: 'left'; readonly member: string }
  | { readonly kind: 'phase'; readonly phase: Phase; readonly round: number; readonly awaiting: number }
  | { readonly kind: 'sum'; readonly round: number; readonly step: string; readonly survivors: number }
  /** The attempt before it ended without a sum. */
  | { readonly kind: 'retry'; readonly round: number; readonly attempt: number; readonly detail: string }
  | { readonly kind: 'dropped'; readonly member: string; readonly drop: Drop }
  | { readonly kind: 'rejected'; readonly member: string; readonly rejection: Rejection };

/** What goes wrong is logged as such; the course of things, which people are shown otherwise, at level debug. */
export function logProgress(log: Logger, progress: CoordinatorProgress): void {
  switch (progress.kind) {
    case 'dropped': {
      const { phase, reason, detail } = progress.drop;
      log.warn({ client: progress.member, phase, reason, detail }, 'dropped');
      return;
    }
    case 'rejected': {
      const { code, detail } = progress.rejection;
      log.warn({ client: progress.member, code, detail }, 'rejected');
      return;
    }
    case 'resumed':
    case 'retry': {
      const { kind, ...fields } = progress;
      log.info(fields, kind);
      return;
    }
    case 'listening':
    case 'joined':
    case 'left':
    case 'sum':
    case 'phase': {
      const { kind, ...fields } = progress;
      log.debug(fields, kind);
      return;
    }
  }
}
