/**
 * Clients that come later, with tasks that those before them do not know. They take part in sums of their own, in a cohort that no round lets be
 * smaller than its floors allow: the router before and after then tells about them together what any sum tells, and about none of them alone.
 */
import { RuntimeError } from '@tributary/runtime';
import { scoreRouter } from '../evaluation/score-router.ts';
import type { RouterFamily } from '../families/router-family.ts';
import { pointsSections } from '../report/experiment/points-sections.ts';
import type { Measurement } from '../results/measurement.ts';
import { NEW_TASKS } from '../partition/newcomers.ts';
import type { Scene } from '../scene/scene.ts';
import { LEAST_SECURE_CLIENTS } from '../sums/secure-sums.ts';
import { familiesThat } from './families-that.ts';
import type { Experiment, ExperimentPlan, Trial, TrialContext } from './experiment.ts';
import { describe, federationOf, ownYardstick } from './measures.ts';
import { joinTests } from '../scene/join-tests.ts';

/** As few as can be summed without revealing one. */
export const NEWCOMERS: number = LEAST_SECURE_CLIENTS;

const WHEN = { before: 'before', after: 'newcomers added', all: 'all from the start' } as const;
const WHOSE = { newcomers: 'tests of newcomers', first: 'tests of the first clients' } as const;
const POINTS = Object.values(WHOSE).flatMap((whose) =>
  Object.values(WHEN).map((when) => pointOf(when, whose)),
);

export const addClientsExperiment: Experiment = {
  name: 'add-clients',
  description: `${NEWCOMERS} clients come later, with ${100 * NEW_TASKS} % of the tasks to themselves, and join without the others`,
  trials: ({ families, clients, seeds }: ExperimentPlan): Trial[] => {
    if (clients < 2 * NEWCOMERS) {
      throw new RuntimeError(
        'BAD_ARGUMENT',
        `add-clients adds ${NEWCOMERS} clients to a federation of at least as many, not ${clients} in all`,
        `give --clients ${2 * NEWCOMERS} or more`,
      );
    }
    return seeds.flatMap((seed) =>
      familiesThat(families, 'addClients').map((family) => ({
        name: `seed ${seed}, ${family.name}, clients added`,
        scene: { seed, clients, newcomers: NEWCOMERS },
        measure: (context) => measureAddedClients(context, family),
      })),
    );
  },
  sections: (outcome) =>
    pointsSections(outcome, {
      title: 'Newcomers',
      text: `The last ${NEWCOMERS} clients have tasks that no other has. They add their rows to a router that the first clients trained, by sums over themselves alone.`,
      points: POINTS,
      figures: [],
    }),
};

function pointOf(when: string, whose: string): string {
  return `${when}, ${whose}`;
}

function measureAddedClients(context: TrialContext, family: RouterFamily): Measurement[] {
  const { scene } = context;
  const everyone = scene.clients.map((_, i) => i);
  const [first, newcomers] = [everyone.slice(0, -NEWCOMERS), everyone.slice(-NEWCOMERS)];
  const before = family.federated(federationOf(context, first));
  const routers = {
    before,
    after: family.addClients?.(before, federationOf(context, newcomers)) ?? before,
    all: family.federated(federationOf(context)),
  };
  const tests = { newcomers: testOf(scene, newcomers), first: testOf(scene, first) };
  return (['newcomers', 'first'] as const).flatMap((whose) => {
    const yardstick = ownYardstick(tests[whose]);
    if (yardstick === undefined) return [];
    return (['before', 'after', 'all'] as const).map((when) => ({
      ...describe(context, family, 'federated'),
      point: pointOf(WHEN[when], WHOSE[whose]),
      scores: [scoreRouter(routers[when], yardstick)],
    }));
  });
}

function testOf({ ownTests }: Scene, which: readonly number[]): ReturnType<typeof joinTests> {
  return joinTests(which.flatMap((i) => ownTests[i] ?? []));
}
