/** What may go wrong in a federation in memory, and the order in which things happen: chosen by tests. */
import type { Phase } from '../coordinator/state.ts';
import type { MessageKind } from '../messages/index.ts';

/** What befalls a member: asked each time it enters a phase, and after each chunk of an upload. */
export type Fate = 'live' | 'die';

export interface Frame {
  readonly from: number | 'coordinator';
  readonly to: number | 'coordinator';
  readonly bytes: Uint8Array;
}

export interface Faults {
  /** `chunk` counts from 0 inside masked-input; undefined on entering the phase. */
  readonly fate?: (member: number, phase: Phase, round: number, chunk: number | undefined) => Fate;
  /** What befalls a member once a message of it is on its way, before it does anything else. */
  readonly afterSend?: (member: number, kind: MessageKind) => Fate;
  /** May replace, multiply or swallow a frame; by default it passes unchanged. */
  readonly intercept?: (frame: Frame) => readonly Frame[];
  /**
   * Which of the things that could happen next does: an index into `choices`. Each choice is a lane in which
   * order holds (what one process sends to another, or does by itself), the longest waiting first; `round
   * deadline` and `setup deadline` come last where they are pending. By default the first, so a deadline
   * passes only when nothing else can happen.
   */
  readonly schedule?: (choices: readonly string[]) => number;
}
