import { expect, it } from 'vitest';
import { DropCounts } from './drop-counts.ts';

it('drops are counted by member, phase and reason', () => {
  const drops = new DropCounts();
  const late = { member: 2, reason: 'late', phase: 'unmask', detail: '' } as const;
  for (const drop of [late, { ...late, member: 1 }, { ...late, detail: 'again' }]) drops.add(drop);
  drops.add({ ...late, reason: 'version' });
  expect(drops.list()).toEqual([
    { member: 2, phase: 'unmask', reason: 'late', times: 2 },
    { member: 1, phase: 'unmask', reason: 'late', times: 1 },
    { member: 2, phase: 'unmask', reason: 'version', times: 1 },
  ]);
});
