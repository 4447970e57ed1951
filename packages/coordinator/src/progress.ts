/** What happens in a run, for whoever watches: a person's terminal, a log. */
import type { Drop, Phase, Rejection } from '@tributary/protocol';
import type { Logger } from '@tributary/runtime';

export type CoordinatorProgress =
  | { readonly kind: 'listening'; readonly url: string; readonly rosterRoot: string }
  | { readonly kind: 'joined'; readonly member: string; readonly present: number; readonly members: number }
  | { readonly kind: 'left'; readonly member: string }
  | { readonly kind: 'phase'; readonly phase: Phase; readonly round: number; readonly awaiting: number }
  | { readonly kind: 'sum'; readonly round: number; readonly step: string; readonly survivors: number }
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
