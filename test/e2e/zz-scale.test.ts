import { it } from 'vitest';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64 } from '@tributary/crypto';
import { readClientConfig, runClient } from '@tributary/client';
import { readCoordinatorConfig, runCoordinator } from '@tributary/coordinator';
import { createKeyFile, createLogger, readRosterFile } from '@tributary/runtime';
import { temporaryDirectory } from '../support/cli.ts';
it('scale', async () => {
  const d = temporaryDirectory();
  const N = 8;
  const D = 20000;
  const coord = createKeyFile(join(d, 'c.key'));
  const ids = Array.from({ length: N }, (_, i) => createKeyFile(join(d, `o${i}.key`)));
  writeFileSync(
    join(d, 'roster.yaml'),
    JSON.stringify({
      federation: 't',
      version: 1,
      coordinator: toBase64(coord.publicKey),
      members: ids.map((k, i) => ({ name: `o${i}`, publicKey: toBase64(k.publicKey) })),
    }),
  );
  writeFileSync(
    join(d, 'c.yaml'),
    JSON.stringify({
      roster: 'roster.yaml',
      key: 'c.key',
      listen: { port: 0 },
      output: 'out',
      run: {
        name: 't',
        encoder: 'toy',
        parameters: { models: ['a', 'b'], dimensions: D, clusters: 20, lloydIterations: 2 },
      },
    }),
  );
  let t = performance.now();
  let peak = 0;
  const clients: Promise<unknown>[] = [];
  const report = await runCoordinator({
    config: readCoordinatorConfig(join(d, 'c.yaml'), { insecure: false }),
    log: createLogger('warn'),
    onProgress(e) {
      if (e.kind === 'listening')
        for (let i = 0; i < N; i++) {
          mkdirSync(join(d, `o${i}`));
          writeFileSync(
            join(d, `o${i}.yaml`),
            JSON.stringify({
              roster: 'roster.yaml',
              key: `o${i}.key`,
              coordinator: e.url,
              data: 'x',
              artifact: `o${i}/r.json`,
            }),
          );
          const config = readClientConfig(join(d, `o${i}.yaml`), { insecure: false });
          const n = 10;
          clients.push(
            runClient({
              config,
              roster: readRosterFile(config.roster),
              identity: ids[i]!,
              log: createLogger('warn'),
              loadData: () => ({
                models: ['a', 'b'],
                dimensions: D,
                features: new Float32Array(n * D).map((_, k) => (k % 7 === i % 7 ? 0.001 : 0)),
                records: n,
                offsets: Uint32Array.from({ length: n + 1 }, (_, k) => k),
                model: new Uint16Array(n).map((_, k) => k % 2),
                quality: new Float64Array(n).fill(0.5),
                costUsd: new Float64Array(n).fill(0.01),
              }),
            }),
          );
        }
      if (e.kind === 'sum') {
        const now = performance.now();
        peak = Math.max(peak, process.memoryUsage().rss);
        console.log(
          e.round,
          e.step,
          e.survivors,
          (now - t).toFixed(0) + ' ms',
          (process.memoryUsage().rss / 1e6).toFixed(0) + ' MB',
        );
        t = now;
      }
      if (e.kind === 'dropped' || e.kind === 'left') console.log(JSON.stringify(e));
    },
  });
  console.log(report, await Promise.all(clients).then((c) => c.length));
}, 300_000);
