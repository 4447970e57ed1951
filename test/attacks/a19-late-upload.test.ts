/**
 * A19: an upload that comes after its owner was declared lost. By then its round key may be open, so only the
 * self mask hides it: the upload is not stored, and the self seed is never released.
 */
import type { Message } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { chiSquare, UNIFORM } from '../support/uniformity.ts';
import { CheatingFederation } from '../support/cheating-federation.ts';
import { plainSum } from '../support/federation.ts';
import { membersIn, SocketFederation } from '../support/socket-federation.ts';

const LATE = 4;
const OTHERS = [0, 1, 2, 3];

describe('A19: a late upload', () => {
  it('with everything that was released taken off is uniform, whatever the coordinator asks for afterwards', () => {
    const attacker = new Attacker({ members: 5, dimension: 2048 });
    attacker.openBatch();
    const all = attacker.collectUploads();
    const uploads = all.filter(({ member }) => member !== LATE);
    attacker.request(attacker.show(uploads, OTHERS), OTHERS);
    expect(attacker.secretOf(LATE, 'pair')).toBeDefined();
    const left = attacker.attempt(LATE);
    expect(left).not.toEqual(attacker.member(LATE).vector);
    expect(chiSquare(left)).toBeLessThan(UNIFORM);
    // Now it is shown as a survivor after all, to those that released its round key and to the late one itself.
    const released = attacker.all('release').length;
    attacker.request(attacker.show(all));
    expect(attacker.all('release')).toHaveLength(released);
    expect(attacker.secretOf(LATE, 'self')).toBeUndefined();
    for (const id of OTHERS) {
      expect(attacker.member(id).rejections.map(({ code }) => code)).toContain('EQUIVOCATION');
      expect(attacker.member(id).evidence[0]).toMatchObject({ proof: 'two-survivor-sets' });
    }
  });

  it('is not stored by an honest coordinator, and the sum is that of the others', () => {
    const federation = new CheatingFederation({ members: 5 });
    const held: Message[] = [];
    federation.corrupt(LATE, (message): Message[] => {
      if (message.kind === 'vector-chunk' || message.kind === 'upload-end') {
        held.push(message);
        return [];
      }
      // It speaks up again when the survivors are announced.
      return message.kind === 'survivors-signature' ? [...held.splice(0), message] : [message];
    });
    const { sum, survivors, failures } = federation.sum();
    expect(failures).toEqual([]);
    expect(survivors).toEqual(OTHERS);
    expect(sum).toEqual(
      plainSum(
        federation.cast.members.map(({ vector }) => vector),
        OTHERS,
      ),
    );
    expect(federation.drops).toMatchObject([{ member: LATE, reason: 'late', phase: 'masked-input' }]);
    expect(federation.rejections).toMatchObject([{ code: 'WRONG_PHASE', from: LATE }]);
    // Of its two secrets only the round key was given out.
    const kinds = federation.cast
      .all('release')
      .flatMap(({ body }) => body.shares.filter(({ owner }) => owner === LATE).map(({ kind }) => kind));
    expect(new Set(kinds)).toEqual(new Set(['pair']));
  });
});

describe('A19: a late upload over a real socket', () => {
  it('is refused, not stored, and in no sum', async () => {
    const federation = new SocketFederation(5, { maskedInput: 1 });
    const [report] = await federation.serve();
    const held: Message[] = [];
    let round = 0;
    const late = await federation.byHand((message) => {
      if (message.kind === 'ready') round += 1;
      if (round === 1 && (message.kind === 'vector-chunk' || message.kind === 'upload-end')) {
        held.push(message);
        return [];
      }
      // The deadline has passed when the survivors are shown.
      return message.kind === 'survivors-signature' ? [...held.splice(0), message] : [message];
    });
    const clients = [1, 2, 3, 4].map(async (i) => await federation.client(i));
    await report;
    await Promise.all(clients);
    const drops = federation.seen.flatMap((event) => (event.kind === 'dropped' ? [event] : []));
    expect(drops).toMatchObject([{ member: 'org-0', drop: { phase: 'masked-input', reason: 'late' } }]);
    const rejected = federation.seen.flatMap((event) => (event.kind === 'rejected' ? [event] : []));
    expect(rejected).toContainEqual(expect.objectContaining({ member: 'org-0' }));
    const sums = federation.seen.flatMap((event) => (event.kind === 'sum' ? [event.survivors] : []));
    expect(sums[0]).toBe(4);
    expect(sums.slice(1)).toEqual(sums.slice(1).map(() => 5));
    const [first] = late.sums;
    expect(first && membersIn(first)).toEqual({ records: 120, numbers: 10 });
  });
});
