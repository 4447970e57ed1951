/**
 * A8: the coordinator invents members, to surround a member with neighbours of its own: strangers to the
 * roster, or more members of one organisation than the terms withstand.
 */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import { type Roster, rosterRoot, successionFault, thresholdsFor } from '@tributary/protocol';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { existing } from '../support/existing.ts';
import { seededBytes, testFederation, randomVectors, sumRequest } from '../support/federation.ts';

/** Two in five members of the new roster are the coordinator's inventions. */
function withSybils(roster: Roster, count: number): Roster {
  const random = seededBytes(99);
  const invented = Array.from({ length: count }, (_, i) => ({
    id: roster.members.length + i,
    name: `sybil-${i}`,
    organisation: `sybil-${i}`,
    publicKey: crypto.ed25519PublicKey(random(32)),
  }));
  return { ...roster, version: roster.version + 1, members: [...roster.members, ...invented] };
}

describe('A8: invented members', () => {
  it('in a roster of their own are in no batch that a member takes part in', () => {
    const attacker = new Attacker({ members: 6 });
    const roster = withSybils(attacker.roster, 4);
    const cohort = roster.members.map(({ id }) => id);
    const thresholds = thresholdsFor(10);
    const root = rosterRoot(crypto, roster);
    // Under the new root, and under the one that members pinned.
    for (const rosterRootClaimed of [root, rosterRoot(crypto, attacker.roster)]) {
      const { threshold, holders, colluders, minCohort, minSurvivors } = thresholds;
      attacker.tell(
        attacker.everybody,
        'batch-start',
        attacker.terms({
          cohort,
          rosterRoot: rosterRootClaimed,
          threshold,
          holders,
          colluders,
          minCohort,
          minSurvivors,
        }),
      );
    }
    for (const { rejections } of attacker.members) {
      expect(rejections).toMatchObject([
        { code: 'UNSAFE_TERMS', detail: 'batch is over another roster' },
        { code: 'UNSAFE_TERMS', detail: 'cohort names a member outside the roster' },
      ]);
    }
    expect(attacker.all('key-advert')).toEqual([]);
  });

  it('are admitted by no signature but those of more than two thirds of the organisations', () => {
    const attacker = new Attacker({ members: 6 });
    const roster = withSybils(attacker.roster, 4);
    // The coordinator can sign as itself, and as whoever it invented.
    const approvals = [
      {
        member: 'org-0',
        signature: crypto.ed25519Sign(attacker.coordinatorIdentity, rosterRoot(crypto, roster)),
      },
      ...roster.members.slice(6).map(({ name }) => ({ member: name, signature: new Uint8Array(64).fill(1) })),
    ];
    expect(successionFault(crypto, attacker.roster, roster, approvals)).toBe(
      '0 organisations approved it, 5 are needed',
    );
  });

  it('in a key roster, or among the ready, are named and refused', () => {
    const attacker = new Attacker({ members: 6 });
    attacker.advertise();
    const honest = attacker.keyRoster();
    const stranger = existing(honest.adverts[0]);
    attacker.tell([0], 'key-roster', {
      ...honest,
      adverts: [...honest.adverts, { ...stranger, body: { ...stranger.body, member: 6 } }],
    });
    attacker.tell([1], 'key-roster', { ...honest, members: [...honest.members, 6] });
    for (const id of [0, 1]) expect(attacker.member(id).rejections).toMatchObject([{ code: 'NOT_A_MEMBER' }]);
    expect(attacker.all('dealt-shares')).toEqual([]);

    const other = new Attacker({ members: 6 });
    other.openBatch();
    const start = other.announce(other.roundTerms(other.expect(1)));
    const sybil = { member: 6, nonce: new Uint8Array(32), signature: new Uint8Array(64) };
    expect(other.begin({ ...start, ready: [...start.ready, sybil] })).toEqual([]);
    for (const { rejections } of other.members) expect(rejections).toMatchObject([{ code: 'NOT_A_MEMBER' }]);
    expect(other.all('upload-end')).toEqual([]);
  });

  it('as many members of one organisation count as what that organisation controls', () => {
    // Ten members, t = 7: one organisation may have 3 of them, not 4. Members compute it themselves.
    for (const [devices, refused] of [
      [3, false],
      [4, true],
    ] as const) {
      const organisations = Array.from({ length: 10 }, (_, i) => (i < devices ? 'many' : `org-${i}`));
      const thresholds = { ...thresholdsFor(10), colluders: 1, minCohort: 3 };
      const attacker = new Attacker({ members: 10, organisations, thresholds });
      attacker.advertise();
      expect(attacker.all('key-advert')).toHaveLength(refused ? 0 : 10);
      const codes = attacker.members.flatMap(({ rejections }) => rejections.map(({ code }) => code));
      expect(new Set(codes)).toEqual(new Set(refused ? ['UNSAFE_TERMS'] : []));
    }
  });
});

describe('A8: many members of one organisation on a sparse graph', () => {
  const N = 70;
  // Two organisations have two members each, which may not stand in one neighbourhood.
  const organisations = Array.from({ length: N }, (_, i) => (i < 4 ? `twin-${i >> 1}` : `org-${i}`));

  it('are at most as many of a neighbourhood as the cap says, in every neighbourhood that is drawn', () => {
    const thresholds = thresholdsFor(N, 'security', {
      colluders: 2,
      colludingMembers: 4,
      dropoutRate: 0.02,
      abortBits: 10,
    });
    expect(thresholds).toMatchObject({ graph: 'harary', organisationCap: 1 });
    for (const seed of [1]) {
      const { federation } = testFederation(N, { seed, organisations, thresholds: () => thresholds });
      expect(federation.sum(sumRequest(20, randomVectors(N, 20, seed)))).toMatchObject({
        kind: 'opened',
      });
      for (const id of federation.alive) {
        const [batch] = federation.memberState(id).batches;
        const near = batch?.neighbours ?? [];
        expect(near).toHaveLength(thresholds.holders);
        const counts = new Map<string, number>();
        for (const other of [id, ...near]) {
          const organisation = organisations[other] ?? '';
          counts.set(organisation, (counts.get(organisation) ?? 0) + 1);
        }
        expect(Math.max(...counts.values())).toBe(thresholds.organisationCap);
      }
    }
  });
});
