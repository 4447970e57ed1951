/**
 * A27: the coordinator asks for a sum of its own choice: centres moved so that one cell holds one record, a
 * model that isolates somebody, another plan altogether. Every member computes the plan from the sums that it
 * checked itself, to the last bit, and takes part in no other.
 */
import { nodeBackend as crypto } from '@tributary/crypto/node';
import {
  type ExpectedRound,
  openingProof,
  roundContext,
  roundTermsDigest,
  survivorsDigest,
} from '@tributary/protocol';
import { type AwaitingSum, type ProgramRun, startProgram } from '@tributary/router';
import { planRound } from '@tributary/runtime';
import { describe, expect, it } from 'vitest';
import { Attacker } from '../support/attacker.ts';
import { expectedSum } from '../support/expected-sum.ts';

const N = 5;
const DIMENSIONS = 3;
const PARAMETERS = {
  models: ['small', 'large'],
  dimensions: DIMENSIONS,
  seed: '07'.repeat(32),
  clusters: 2,
};

function awaiting(run: ProgramRun): AwaitingSum {
  if (run.kind !== 'sum') throw new Error('the program has finished');
  return run;
}

/** What a shell expects of the program's next sum. */
function roundOf(run: AwaitingSum, round: number): ExpectedRound {
  return planRound(crypto, run.plan, run.stateBytes(), {
    round,
    logHead: new Uint8Array(32).fill(round),
    contributors: N,
    maxRecords: 100,
    privacy: 'none',
  }).expected;
}

/** The run after its first sums, as every member computes it: the mean, then clusters. */
const start = awaiting(startProgram('kmeans', PARAMETERS));
const mean = Float64Array.from({ length: start.plan.dimension }, (_, i) =>
  i === start.plan.dimension - 1 ? 50 : i + 1,
);
const honest = awaiting(start.next(mean));

function announced(lie: ExpectedRound, keyIndex = 0): { attacker: Attacker; details: string[] } {
  const attacker = new Attacker({ members: N });
  attacker.openBatch();
  for (const member of attacker.members) member.take({ kind: 'expect', expected: roundOf(honest, 2) });
  const { ready } = attacker.announce(attacker.roundTerms(lie, { keyIndex }));
  expect(ready).toEqual([]);
  return {
    attacker,
    details: attacker.members.flatMap(({ rejections }) => rejections.map(({ detail }) => detail)),
  };
}

/** No vector leaves a member, and it says why. */
function expectRefused({ attacker, details }: ReturnType<typeof announced>, field: string): void {
  expect(details).toHaveLength(N);
  for (const detail of details) expect(detail).toMatch(new RegExp(`^${field} `));
  for (const { rejections } of attacker.members)
    expect(rejections).toMatchObject([{ code: 'UNEXPECTED_PLAN' }]);
  expect(attacker.all('refusal').map(({ body }) => body.code)).toEqual(Array(N).fill('UNEXPECTED_PLAN'));
  for (const kind of ['upload-end', 'vector-chunk'] as const) expect(attacker.all(kind)).toEqual([]);
  expect(attacker.members.some(({ effects }) => effects.some(({ kind }) => kind === 'upload-input'))).toBe(
    false,
  );
}

/** A round that the coordinator gives up after its uploads, as it may. */
function givenUp(colluders: readonly number[] = []): {
  attacker: Attacker;
  view: ReturnType<Attacker['show']>;
} {
  const attacker = new Attacker({ members: N, colluders });
  attacker.openBatch();
  const view = attacker.show(attacker.collectUploads());
  return { attacker, view };
}

function expectNotTaken({ attacker }: ReturnType<typeof givenUp>): void {
  for (const id of attacker.honest) {
    const { rejections, effects } = attacker.member(id);
    expect(rejections).toMatchObject([{ code: 'NOT_PROVEN' }]);
    expect(effects.some(({ kind }) => kind === 'accept-result')).toBe(false);
  }
}

