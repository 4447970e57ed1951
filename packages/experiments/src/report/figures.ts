import { formatBytes, formatCost, formatCount, formatDifference, formatQuality } from './format.ts';
import { type Markup, markup } from './markup.ts';
import type { ReportData, RouterResult } from './report-data.ts';

/** The few numbers that a reader wants first. */
export function headline({ federated, static: blind, local, run }: ReportData): Markup {
  const tiles: [string, string, string][] = [
    ['Federated router', formatQuality(federated.aucShared), 'shared AUC'],
    [
      'over the mean local',
      local.length === 0 ? '–' : formatDifference(federated.aucShared - mean(local)),
      'shared AUC',
    ],
    ['over static', formatDifference(federated.aucShared - blind.aucShared), gain(federated, blind)],
    ['Secure sums', run.exact ? 'exact' : 'NOT EXACT', `${run.checkedSums} of ${run.rounds} checked`],
    ['Sent by a client', formatBytes(run.bytesUpPerClient), `${run.rounds} rounds`],
  ];
  return markup`<dl class="tiles">${tiles.map(
    ([name, value, note]) =>
      markup`<div class="tile"><dt>${name}</dt><dd><b>${value}</b><span>${note}</span></dd></div>`,
  )}</dl>`;
}

/** A gain in shared AUC up to this is reported as none. */
const NOTICEABLE = 0.005;

function gain(federated: RouterResult, blind: RouterResult): string {
  return federated.aucShared - blind.aucShared > NOTICEABLE
    ? 'the query helps'
    : 'the query did not help here';
}

export function routerTable(data: ReportData): Markup {
  const { federated, centralised, static: blind, local, singles } = data;
  const shared = local.map(({ aucShared }) => aucShared).toSorted((a, b) => a - b);
  const own = local.map(({ auc }) => auc).toSorted((a, b) => a - b);
  const rows: [string, string, number, number | undefined][] = [
    ['federated', 'secure sums over all clients', federated.aucShared, federated.auc],
    ['centralised', 'the same rows pooled in the clear', centralised.aucShared, centralised.auc],
    ['static', 'one choice for all queries (K = 1)', blind.aucShared, blind.auc],
    ['single models', 'mixtures of models, blind to the query', singles.aucShared, undefined],
  ];
  if (local.length > 0) {
    rows.push(
      ['local, best', 'one client’s rows', shared.at(-1)!, own.at(-1)!],
      ['local, mean', `over ${local.length} clients`, mean(local), average(own)],
      ['local, worst', 'one client’s rows', shared[0]!, own[0]!],
    );
  }
  const body = rows.map(
    ([name, note, aucShared, auc]) =>
      markup`<tr><th scope="row">${name}<small>${note}</small></th><td>${formatQuality(aucShared)}</td><td>${
        name === 'federated' ? '' : formatDifference(aucShared - federated.aucShared)
      }</td><td>${auc === undefined ? '–' : formatQuality(auc)}</td></tr>`,
  );
  return markup`<table class="routers"><thead><tr><th scope="col">Router</th><th scope="col">Shared AUC</th><th scope="col">vs federated</th><th scope="col">AUC</th></tr></thead>
<tbody>${body}</tbody></table>
<p class="note">Shared AUC is the mean height of the concave frontier between the cost of the cheapest and of the dearest model, the same range for
all routers, on a logarithmic axis. AUC is the metric of <cite>Federate the Router</cite>, over each router’s own range of costs, and does not compare
between routers.</p>`;
}

export function policyTable({ bestSingle, cheapest, oracle }: ReportData): Markup {
  const rows: [string, string, number, number][] = [
    ['best single model', bestSingle.model, bestSingle.quality, bestSingle.costUsd],
    ['cheapest model', cheapest.model, cheapest.quality, cheapest.costUsd],
    ['oracle', 'per query the best model, the cheapest of equals', oracle.quality, oracle.costUsd],
  ];
  const body = rows.map(
    ([name, note, quality, costUsd]) =>
      markup`<tr><th scope="row">${name}<small>${note}</small></th><td>${formatQuality(quality)}</td><td>${formatCost(costUsd)}</td></tr>`,
  );
  return markup`<table><thead><tr><th scope="col">Fixed policy</th><th scope="col">Quality</th><th scope="col">per 1,000 queries</th></tr></thead>
<tbody>${body}</tbody></table>`;
}

export function runTable({ run }: ReportData): Markup {
  const rows: [string, string][] = [
    ['Clients', `${run.clients}, of them ${run.survivors} in the last sum`],
    ['Rounds (secure sums)', formatCount(run.rounds)],
    [
      'Opened sums equal to the sum of the survivors’ vectors',
      `${run.exact ? 'all' : 'NOT ALL'} (${run.checkedSums} checked)`,
    ],
    ['Longest vector', `${formatCount(run.dimension)} words`],
    ['Sent by one client, whole run', formatBytes(run.bytesUpPerClient)],
    ['CPU time of one client in one round, median', `${Number(run.cpuMsPerClientRound.toPrecision(3))} ms`],
    ['Wall clock', `${run.seconds.toFixed(1)} s`],
    ['Privacy budget ε', run.epsilon === null ? 'none: no noise was added' : String(run.epsilon)],
  ];
  return markup`<table><thead><tr><th scope="col">The run</th><th></th></tr></thead><tbody>${rows.map(
    ([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td></tr>`,
  )}</tbody></table>`;
}

function mean(routers: readonly RouterResult[]): number {
  return average(routers.map(({ aucShared }) => aucShared));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
