import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import type { Roster } from './roster.ts';
import {
  approvalsNeeded,
  approveRoster,
  approvingOrganisations,
  type RosterApproval,
  successionFault,
} from './roster-succession.ts';
import { castOf, existing } from './testing/cast.ts';

const cast = castOf(crypto, 7, ['a', 'b', 'c', 'd', 'd', 'e', 'f']);
const current = cast.roster;
const next: Roster = { ...current, version: 2, members: current.members.slice(0, 6) };

function approvalOf(member: number, roster: Roster = next, signer = member): RosterApproval {
  const identity = existing(cast.identities[signer]);
  return { member: `member-${member}`, signature: approveRoster(crypto, identity, current, roster) };
}

describe('a new version of the roster', () => {
  it('follows when more than two thirds of the organisations approved it', () => {
    expect(approvalsNeeded(current)).toBe(5);
    const approvals = [0, 1, 2, 3, 5].map((member) => approvalOf(member));
    expect(successionFault(crypto, current, next, approvals)).toBeUndefined();
    expect(successionFault(crypto, current, next, approvals.slice(1))).toBe(
      '4 organisations approved it, 5 are needed',
    );
  });

  it('counts an organisation once, however many of its members sign', () => {
    const approvals = [0, 3, 4, 4].map((member) => approvalOf(member));
    expect(approvingOrganisations(crypto, current, next, approvals)).toEqual(new Set(['a', 'd']));
  });

  it.each<[string, RosterApproval]>([
    ['by a stranger', { ...approvalOf(0), member: 'member-9' }],
    ['under another name', approvalOf(1, next, 0)],
    ['of another roster', approvalOf(0, { ...next, version: 3 })],
    ['that is no signature', { member: 'member-0', signature: new Uint8Array(64) }],
    ['that is cut short', { member: 'member-0', signature: new Uint8Array(3) }],
  ])('counts no approval %s', (_, approval) => {
    expect(approvingOrganisations(crypto, current, next, [approval]).size).toBe(0);
  });

  it('cannot be an approval of one roster reused after another', () => {
    const other = { ...current, version: 1, federation: 'other' };
    const approval = approvalOf(0);
    expect(approvingOrganisations(crypto, other, next, [approval]).size).toBe(0);
  });

  it.each<[string, Partial<Roster>]>([
    ['it is the same roster', { version: 1, members: current.members }],
    ["it is of federation 'other'", { federation: 'other' }],
    ['version 3 does not follow version 1', { version: 3 }],
    ['version 1 does not follow version 1', { version: 1 }],
  ])('is refused: %s', (fault, change) => {
    const proposed = { ...next, ...change };
    const approvals = [0, 1, 2, 3, 5, 6].map((member) => approvalOf(member, proposed));
    expect(successionFault(crypto, current, proposed, approvals)).toBe(fault);
  });
});
