import { describe, expect, it } from 'vitest';
import type { Adjacency } from '../adjacency.ts';
import { PrivacyError } from '../privacy-error.ts';
import { account, type Accountant } from './account.ts';
import type { PrivacyEvent } from './events.ts';
import { parseEvents } from './parse-events.ts';

/** Rows of Google's dp_accounting 0.6.0 at delta 1e-5; `lower` and `upper` are its PLD bracket. */
const ROWS: readonly {
  readonly events: readonly PrivacyEvent[];
  readonly rdp?: number;
  readonly lower?: number;
  readonly upper?: number;
}[] = [
  {
    events: [{ type: 'gaussian', noiseMultiplier: 0.5 }],
    rdp: 10.725509696418232,
    lower: 9.997256146434301,
    upper: 9.997256150250438,
  },
  {
    events: [{ type: 'poisson_gaussian', samplingProbability: 0.5, noiseMultiplier: 2, count: 30 }],
    rdp: 7.754187120830105,
    lower: 7.096610169572591,
    upper: 7.0981102257487025,
  },
  {
    events: [
      {
        type: 'poisson_gaussian',
        samplingProbability: 0.01,
        noiseMultiplier: 1,
        count: 100,
        adjacency: 'replace_one',
      },
    ],
    lower: 0.8901253089897754,
    upper: 0.8951258979163581,
  },
  {
    events: [
      {
        type: 'poisson_gaussian',
        samplingProbability: 0.1,
        noiseMultiplier: 2,
        count: 100,
        adjacency: 'zero_out',
      },
    ],
    rdp: 2.5805709505045913,
    lower: 2.332399848164999,
    upper: 2.3374001925804175,
  },
  {
    events: [
      {
        type: 'sampled_without_replacement_gaussian',
        sourceSize: 100,
        sampleSize: 10,
        noiseMultiplier: 1,
        count: 10,
        adjacency: 'replace_one',
      },
    ],
    rdp: 4.586270766626734,
  },
  {
    events: [{ type: 'discrete_gaussian', sigma: 0.5, sensitivity: 1 }],
    rdp: 10.725509696418232,
    lower: 9.961411388026173,
    upper: 9.961411388026173,
  },
  {
    events: [{ type: 'laplace', scale: 0.5, count: 10 }],
    rdp: 19.990334479142614,
    lower: 19.989959868348254,
    upper: 19.98996231698569,
  },
  {
    events: [{ type: 'discrete_laplace', scale: 10, sensitivity: 1, count: 10 }],
    lower: 0.9936911767599687,
    upper: 0.9936911767599687,
  },
  { events: [{ type: 'zcdp', rho: 0.001 }], rdp: 0.16586725121127976 },
  {
    events: [
      { type: 'gaussian', noiseMultiplier: 8, count: 20 },
      { type: 'gaussian', noiseMultiplier: 10, count: 5 },
      { type: 'poisson_gaussian', samplingProbability: 1, noiseMultiplier: 20 },
    ],
    rdp: 2.673223442682361,
    lower: 2.46386,
    upper: 2.463969872567337,
  },
];

function refusal(run: () => unknown): PrivacyError {
  try {
    run();
  } catch (error) {
    if (error instanceof PrivacyError) return error;
    throw error;
  }
  throw new Error('was accepted');
}

