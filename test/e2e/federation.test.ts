/** A federation as the README describes it: keys, a roster, a coordinator and three clients from the command line, then routing. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { readEntry, type RoundVectors, verifyLog } from '@tributary/audit';
import { nodeBackend } from '@tributary/crypto/node';
import { createGenerator } from '@tributary/router';
import { readKeyFile } from '@tributary/runtime';
import { describe, expect, it } from 'vitest';
import {
  type Draw,
  entriesOf,
  firstDifference,
  mutateEntry,
  mutateLines,
  remembering,
  rewriteLog,
} from '../../packages/audit/src/testing/mutations.ts';
import { linesWithVectors } from '../../packages/cli/src/commands/audit-files.ts';
import { temporaryDirectory, tributary } from '../support/cli.ts';

const ORGANISATIONS = ['acme', 'globex', 'initech'];

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  await new Promise((resolve) => {
    server.close(resolve);
  });
  return port;
}

/** Sums go well with `small`, poems need `large`; each organisation saw one model per query. */
function productionLog(organisation: number): string {
  return Array.from({ length: 60 }, (_, i) => {
    const poem = i % 2 === 0;
    const model = i % 3 === 0 ? 'small' : 'large';
    const query = poem
      ? `write a poem about the sea, verse ${organisation}-${i}`
      : `what is the sum of ${i} and ${organisation + 3}`;
    const score = model === 'large' || !poem ? 1 : 0;
    return JSON.stringify({ query, model, score, cost_usd: model === 'large' ? 0.01 : 0.0002 });
  }).join('\n');
}

async function keygen(path: string): Promise<string> {
  const run = await tributary(['keygen', '--out', path, '--json']);
  expect(run.exitCode, run.stderr).toBe(0);
  return (run.result as { publicKey: string }).publicKey;
}

interface AuditResult {
  readonly sums: number;
  readonly ended: boolean;
  readonly counts: Readonly<Record<string, number>>;
}

const MUTATIONS = Number(process.env['TRIBUTARY_MUTATIONS'] ?? 100);

/** Changes a log in one place, by somebody without a key and by its coordinator, which signs all of its own anew. */
async function everyChangeIsFound(file: string, keyFile: string): Promise<void> {
  const crypto = remembering(nodeBackend);
  const lines: Uint8Array[] = [];
  const sums: RoundVectors[] = [];
  for await (const { line, vectors } of linesWithVectors(file)) {
    lines.push(line);
    if (vectors.sum !== undefined) sums.push(vectors);
  }
  const audit = (changed: readonly Uint8Array[]): boolean => {
    let round = 0;
    return verifyLog(crypto, changed, {}, (line) => {
      const read = readEntry(line);
      return read.ok && read.entry.type === 'sum' ? sums[round++] : undefined;
    }).ok;
  };
  expect(audit(lines)).toBe(true);
  const entries = entriesOf(lines);
  const [genesis] = entries;
  if (genesis?.type !== 'genesis') throw new Error('the log does not begin with its genesis');
  const identity = readKeyFile(keyFile).secretKey;
  const generator = createGenerator(new Uint8Array(32).fill(5));
  const draw: Draw = (below) => Math.floor(generator.nextDouble() * Math.max(below, 1));
  for (let i = 0; i < MUTATIONS; i++) {
    const { what, lines: changed } = mutateLines(lines, draw);
    const same = changed.length === lines.length && firstDifference(lines, changed) > lines.length;
    if (!same && audit(changed)) throw new Error(`change ${i}, ${what}, was not found`);
    const at = draw(entries.length);
    const entry = entries[at] && mutateEntry(crypto, entries[at], identity, draw);
    const rewritten = entry && rewriteLog(crypto, entries.with(at, entry), { identity, run: genesis.run });
    if (rewritten !== undefined && audit(rewritten)) {
      throw new Error(
        `change ${i} by the coordinator, to the ${entry?.type} in line ${at + 1}, was not found`,
      );
    }
  }
}

