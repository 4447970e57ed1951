/** One round of the secure sum, by role, against the kernel that it cannot do without. */
import type { Row } from '../rows.ts';
import { type InMemorySetting, measureInMemory } from './in-memory.ts';
import { measureSockets, type SocketSetting } from './sockets.ts';

const sizes = (small: number, large: number): InMemorySetting['sizes'] => [
  { d: 1e5, runs: small },
  { d: 1e6, runs: large },
];

/** n = 100 on a forced complete graph and on the calculator's; a thousand on the calculator's only. */
const IN_MEMORY: readonly InMemorySetting[] = [
  { n: 10, graph: 'complete', sizes: sizes(5, 3) },
  { n: 50, graph: 'complete', sizes: sizes(3, 1) },
  { n: 100, graph: 'complete', sizes: sizes(2, 1) },
  { n: 100, graph: 'calculator', sizes: sizes(1, 1) },
  { n: 1000, graph: 'calculator', sizes: [{ d: 1e5, runs: 1 }] },
];

const SOCKETS: readonly SocketSetting[] = [
  { n: 10, d: 1e5, graph: 'complete' },
  { n: 10, d: 1e6, graph: 'complete' },
  { n: 100, d: 1e5, graph: 'complete' },
  { n: 100, d: 1e6, graph: 'complete' },
];

/** @param only `n` or `n,d`, or a transport: settings that fit; all where it is empty */
export async function benchSecureSum(log: (line: string) => void, only = ''): Promise<Row[]> {
  const rows: Row[] = [];
  const wanted = (transport: string, n: number, d: number): boolean =>
    only === '' || [String(n), `${n},${d}`, transport, `${transport},${n},${d}`].includes(only);
  const add = (more: readonly Row[]): void => {
    rows.push(...more);
    for (const { n, d, dropout = 0, transport, role, cpuMs, ratio, peakRssMb, note } of more) {
      const memory = peakRssMb === undefined ? '' : `, ${peakRssMb.toFixed(0)} MB`;
      log(
        `n ${n}, d ${d}, ${100 * dropout} % lost, ${transport}: ${role} ${cpuMs.toFixed(1)} ms, ratio ${ratio?.toFixed(2)}${memory} (${note})`,
      );
    }
  };
  for (const setting of IN_MEMORY) {
    const chosen = setting.sizes.filter(({ d }) => wanted('in-memory', setting.n, d));
    if (chosen.length > 0) add(measureInMemory({ ...setting, sizes: chosen }));
  }
  for (const setting of SOCKETS) {
    if (wanted('sockets', setting.n, setting.d)) add(await measureSockets(setting));
  }
  return rows;
}
