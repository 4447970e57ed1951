/** The moments at which a member can be lost in a sum, as faults of a federation in memory. */
import { decodeMessage, type MessageKind } from '@tributary/protocol';
import type { Faults, Frame, InMemoryFederation } from '@tributary/protocol/in-memory';

/** The answers that a member gives on the way to a sum, in order. */
export const ANSWERS = [
  'key-advert',
  'dealt-shares',
  'ready',
  'upload-end',
  'survivors-signature',
  'release',
] as const satisfies readonly MessageKind[];

export type Answer = (typeof ANSWERS)[number];

/** Just before a member says it, or just after. */
export interface Moment {
  readonly when: 'before' | 'after';
  readonly answer: Answer;
}

export const MOMENTS: readonly Moment[] = ANSWERS.flatMap((answer) => [
  { when: 'before', answer },
  { when: 'after', answer },
]);

export function kindOf({ bytes }: Frame): MessageKind | undefined {
  const decoded = decodeMessage(bytes);
  return decoded.ok ? decoded.message.kind : undefined;
}

/**
 * Members that die at a moment.
 * @param federation the one that the faults are made for; it is asked for when the moment has come
 */
export function lossesAt(
  { when, answer }: Moment,
  members: readonly number[],
  federation: () => InMemoryFederation,
): Faults {
  if (when === 'after') {
    return {
      afterSend: (member, kind) => (kind === answer && members.includes(member) ? 'die' : 'live'),
    };
  }
  return {
    intercept(frame) {
      const dies = typeof frame.from === 'number' && members.includes(frame.from) && kindOf(frame) === answer;
      if (!dies) return [frame];
      federation().kill(frame.from);
      return [];
    },
  };
}
