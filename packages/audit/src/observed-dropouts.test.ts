import { nodeBackend as crypto } from '@tributary/crypto/node';
import { describe, expect, it } from 'vitest';
import { observedDropouts } from './observed-dropouts.ts';
import { RecordedFederation } from './testing/recorded-federation.ts';

describe('the dropouts that a log shows', () => {
  it('are none where nobody was lost', () => {
    const run = new RecordedFederation({ crypto, members: 4, dimension: 8 });
    expect(run.sum().kind).toBe('opened');
    const seen = observedDropouts(run.lines);
    expect(seen).toMatchObject({ cohort: 4, attempts: 1 });
    expect(Object.values(seen.rates)).toEqual([0, 0, 0, 0, 0]);
    expect(seen.phases.consistency).toEqual({ present: 4, lost: 0 });
  });

  it('are counted in the phase in which a member was lost, over all attempts', () => {
    const run = new RecordedFederation({
      crypto,
      members: 5,
      dimension: 8,
      faults: {
        fate: (member, phase, round, chunk) =>
          member === 4 && phase === 'masked-input' && round === 2 && chunk === undefined ? 'die' : 'live',
      },
    });
    for (let i = 0; i < 2; i++) expect(run.sum().kind).toBe('opened');
    const { phases, rates } = observedDropouts(run.lines);
    expect(phases['masked-input']).toEqual({ present: 10, lost: 1 });
    expect(rates['masked-input']).toBe(0.1);
    expect(phases.ready).toEqual({ present: 10, lost: 0 });
    expect(phases.consistency).toEqual({ present: 9, lost: 0 });
  });

  it('are those of an attempt that failed, too', () => {
    const run = new RecordedFederation({
      crypto,
      members: 4,
      dimension: 8,
      faults: { fate: (member, phase) => (member > 1 && phase === 'masked-input' ? 'die' : 'live') },
    });
    expect(run.sum().kind).toBe('aborted');
    expect(observedDropouts(run.lines).phases['masked-input']).toEqual({ present: 4, lost: 2 });
  });

  it('are nothing in what is no log', () => {
    expect(observedDropouts([Uint8Array.of(1, 2)])).toMatchObject({ cohort: 0, attempts: 0 });
  });
});