describe('a federation from the command line', () => {
  it('trains and routes', async () => {
    const directory = temporaryDirectory();
    const at = (name: string): string => join(directory, name);
    const port = await freePort();
    const coordinator = await keygen(at('coordinator.key'));
    const members = await Promise.all(
      ORGANISATIONS.map(async (name) => ({ name, publicKey: await keygen(at(`${name}.key`)) })),
    );
    writeFileSync(
      at('roster.yaml'),
      JSON.stringify({ federation: 'test', version: 1, coordinator, members }),
    );
    writeFileSync(
      at('coordinator.yaml'),
      JSON.stringify({
        roster: 'roster.yaml',
        key: 'coordinator.key',
        listen: { port },
        output: 'federation',
        privacy: { epsilon: 'none' },
        run: {
          name: 'first-router',
          encoder: 'hashed-ngrams-1024',
          maxRecords: 50,
          parameters: { models: ['small', 'large'], dimensions: 1024, clusters: 2, kappa: 1 },
        },
      }),
    );
    ORGANISATIONS.forEach((name, i) => {
      writeFileSync(at(`${name}.jsonl`), productionLog(i));
      const config = {
        roster: 'roster.yaml',
        key: `${name}.key`,
        coordinator: `ws://127.0.0.1:${port}`,
        data: `${name}.jsonl`,
        artifact: `${name}.json`,
        state: `state-${name}`,
        policy: { allowNoNoise: true },
      };
      writeFileSync(at(`${name}.yaml`), JSON.stringify(config));
    });
    // Clients may be there before the coordinator: they keep trying.
    const [served, ...clients] = await Promise.all([
      tributary(['coordinator', 'start', '--config', at('coordinator.yaml'), '--json']),
      ...ORGANISATIONS.map((name) =>
        tributary(['client', 'start', '--config', at(`${name}.yaml`), '--json']),
      ),
    ]);
    expect(served.exitCode, served.stderr).toBe(0);
    expect(served.result).toMatchObject({ survivors: 3 });
    for (const client of clients) {
      expect(client.exitCode, client.stderr).toBe(0);
      expect(client.result).toMatchObject({ records: 50 });
      expect(client.stderr).toContain('10 records stay out');
      expect(client.stderr).toContain('no privacy noise');
    }
    const routers = ORGANISATIONS.map((name) => readFileSync(at(`${name}.json`), 'utf8'));
    expect(new Set(routers).size).toBe(1);
    for (const [text, model] of [
      ['what is the sum of 7 and 8', 'small'],
      ['write a poem about the sea', 'large'],
    ]) {
      const run = await tributary(['route', '--artifact', at('acme.json'), '--json', text ?? '']);
      expect(run.result).toMatchObject({ model });
    }
    // What the coordinator wrote holds, wholly, and it showed its members no other log.
    const heads = ORGANISATIONS.map((name) => at(`state-${name}/heads.jsonl`));
    const log = at('federation/audit.jsonl');
    const shown = heads.flatMap((file) => ['--heads', file]);
    const audited = await tributary(['audit', 'verify', log, ...shown, '--complete', '--json']);
    expect(audited.exitCode, audited.stderr).toBe(0);
    const { sums, ended, counts } = audited.result as AuditResult;
    expect(ended).toBe(true);
    expect(counts).toMatchObject({ plans: sums, masks: sums, heads: 3 * (sums + 1) });
    // Some survivors sign their inner product, of the others the upload is kept.
    expect(counts['summation']).toBe(sums);
    await everyChangeIsFound(log, at('coordinator.key'));
    const [acme, globex] = heads as [string, string];
    const compared = await tributary(['audit', 'compare', acme, globex, '--roster', at('roster.yaml')]);
    expect(compared.stdout, compared.stderr).toBe(`ok ${sums + 1} heads in common\n`);
    // Every prompt stayed at home: nothing the coordinator wrote holds any.
    expect(readFileSync(at('federation/router.json'), 'utf8')).not.toContain('poem');
  });
});