describe('account agrees with the reference library', () => {
  it.each(ROWS.filter(({ rdp }) => rdp !== undefined))('rdp: $events', ({ events, rdp = Number.NaN }) => {
    const answer = account(events, 1e-5, 'rdp');
    expect(Math.abs(answer.epsilon / rdp - 1)).toBeLessThan(1e-8);
    expect(answer).toMatchObject({ delta: 1e-5, accountant: 'rdp', order: expect.any(Number) });
  });

  it.each(ROWS.filter(({ upper }) => upper !== undefined))(
    'pld: $events',
    ({ events, lower = Number.NaN, upper = Number.NaN }) => {
      const answer = account(events, 1e-5, 'pld');
      expect(answer.epsilon).toBeGreaterThanOrEqual(lower);
      expect(answer.epsilon).toBeLessThan(upper + 1e-3);
      expect(answer).not.toHaveProperty('order');
    },
  );

  it('zcdp of a Gaussian is its exact rho, at any order', () => {
    const { epsilon, order } = account(
      [{ type: 'gaussian', noiseMultiplier: 4.0451, count: 1 }],
      1e-5,
      'zcdp',
    );
    expect(epsilon).toBeCloseTo(1, 4);
    expect(order).toBeGreaterThan(1);
    const laplace = account([{ type: 'laplace', scale: 5, count: 4 }], 1e-5, 'zcdp').epsilon;
    expect(laplace).toBeCloseTo(account([{ type: 'zcdp', rho: 0.02, count: 4 }], 1e-5, 'zcdp').epsilon, 9);
  });

  it('pld <= rdp, and the same events in pieces cost the same', () => {
    const whole: PrivacyEvent[] = [
      { type: 'poisson_gaussian', samplingProbability: 0.2, noiseMultiplier: 2, count: 20 },
      { type: 'gaussian', noiseMultiplier: 5, count: 2 },
    ];
    const pieces: PrivacyEvent[] = [
      { type: 'poisson_gaussian', samplingProbability: 0.2, noiseMultiplier: 2, count: 15 },
      { type: 'gaussian', noiseMultiplier: 5 },
      { type: 'poisson_gaussian', samplingProbability: 0.2, noiseMultiplier: 2, count: 5 },
      { type: 'gaussian', noiseMultiplier: 5 },
    ];
    const pld = account(whole, 1e-6, 'pld').epsilon;
    expect(pld).toBeLessThan(account(whole, 1e-6, 'rdp').epsilon);
    expect(account(pieces, 1e-6, 'pld').epsilon).toBeCloseTo(pld, 9);
    expect(account(pieces, 1e-6, 'rdp').epsilon).toBeCloseTo(account(whole, 1e-6, 'rdp').epsilon, 12);
  });

  it('replacing costs like twice the sensitivity where the noise multiplier is relative to presence', () => {
    const event = { type: 'poisson_gaussian', samplingProbability: 1, noiseMultiplier: 8 } as const;
    const replaced = account([{ ...event, adjacency: 'replace_one' }], 1e-5, 'pld').epsilon;
    expect(replaced).toBe(account([{ type: 'gaussian', noiseMultiplier: 4 }], 1e-5, 'pld').epsilon);
  });

  it('nothing released costs nothing', () => {
    for (const accountant of ['zcdp', 'rdp', 'pld'] as const) {
      expect(account([], 1e-5, accountant).epsilon).toBe(0);
    }
    const never = { type: 'poisson_gaussian', samplingProbability: 0, noiseMultiplier: 1 } as const;
    expect(account([never], 1e-5, 'pld').epsilon).toBe(0);
    expect(account([never], 1e-5, 'rdp').epsilon).toBe(0);
  });
});

describe('unsupported combinations are refused, never guessed', () => {
  const sampled = { type: 'poisson_gaussian', samplingProbability: 0.1, noiseMultiplier: 1 } as const;
  const subset = {
    type: 'sampled_without_replacement_gaussian',
    sourceSize: 100,
    sampleSize: 10,
    noiseMultiplier: 1,
    adjacency: 'replace_one',
  } as const;
  const cases: readonly [string, PrivacyEvent, Accountant][] = [
    ['zcdp has no amplification', sampled, 'zcdp'],
    ['zcdp has no amplification by subsets', subset, 'zcdp'],
    ['rdp of a replaced record in a Poisson sample', { ...sampled, adjacency: 'replace_one' }, 'rdp'],
    ['a subset under add_remove', { ...subset, adjacency: 'add_remove' }, 'rdp'],
    ['a subset under zero_out', { ...subset, adjacency: 'zero_out' }, 'rdp'],
    ['a subset has no dominating pair here', subset, 'pld'],
    ['a zCDP bound has no loss distribution', { type: 'zcdp', rho: 0.1 }, 'pld'],
    [
      'discrete noise with a fractional sensitivity',
      { type: 'discrete_gaussian', sigma: 2, sensitivity: 1.5 },
      'pld',
    ],
    ['discrete noise too wide for a grid', { type: 'discrete_gaussian', sigma: 1e6, sensitivity: 1 }, 'pld'],
    ['almost no noise', { type: 'laplace', scale: 1e-3 }, 'pld'],
  ];
  it.each(cases)('%s', (_name, event, accountant) => {
    expect(refusal(() => account([event], 1e-5, accountant)).code).toBe('UNSUPPORTED');
  });

  it.each(['tree', 'single_epoch_tree_aggregation', 'truncated_poisson', 'repeat_and_select'])(
    'events of type %s',
    (type) => {
      const refused = refusal(() => parseEvents([{ type, noiseMultiplier: 5 }]));
      expect(refused.code).toBe('UNSUPPORTED');
      expect(refused.message).toContain('events[0].type');
    },
  );

  it('guarantees of different adjacency in one composition', () => {
    const mixed = [{ type: 'gaussian', noiseMultiplier: 1 }, subset];
    const refused = refusal(() => parseEvents(mixed));
    expect(refused.code).toBe('UNSUPPORTED');
    expect(refused.message).toContain('events[1].adjacency is replace_one where events[0] has add_remove');
  });
});

