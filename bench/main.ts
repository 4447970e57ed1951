/** `pnpm bench NAME [--out FILE] [--only SETTING]`: see bench/README.md. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { machineLine } from './measure.ts';
import type { Report, Row } from './rows.ts';

const BENCHES: Readonly<
  Record<string, () => Promise<(log: (line: string) => void, only?: string) => Row[] | Promise<Row[]>>>
> = {
  'secure-sum': async () => (await import('./secure-sum/secure-sum.ts')).benchSecureSum,
  wire: async () => (await import('./wire.ts')).benchWire,
  sampler: async () => (await import('./sampler.ts')).benchSampler,
  store: async () => (await import('./store.ts')).benchStore,
  mlp: async () => (await import('./mlp.ts')).benchMlp,
  audit: async () => (await import('./audit.ts')).benchAudit,
  route: async () => (await import('./route.ts')).benchRoute,
};

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { out: { type: 'string' }, only: { type: 'string' } },
});
const [name = ''] = positionals;
const load = Object.hasOwn(BENCHES, name) ? BENCHES[name] : undefined;
if (load === undefined || positionals.length > 1) {
  console.error(`error: name one of ${Object.keys(BENCHES).join(', ')} (pnpm bench secure-sum --out FILE)`);
  process.exit(4);
}
const bench = await load();
const rows = await bench((line) => console.error(line), values.only);
const report: Report = { machine: machineLine(), rows };
const text = `${JSON.stringify(report, null, 2)}\n`;
if (values.out === undefined) process.stdout.write(text);
else writeFileSync(values.out, text);
