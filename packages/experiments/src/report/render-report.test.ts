import type { CurvePoint } from '@tributary/router';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { renderReport } from './render-report.ts';
import type { ReportBudget, ReportData, RouterResult } from './report-data.ts';

function router(gain: number): RouterResult {
  const curve: CurvePoint[] = [
    { lambda: 0.01, quality: 0.7, costUsd: 0.008 },
    { lambda: 100, quality: 0.6 + gain, costUsd: 0.001 },
    { lambda: 1e7, quality: 0.35, costUsd: 0.00005 },
  ];
  return { curve, auc: 0.61 + gain, aucShared: 0.5 + gain };
}

function report(change: Partial<ReportData> = {}): ReportData {
  const small = { model: 'small', quality: 0.35, costUsd: 0.00005 };
  const large = { model: 'large', quality: 0.7, costUsd: 0.008 };
  return {
    workload: { name: 'a workload', synthetic: false, trainQueries: 3674, testQueries: 1226 },
    settings: [['Seed', '1']],
    models: ['small', 'large'],
    federated: router(0.08),
    centralised: router(0.081),
    static: router(0),
    local: [router(-0.1), router(0.02)],
    singles: { models: [small, large], aucShared: 0.5 },
    bestSingle: large,
    cheapest: small,
    oracle: { quality: 0.9, costUsd: 0.002 },
    defaultLambda: 100,
    coverage: [
      { client: 'client 0', observations: [120, 3] },
      { client: 'client 1', observations: [0, 77] },
    ],
    run: {
      clients: 5,
      survivors: 4,
      rounds: 21,
      exact: true,
      checkedSums: 21,
      dimension: 20_500,
      bytesUpPerClient: 1_930_000,
      cpuMsPerClientRound: 23.456,
      seconds: 6.24,
      epsilon: null,
    },
    rounds: [{ step: 'lloyd 1', start: 0, end: 0.4, survivors: 5 }],
    ...change,
  };
}

const TAG = /^<(?:!doctype html|\/?[a-z0-9]+(?: [a-zA-Z0-9-]+="[^"<>]*")*\/?)>$/;

/** What of the page our templates cannot have written: a text that has become markup. */
function foreignMarkup(html: string): string[] {
  const tags = html.match(/<[^>]*>/g) ?? [];
  const active = /^<(?:script|img|iframe|object|link|a)\b| on\w+=| href=| src=| style=/i;
  return tags.filter((tag) => !TAG.test(tag) || active.test(tag));
}

describe('renderReport', () => {
  it('shows the figures that it was given', () => {
    const html = renderReport(report());
    for (const figure of [
      '0.580',
      '+0.001',
      '−0.080',
      '0.460',
      '1.93 MB',
      '23.5 ms',
      '3,674',
      '$8',
      '$0.05',
    ]) {
      expect(html).toContain(figure);
    }
    expect(html).toContain('5, of them 4 in the last sum');
    expect(html).toContain('the query helps');
    expect(html).toContain('client 1, large: 77');
    expect(html).toContain('lloyd 1: 0.40 s, 5 survivors');
  });

  it('fetches nothing and runs nothing', () => {
    const html = renderReport(report());
    expect(foreignMarkup(html)).toEqual([]);
    expect(html).not.toMatch(/https?:|url\(|@import|javascript:/i);
    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  });

  it('says where the workload is synthetic, no noise was added, or a sum was wrong', () => {
    const synthetic = { name: 'w', synthetic: true, trainQueries: 1, testQueries: 1 };
    const { run } = report();
    expect(renderReport(report({ workload: synthetic }))).toContain('synthetic workload');
    expect(renderReport(report())).not.toContain('synthetic workload');
    expect(renderReport(report())).toContain('No noise was added');
    const budget: ReportBudget = {
      unit: 'record',
      epsilon: 4,
      delta: 1e-5,
      limit: 0.3,
      rounds: [{ step: 'statistics', survivors: 5, reserved: 0.21, charged: 0.14, spentEpsilon: 2.345 }],
    };
    const budgetTrials = [1, 3].map((epsilon) => ({ epsilon, aucShared: [0.5, 0.6] }));
    const noisy = renderReport(report({ run: { ...run, epsilon: 4 }, budget, budgetTrials }));
    expect(noisy).not.toContain('No noise was added');
    expect(noisy).toContain('2.345 of 4');
    expect(noisy).toContain('0.1400 of 0.3000');
    expect(noisy).toContain('Quality over epsilon');
    expect(renderReport(report())).not.toContain('NOT EXACT');
    expect(renderReport(report({ run: { ...run, exact: false } }))).toContain('NOT EXACT');
  });

  it('says when looking at the query was of no use', () => {
    expect(renderReport(report({ federated: router(0.001) }))).toContain('the query did not help here');
  });

  it('goes without local routers, rounds and settings', () => {
    const html = renderReport(report({ local: [], rounds: [], settings: [] }));
    expect(foreignMarkup(html)).toEqual([]);
    expect(html).not.toContain('NaN');
    expect(html).not.toContain('<h2>Rounds');
  });

  it('draws every place as a finite number', () => {
    expect(renderReport(report())).not.toMatch(/NaN|Infinity|undefined/);
  });

  it('turns no text of the data into markup', () => {
    const hostile = '"><script>alert(1)</script><img src=x onerror="alert(2)">\'';
    const html = renderReport(
      report({
        workload: { name: hostile, synthetic: false, trainQueries: 1, testQueries: 1 },
        settings: [[hostile, hostile]],
        models: [hostile, 'large'],
        coverage: [{ client: hostile, observations: [3, 4] }],
        bestSingle: { model: hostile, quality: 0.7, costUsd: 0.008 },
        rounds: [{ step: hostile, start: 0, end: 1, survivors: 3 }],
      }),
    );
    expect(foreignMarkup(html)).toEqual([]);
    expect(html).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('turns no text whatever into markup', () => {
    const nasty = fc.string({
      unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '!', '-', '=', ' ', 'a', '</style>'),
    });
    fc.assert(
      fc.property(nasty, nasty, nasty, (workload, model, client) => {
        const html = renderReport(
          report({
            workload: { name: workload, synthetic: false, trainQueries: 1, testQueries: 1 },
            models: [model, 'large'],
            coverage: [{ client, observations: [3, 4] }],
            cheapest: { model, quality: 0.35, costUsd: 0.00005 },
          }),
        );
        expect(foreignMarkup(html)).toEqual([]);
      }),
    );
  });
});
