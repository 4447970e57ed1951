/** What a ledger guarantees, for people: the questions that NIST SP 800-226 asks of a differential privacy guarantee, with their answers. */
import { addRational, formatRational, type Rational } from '../zcdp/rational.ts';
import { groupCharge } from '../zcdp/charge.ts';
import { releaseCharge } from '../zcdp/sampled-charge.ts';
import { epsilonOf, formatFilter, type PrivacyDeclaration } from '../rounds/declaration.ts';
import type { VerifiedLedger } from './verify-ledger.ts';

export interface SpentBudget {
  /** In the unit of the filter: "p/q". */
  readonly charge: string;
  readonly epsilon: number;
}

export interface PrivacyStatement {
  readonly unit: PrivacyDeclaration['unit'];
  readonly adjacency: string;
  readonly delta: string;
  readonly limit: SpentBudget;
  /** Of opened sums. */
  readonly spent: SpentBudget;
  /** Of opened sums and of attempts that might yet be opened. */
  readonly spentAndReserved: SpentBudget;
  readonly filter: string;
  readonly mechanism: string;
  readonly trust: string;
  readonly colluders: number;
  readonly cohorts: { readonly minSurvivors: number; readonly survivors: readonly number[] };
  readonly releases: number;
  readonly attempts: number;
  /** Attempts of which nothing can ever be opened: they cost nothing. */
  readonly voided: number;
  readonly effectOfDropouts: string;
  /** What it costs a person who is behind several units of every release. */
  readonly severalUnits: readonly { readonly units: number; readonly epsilon: number }[];
  readonly assumptions: readonly string[];
  readonly notCovered: readonly string[];
  /** What the ledger says and the recomputation does not. */
  readonly differences: readonly string[];
}

const UNITS_OF_ONE_PERSON = [2, 5, 10];

const UNIT_WORDS: Readonly<Record<PrivacyDeclaration['unit'], string>> = {
  record: 'one record: one query with all its evaluations',
  'end-user': 'one end user of one organisation, with at most the declared number of records in a sum',
  organisation: 'one organisation with all its records',
};

/** @returns undefined for a ledger without a genesis, which guarantees nothing */
export function privacyStatement(ledger: VerifiedLedger): PrivacyStatement | undefined {
  const { genesis, federation, releases } = ledger;
  if (genesis === undefined) return undefined;
  const { declaration, limit } = genesis;
  const { unit, colluders, minSurvivors, filter, delta } = declaration;
  const total = addRational(federation.settled, federation.reserved);
  return {
    unit,
    adjacency: 'zero_out: the contribution of one unit is replaced by zero; who takes part is public',
    delta: String(delta),
    limit: spentOf(declaration, limit),
    spent: spentOf(declaration, federation.settled),
    spentAndReserved: spentOf(declaration, total),
    filter: formatFilter(filter),
    mechanism: mechanismOf(declaration),
    trust: `the coordinator and up to ${colluders} organisations may work together and deviate; nobody sees a contribution in clear, and the noise of the others stays unknown to them`,
    colluders,
    cohorts: { minSurvivors, survivors: releases.map(({ survivors }) => survivors) },
    releases: releases.length,
    attempts: ledger.attempts,
    voided: ledger.voided,
    effectOfDropouts: `noise is sized for ${minSurvivors - colluders} honest survivors and charged at those that remained; with fewer than ${minSurvivors} survivors nothing is opened`,
    severalUnits: UNITS_OF_ONE_PERSON.map((units) => ({
      units,
      epsilon: epsilonOf(declaration, chargeOfSeveral(ledger, declaration, units)),
    })),
    assumptions: [
      'organisations clip their records and draw their noise as the protocol says; witness coordinates notice missing noise, not a member that cheats elsewhere',
      `at most ${colluders} organisations misbehave`,
      'the cryptography of masks and random numbers holds',
      'the evaluations of different organisations are about different people, or see several units below',
    ],
    notCovered: [
      'who takes part, when, how long it takes, and the size of messages',
      'what an organisation itself does with its data, and what it uploads elsewhere',
      'facts about a population that would be learned without any one unit',
      ...(unit === 'organisation'
        ? []
        : ['an organisation as a whole: it is protected by the secure sum alone']),
      'other runs over the same data, unless they share one account',
    ],
    differences: ledger.differences.map(({ entry, code, message }) => `entry ${entry}: ${code}: ${message}`),
  };
}

