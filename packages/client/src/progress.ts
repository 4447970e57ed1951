/** What happens on the client's side, for whoever watches. */
import type { ClientPhase, Rejection } from '@tributary/protocol';
import type { Logger, RunManifest } from '@tributary/runtime';

export type ClientProgress =
  | {
      readonly kind: 'welcome';
      readonly manifest: RunManifest;
      /** Records that take part. */
      readonly records: number;
      /** Records that stay out, because the run takes fewer of one organisation. */
      readonly leftOut: number;
    }
  | { readonly kind: 'phase'; readonly phase: ClientPhase; readonly round: number }
  | { readonly kind: 'uploaded'; readonly round: number; readonly bytes: number }
  | { readonly kind: 'sum'; readonly round: number; readonly survivors: number }
  | { readonly kind: 'rejected'; readonly rejection: Rejection }
  | { readonly kind: 'disconnected'; readonly reason: string };

/** What goes wrong is logged as such; the course of things, which people are shown otherwise, at level debug. */
export function logProgress(log: Logger, progress: ClientProgress): void {
  switch (progress.kind) {
    case 'welcome': {
      const { kind, manifest, records, leftOut } = progress;
      log.debug({ run: manifest.name, program: manifest.program, records, leftOut }, kind);
      return;
    }
    case 'sum':
    case 'phase':
    case 'uploaded': {
      const { kind, ...fields } = progress;
      log.debug(fields, kind);
      return;
    }
    case 'rejected': {
      const { code, from, detail } = progress.rejection;
      log.warn({ code, from, detail }, 'refused');
      return;
    }
    case 'disconnected':
      log.warn({ reason: progress.reason }, 'disconnected');
      return;
  }
}
