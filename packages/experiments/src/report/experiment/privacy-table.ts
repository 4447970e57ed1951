import type { Measurement } from '../../results/measurement.ts';
import { type Markup, markup } from '../markup.ts';
import { section } from '../page.ts';

/** What every noisy run was charged, with the statement of the first. Nothing where no sum carried noise. */
export function privacySections(measurements: readonly Measurement[]): Markup[] {
  const charged = measurements.flatMap((measurement) =>
    measurement.privacy === undefined ? [] : [{ ...measurement, privacy: measurement.privacy }],
  );
  const [first] = charged;
  if (first === undefined) return [];
  const rows = charged.map(
    ({
      router,
      seed,
      point,
      privacy,
    }) => markup`<tr><th scope="row">${router}, seed ${seed}<small>${point ?? ''}</small></th>
<td>${privacy.unit}</td><td>${privacy.epsilon} at ${privacy.delta}</td><td>${privacy.filter}</td>
<td>${privacy.spentEpsilon.toFixed(3)}</td><td>${privacy.expectedEpsilon.toFixed(3)}</td><td>${privacy.releases}</td></tr>`,
  );
  return [
    section(
      'What was charged',
      'Recomputed from each run’s ledger. Charged is what is proved for the integer noise that was drawn, over the organisations that took part; expected is what continuous Gaussian noise of the same size costs by numerical composition. Noise is sized for fewer survivors than there were, so less than the budget is spent.',
      markup`<table class="figures"><thead><tr><th scope="col">Run</th><th scope="col">Unit</th><th scope="col">Budget ε at δ</th><th scope="col">Filter</th>
<th scope="col">Charged ε</th><th scope="col">Expected ε</th><th scope="col">Sums</th></tr></thead><tbody>${rows}</tbody></table>
<details><summary>Statement of the first run</summary><pre>${first.privacy.statement}</pre></details>`,
    ),
  ];
}