function mechanismOf({ rounds, filter }: PrivacyDeclaration): string {
  const base =
    'discrete Gaussian on integers: every organisation adds its own share inside the secure sum; records are clipped to an exact integer norm';
  const sampled = rounds.filter(({ sampling = 1 }) => sampling < 1);
  if (sampled.length === 0) return base;
  const charged =
    filter.kind === 'rdp'
      ? `charged at what is proved for integer noise at order ${filter.order}, rounded up`
      : 'charged as if every record were in them: zCDP knows no amplification';
  return `${base}; ${sampled.length} sums see only records that each organisation samples by secret coins, ${charged}`;
}

/** Of someone behind several units of each release: a sampled one is charged anew, because a group is sampled more often than one of its units. */
function chargeOfSeveral(
  { federation, releases }: VerifiedLedger,
  { filter, recordsPerUnit }: PrivacyDeclaration,
  units: number,
): Rational {
  return releases.reduce(
    (sum, release) =>
      addRational(
        sum,
        releaseCharge(filter, groupCharge(release.rho, units), release, units * recordsPerUnit),
      ),
    groupCharge(federation.reserved, units),
  );
}

function spentOf(declaration: PrivacyDeclaration, charge: Rational): SpentBudget {
  return { charge: formatRational(charge), epsilon: epsilonOf(declaration, charge) };
}

function list(items: readonly string[]): string {
  return items.map((item) => `- ${item}`).join('\n');
}

/** The statement as Markdown. */
export function renderStatement(statement: PrivacyStatement): string {
  const { limit, spent, spentAndReserved, delta, cohorts, severalUnits } = statement;
  const { survivors } = cohorts;
  const range = survivors.length === 0 ? 'none' : `${Math.min(...survivors)} to ${Math.max(...survivors)}`;
  return [
    '# Privacy statement',
    '',
    statement.differences.length === 0
      ? 'Recomputed from the ledger; everything agrees.'
      : `**The ledger does not agree with its recomputation.**\n\n${list(statement.differences)}`,
    '',
    `| | |`,
    `|---|---|`,
    `| unit of privacy | ${UNIT_WORDS[statement.unit]} |`,
    `| neighbouring data | ${statement.adjacency} |`,
    `| spent | epsilon ${spent.epsilon.toFixed(4)} at delta ${delta} |`,
    `| spent and reserved | epsilon ${spentAndReserved.epsilon.toFixed(4)} at delta ${delta} |`,
    `| limit | epsilon ${limit.epsilon.toFixed(4)} at delta ${delta} |`,
    `| filter | ${statement.filter}: ${spentAndReserved.charge} of ${limit.charge} |`,
    `| mechanism | ${statement.mechanism} |`,
    `| trust | ${statement.trust} |`,
    `| released sums | ${statement.releases}, of ${statement.attempts} attempts, ${statement.voided} of them void, over ${range} organisations each |`,
    `| dropouts | ${statement.effectOfDropouts} |`,
    '',
    '## The same person several times',
    '',
    'A person behind several units of every release, in one organisation or in several, is protected less:',
    '',
    '| units | epsilon |',
    '|---|---|',
    ...severalUnits.map(({ units, epsilon }) => `| ${units} | ${epsilon.toFixed(2)} |`),
    '',
    '## What nobody can check',
    '',
    list(statement.assumptions),
    '',
    '## What is not covered',
    '',
    list(statement.notCovered),
    '',
  ].join('\n');
}