describe('A27: a plan that follows from a sum of nobody', () => {
  it('is not computed: the sum of a later attempt, of which nobody was told, is refused by all', () => {
    const scene = givenUp();
    scene.attacker.tellResult(scene.view, scene.attacker.honest, { attempt: 2 });
    expectNotTaken(scene);
  });

  it('nor where a member that colludes signs for it', () => {
    const scene = givenUp([4]);
    const { attacker, view } = scene;
    const { roster, everybody, dimension } = attacker;
    const terms = attacker.roundTerms(expectedSum(1, dimension), { keyIndex: 1, attempt: 2 });
    const ready = everybody.map((member) => ({ member, nonce: new Uint8Array(32).fill(member) }));
    const uploads = everybody.map((member) => ({ member, digest: new Uint8Array(32).fill(member) }));
    const context = roundContext(crypto, roundTermsDigest(crypto, terms), ready);
    const digest = survivorsDigest(crypto, context, uploads);
    const body = { roundContext: context, member: 4, survivorsDigest: digest };
    const signatures = new Map([[4, attacker.member(4).sign('survivors-signature', body).signature]]);
    const proof = openingProof(crypto, { roster, terms, colluders: 1, ready, uploads, signatures });
    attacker.tellResult({ ...view, digest }, attacker.honest, { attempt: 2, roundContext: context, proof });
    expectNotTaken(scene);
    for (const id of attacker.honest)
      expect(attacker.member(id).rejections[0]?.detail).toMatch(
        /1 organisations signed its survivors, 2 are/,
      );
  });
});

describe('A27: a chosen plan', () => {
  it('is what follows from the sums where the coordinator is honest', () => {
    const attacker = new Attacker({ members: N });
    attacker.openBatch();
    for (const member of attacker.members) member.take({ kind: 'expect', expected: roundOf(honest, 2) });
    expect(attacker.announce(attacker.roundTerms(roundOf(honest, 2))).ready).toHaveLength(N);
  });

  it.each([
    ['far, to isolate a record', 10],
    ['by the least that a double can be', 2 ** -40],
  ])('with one centre moved %s is refused', (_, by) => {
    const moved = mean.with(0, (mean[0] ?? 0) + by);
    const lie = awaiting(start.next(moved));
    expect(lie.plan).toEqual(honest.plan);
    expectRefused(announced(roundOf(lie, 2)), 'modelHash');
  });

  it('of another step of the same program is refused', () => {
    expectRefused(announced(roundOf(start, 2)), 'dimension');
    // Of the same shape, but another state.
    const later = awaiting(honest.next(new Float64Array(honest.plan.dimension).fill(7)));
    const lie = { ...roundOf(later, 2), dimension: honest.plan.dimension };
    expect(announced(lie).attacker.all('upload-end')).toEqual([]);
  });

  it('of another program, or of the same with other parameters, is refused', () => {
    for (const change of [{ clusters: 4 }, { seed: '08'.repeat(32) }, { lloydIterations: 3 }]) {
      const other = awaiting(awaiting(startProgram('kmeans', { ...PARAMETERS, ...change })).next(mean));
      const { attacker } = announced(roundOf(other, 2));
      expect(attacker.members.flatMap(({ rejections }) => rejections.map(({ code }) => code))).toEqual(
        Array(N).fill('UNEXPECTED_PLAN'),
      );
      expect(attacker.all('upload-end')).toEqual([]);
    }
  });

  const due = roundOf(honest, 2);
  it.each<[string, Partial<ExpectedRound>]>([
    ['round', { round: 3 }],
    ['dimension', { dimension: due.dimension + 1 }],
    ['bits', { bits: due.bits + 1 }],
    ['inputBound', { inputBound: due.inputBound + 1 }],
    ['noiseMargin', { noiseMargin: 1 }],
    ['planHash', { planHash: new Uint8Array(32) }],
    ['modelHash', { modelHash: new Uint8Array(32) }],
    ['privacy', { privacy: new Uint8Array(1) }],
    ['logHead', { logHead: new Uint8Array(32) }],
  ])('that differs in its %s is refused', (field, change) => {
    expectRefused(announced({ ...due, ...change }), field);
  });

  it('is refused where the member expects no further sum', () => {
    const attacker = new Attacker({ members: N });
    attacker.openBatch();
    expect(attacker.announce(attacker.roundTerms(due)).ready).toEqual([]);
    for (const { rejections } of attacker.members)
      expect(rejections).toMatchObject([{ code: 'UNEXPECTED_PLAN' }]);
  });
});
