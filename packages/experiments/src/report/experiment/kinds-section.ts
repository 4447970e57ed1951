import { meanInterval } from '../../results/interval.ts';
import type { ExperimentOutcome } from '../../results/outcome.ts';
import { formatDifference } from '../format.ts';
import { type Markup, markup } from '../markup.ts';
import { section } from '../page.ts';
import { aucSharedOf, measurementsOf } from './setting-lines.ts';

/** By how much each kind of federated router is ahead of the first kind in the same draw. */
export function kindsSection(outcome: ExperimentOutcome): Markup {
  const [first, ...others] = outcome.routers;
  const reference = first === undefined ? [] : measurementsOf(outcome, first.name, 'federated');
  const rows = others.map(({ name, title }) => {
    const differences = measurementsOf(outcome, name, 'federated').flatMap((measured) => {
      const beside = reference.find(({ seed, point }) => seed === measured.seed && point === measured.point);
      return beside === undefined ? [] : [aucSharedOf(measured) - aucSharedOf(beside)];
    });
    if (differences.length === 0) return undefined;
    const { mean, low, high } = meanInterval(differences);
    const range =
      low === null || high === null ? '–' : `${formatDifference(low)} … ${formatDifference(high)}`;
    return markup`<tr><th scope="row">${title} − ${first?.title ?? ''}</th><td>${formatDifference(mean)}</td><td>${range}</td></tr>`;
  });
  return section(
    'Kinds of router',
    'Differences in shared AUC of federated routers within each seed, so that what a draw does to all routers cancels.',
    markup`<table><thead><tr><th scope="col">Difference in shared AUC</th><th scope="col">Mean</th><th scope="col">95 % interval</th></tr></thead><tbody>${rows}</tbody></table>`,
  );
}
