import {
  createGenerator,
  type Dataset,
  type ProgramRun,
  selectRecords,
  startProgram,
} from '@tributary/router';
import { describe, expect, it } from 'vitest';
import { federationOf, totalObservations } from '../testing/federation.ts';
import { plainSums } from './plain-sums.ts';
import { replayProgram, runProgram } from './run-program.ts';
import { secureSums } from './secure-sums.ts';

const CLIENTS = 3;
const SHAPE = { clients: CLIENTS, maxRecords: 1000 };

function randomDataset(records: number): Dataset {
  const generator = createGenerator(new Uint8Array(32).fill(7));
  return {
    models: ['ant', 'bee', 'cat'],
    dimensions: 6,
    records,
    features: Float32Array.from({ length: 6 * records }, () => 0.8 * (generator.nextDouble() - 0.5)),
    offsets: Uint32Array.from({ length: records + 1 }, (_, i) => i),
    model: Uint16Array.from({ length: records }, () => generator.nextInt(3)),
    quality: Float64Array.from({ length: records }, () => generator.nextInt(2)),
    costUsd: Float64Array.from({ length: records }, () => 1e-3 * generator.nextDouble()),
  };
}

const pooled = randomDataset(90);
const records = Array.from({ length: 90 }, (_, i) => i);
const clients = [0, 1, 2].map((client) =>
  selectRecords(
    pooled,
    records.filter((i) => i % CLIENTS === client),
  ),
);
const start = (settings: object = {}): ProgramRun =>
  startProgram('kmeans', {
    models: pooled.models,
    dimensions: 6,
    seed: '5a'.repeat(32),
    clusters: 5,
    ...settings,
  });

describe('a program over clients', () => {
  it('gives the same model and sums by the protocol as in clear, to the last bit', () => {
    const secure = runProgram(start(), federationOf(clients, secureSums(SHAPE)));
    expect(secure).toEqual(runProgram(start(), federationOf(clients, plainSums(SHAPE))));
    expect(totalObservations(secure.model)).toBe(90);
  });

  it('does not depend on who holds which record', () => {
    const apart = runProgram(start(), federationOf(clients, plainSums(SHAPE)));
    // The same encoding, so the same rounding, as for three.
    const empty = selectRecords(pooled, []);
    expect(runProgram(start(), federationOf([pooled, empty, empty], plainSums(SHAPE)))).toEqual(apart);
  });

  it('is replayed from its sums, with other settings where these decide no plan', () => {
    const { model, sums } = runProgram(start(), federationOf(clients, plainSums(SHAPE)));
    expect(replayProgram(start(), sums)).toEqual(model);
    const other = runProgram(start({ kappa: 7 }), federationOf(clients, plainSums(SHAPE)));
    expect(replayProgram(start({ kappa: 7 }), sums)).toEqual(other.model);
    expect(other.model).not.toEqual(model);
  });

  it('is not replayed from sums of another program', () => {
    const { sums } = runProgram(start(), federationOf(clients, plainSums(SHAPE)));
    const refusal = expect.objectContaining({ name: 'RouterError', code: 'BAD_SUM' });
    expect(() => replayProgram(start(), sums.slice(0, -1))).toThrow(refusal);
    expect(() => replayProgram(start(), [...sums, ...sums.slice(-1)])).toThrow(refusal);
    expect(() => replayProgram(start({ clusters: 4 }), sums)).toThrow(refusal);
  });
});

describe('secure sums', () => {
  it('take three clients or more', () => {
    const two = federationOf(clients.slice(0, 2), secureSums({ ...SHAPE, clients: 2 }));
    expect(() => runProgram(start(), two)).toThrow(/3/);
  });
});
