import type { Rejection, RejectionCode } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { MAX_REFUSED, RefusedMessages } from './refused-messages.ts';

const rejection = (from: Rejection['from'], code: RejectionCode = 'WRONG_PHASE'): Rejection => ({
  code,
  from,
  detail: '',
});
const verdicts = (refused: RefusedMessages, what: Rejection, times: number): readonly boolean[] =>
  Array.from({ length: times }, () => refused.count(what));

describe('messages that are refused', () => {
  it('are too many with the last that a member may send in a phase, once', () => {
    const refused = new RefusedMessages();
    const expected = Array.from({ length: 2 * MAX_REFUSED }, (_, i) => i + 1 === MAX_REFUSED);
    expect(verdicts(refused, rejection(3), 2 * MAX_REFUSED)).toEqual(expected);
    expect(refused.count(rejection(4))).toBe(false);
  });

  it('are counted anew in the next phase', () => {
    const refused = new RefusedMessages();
    verdicts(refused, rejection(3), MAX_REFUSED - 1);
    refused.clear();
    expect(refused.count(rejection(3))).toBe(false);
  });

  it('are not what others complain of: a dealer cannot be shouted down', () => {
    const refused = new RefusedMessages();
    expect(verdicts(refused, rejection(3, 'BAD_DEALER'), 2 * MAX_REFUSED)).not.toContain(true);
    expect(verdicts(refused, rejection('coordinator'), 2 * MAX_REFUSED)).not.toContain(true);
  });
});