describe('a malformed request is refused by position and field', () => {
  const good = { type: 'poisson_gaussian', samplingProbability: 0.1, noiseMultiplier: 1 };
  const adjacency: Adjacency = 'zero_out';
  it.each([
    [{ type: 'gaussian' }, 'events must be an array'],
    [null, 'events must be an array'],
    [[7], 'events[0] must be an object'],
    [[good, null], 'events[1] must be an object'],
    [[[good]], 'events[0] must be an object'],
    [[{}], 'events[0].type is missing'],
    [[{ type: 3 }], 'events[0].type is 3'],
    [[{ type: 'gaussian' }], 'events[0].noiseMultiplier must be a finite number above 0, not missing'],
    [[{ ...good, noiseMultiplier: -1 }], 'events[0].noiseMultiplier must be a finite number above 0, not -1'],
    [[{ ...good, noiseMultiplier: Number.NaN }], 'not NaN'],
    [[{ ...good, noiseMultiplier: '1' }], 'not "1"'],
    [[{ ...good, noiseMultiplier: 1n }], 'not 1'],
    [[{ ...good, noiseMultiplier: [1] }], 'not of type object'],
    [[{ ...good, samplingProbability: 1.1 }], 'events[0].samplingProbability must be a probability'],
    [[{ ...good, count: 0 }], 'events[0].count must be an integer in 1 .. 1000000000, not 0'],
    [[{ ...good, count: 2.5 }], 'events[0].count'],
    [[{ ...good, count: 1e10 }], 'events[0].count'],
    [
      [{ ...good, adjacency: 'swap' }],
      'events[0].adjacency must be one of add_remove, replace_one, zero_out, not "swap"',
    ],
    [[{ ...good, noise_multiplier: 1 }], 'events[0].noise_multiplier is not a field of this type'],
    [[{ type: 'discrete_laplace', scale: 1, sensitivity: 0.5 }], 'events[0].sensitivity must be an integer'],
    [
      [{ type: 'discrete_gaussian', sigma: 1 }],
      'events[0].sensitivity must be a finite number above 0, not missing',
    ],
    [
      [
        {
          type: 'sampled_without_replacement_gaussian',
          sourceSize: 10,
          sampleSize: 11,
          noiseMultiplier: 1,
          adjacency,
        },
      ],
      'events[0].sampleSize must be an integer in 1 .. 10, not 11',
    ],
  ])('%o', (events, message) => {
    const refused = refusal(() => parseEvents(events));
    expect(refused.code).toBe('BAD_EVENT');
    expect(refused.message).toContain(message);
  });

  it('account checks events that came past the compiler, delta, and its own name', () => {
    const event: PrivacyEvent = { type: 'gaussian', noiseMultiplier: -3 };
    expect(refusal(() => account([event], 1e-5, 'rdp')).code).toBe('BAD_EVENT');
    expect(refusal(() => account([], 0, 'rdp')).code).toBe('BAD_PARAMETER');
    expect(refusal(() => account([], 1e-5, 'prv' as Accountant)).message).toContain('zcdp, rdp or pld');
  });
});
