import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toBase64 } from '@tributary/crypto';
import { createKeyFile, type RunStates } from '@tributary/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CoordinatorConfig, readCoordinatorConfig } from './config.ts';
import { type OpenRun, openRun } from './open-run.ts';
import { claimOutput } from './output-directory.ts';

let directory: string;
let states: RunStates;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tributary-open-run-'));
  const coordinator = createKeyFile(join(directory, 'coordinator.key'));
  const members = [0, 1, 2].map((i) => ({
    name: `org-${i}`,
    publicKey: toBase64(createKeyFile(join(directory, `org-${i}.key`)).publicKey),
  }));
  const roster = { federation: 'test', version: 1, coordinator: toBase64(coordinator.publicKey), members };
  writeFileSync(join(directory, 'roster.yaml'), JSON.stringify(roster));
  states = claimOutput(join(directory, 'output'));
});
afterEach(() => {
  states.release();
  rmSync(directory, { recursive: true });
});

function config(change: object = {}): CoordinatorConfig {
  const path = join(directory, 'coordinator.yaml');
  const file = {
    roster: 'roster.yaml',
    key: 'coordinator.key',
    listen: { port: 0 },
    output: 'output',
    run: {
      name: 'toy',
      encoder: 'toy',
      parameters: { models: ['small', 'large'], dimensions: 4, clusters: 2 },
      ...change,
    },
  };
  writeFileSync(path, JSON.stringify(file));
  return readCoordinatorConfig(path, { insecure: false });
}

/** Opens a run as a process does that then dies. */
async function life(change?: object): Promise<OpenRun> {
  const open = await openRun(config(change), states);
  await open.state.close();
  return open;
}

describe('which run a coordinator serves', () => {
  it('is a new one at first, and after that the one it has begun, with its journal', async () => {
    const first = await openRun(config(), states);
    expect(first).toMatchObject({ resumed: false, aborted: undefined, lastBatch: 0 });
    const { effects, durable } = first.machine.take({ kind: 'member-joined', member: 1 });
    await durable;
    expect(effects).toEqual([]);
    await first.state.close();

    const second = await life();
    expect(second.resumed).toBe(true);
    expect(second.terms.run).toEqual(first.terms.run);
    expect(second.machine.state).toEqual(first.machine.state);
    expect([...second.machine.state.present]).toEqual([1]);
  });

  it('is a new one again once the last one is over', async () => {
    const first = await openRun(config(), states);
    await states.close(first.terms.run, first.state);
    const second = await life();
    expect(second.resumed).toBe(false);
    expect(second.terms.run).not.toEqual(first.terms.run);
  });

  it('is a new one where the process died before the last one was begun', async () => {
    await (await states.use(new Uint8Array(32).fill(1))).close();
    expect((await life()).resumed).toBe(false);
    expect(states.open()).toHaveLength(1);
  });

  it.each([
    ['name', { name: 'other' }],
    ['maxRecords', { maxRecords: 7 }],
    ['parameters', { parameters: { models: ['small', 'large'], dimensions: 4, clusters: 3 } }],
  ])('is refused where the configuration has another %s than the unfinished one', async (field, change) => {
    await life();
    await expect(life(change)).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      exitCode: 4,
      message: `'output' ${join(directory, 'output')} holds the unfinished run 'toy', which was begun with another '${field}'`,
    });
    // Refusing changes nothing.
    expect((await life()).resumed).toBe(true);
  });

  it('is refused where the roster changed since', async () => {
    await life();
    const roster = join(directory, 'roster.yaml');
    writeFileSync(roster, readFileSync(roster, 'utf8').replace('"version":1', '"version":2'));
    await expect(life()).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: 'the journal of this run is of another roster',
    });
  });

  it('leaves no lock behind where it is refused', async () => {
    await life();
    await expect(life({ name: 'other' })).rejects.toMatchObject({ code: 'BAD_CONFIG' });
    const [run = ''] = readdirSync(states.path).filter((name) => /^[0-9a-f]{64}$/.test(name));
    expect(readdirSync(join(states.path, run)).filter((name) => name.startsWith('lock.'))).toHaveLength(1);
    expect((await life()).resumed).toBe(true);
  });
});
