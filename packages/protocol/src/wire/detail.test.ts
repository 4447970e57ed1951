import { describe, expect, it } from 'vitest';
import { decodeMessage, encodeMessage } from './codec.ts';
import { clipDetail } from './detail.ts';

describe('an explanation', () => {
  it('is cut to what a message carries', () => {
    expect(clipDetail('short')).toBe('short');
    expect(clipDetail('x'.repeat(1000))).toBe('x'.repeat(400));
  });

  it('never ends in half a character: it arrives as it was signed', () => {
    const detail = clipDetail(`${'x'.repeat(399)}\u{1f600} tail`);
    const body = { member: 1, round: 2, code: 'INPUT_FAILED', detail };
    const decoded = decodeMessage(encodeMessage('refusal', body, new Uint8Array(64)));
    expect(decoded).toMatchObject({ ok: true, message: { body } });
    expect(clipDetail('lone \udc00 surrogate')).toBe('lone \ufffd surrogate');
    expect(clipDetail('\u{1f600}')).toBe('\u{1f600}');
  });
});
