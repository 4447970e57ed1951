import { meanInterval } from '../../results/interval.ts';
import type { Measurement, Setting } from '../../results/measurement.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import { formatDifference } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { aucSharedOf, measurementsOf } from './setting-lines.ts';

/** By how much the federated router is ahead of everything else in the same draw. */
export function differencesTable(outcome: ExperimentOutcome): Markup {
  const rows = outcome.routers.flatMap(({ name, title }) =>
    [...(['centralised', 'local', 'static'] as const), 'singles' as const].map((other) => {
      const differences = measurementsOf(outcome, name, 'federated').flatMap((federated) => {
        const reference = aucSharedBeside(outcome, federated, other);
        return reference === undefined ? [] : [aucSharedOf(federated) - reference];
      });
      return { label: `${title}: federated − ${other === 'singles' ? 'single models' : other}`, differences };
    }),
  );
  const body = rows
    .filter(({ differences }) => differences.length > 0)
    .map(({ label, differences }) => {
      const { mean: middle, low, high } = meanInterval(differences);
      const range =
        low === null || high === null ? '–' : `${formatDifference(low)} … ${formatDifference(high)}`;
      const above = differences.filter((difference) => difference > 0).length;
      return markup`<tr><th scope="row">${label}</th><td>${formatDifference(middle)}</td><td>${range}</td><td>${above} of ${differences.length}</td></tr>`;
    });
  return markup`<table><thead><tr><th scope="col">Difference in shared AUC</th><th scope="col">Mean</th><th scope="col">95 % interval</th><th scope="col">Seeds above 0</th></tr></thead>
<tbody>${body}</tbody></table>`;
}

/** What stands beside a federated router in the same draw. */
function aucSharedBeside(
  { measurements, facts }: ExperimentOutcome,
  { router, seed, point }: Measurement,
  other: Setting | 'singles',
): number | undefined {
  if (other === 'singles') {
    return facts.find((each) => each.seed === seed && each.point === point)?.singlesScore.aucShared;
  }
  const beside = measurements.find(
    (each) => each.router === router && each.seed === seed && each.point === point && each.setting === other,
  );
  return beside && aucSharedOf(beside);
}
