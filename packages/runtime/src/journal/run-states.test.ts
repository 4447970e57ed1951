import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRunStates, type RunStates } from './run-states.ts';

const FIRST = new Uint8Array(32).fill(1);
const SECOND = new Uint8Array(32).fill(2);
const SECRETS = {
  sealingSecret: new Uint8Array(32).fill(7),
  roundSecrets: [],
  selfSeeds: [],
  held: new Map(),
  dealt: new Map(),
  drawNonce: new Uint8Array(32),
};

let parent: string;
let states: RunStates;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'tributary-states-'));
  states = openRunStates(join(parent, 'state'));
});
afterEach(() => {
  states.release();
  rmSync(parent, { recursive: true });
});

describe('the states of runs', () => {
  it('are a private directory for each run, under one lock', async () => {
    expect(states.open()).toEqual([]);
    await (await states.use(SECOND)).close();
    await (await states.use(FIRST)).close();
    expect(states.open()).toEqual([FIRST, SECOND]);
    expect(statSync(states.path).mode & 0o777).toBe(0o700);
    expect(() => openRunStates(states.path)).toThrow(
      expect.objectContaining({
        code: 'BAD_CONFIG',
        message: `state directory ${states.path} is in use by pid ${process.pid}`,
      }),
    );
    states.release();
    openRunStates(states.path).release();
  });

  it('keep of a closed run its journal, and neither secrets nor vectors', async () => {
    const state = await states.use(FIRST);
    await state.log.append([Uint8Array.of(1)]);
    await state.blobs.put('upload', new Uint8Array(100));
    state.secrets.put(new Uint8Array(32), SECRETS);
    await states.close(FIRST, state);
    expect(states.open()).toEqual([]);
    expect([states.isClosed(FIRST), states.isClosed(SECOND)]).toEqual([true, false]);
    const closed = join(states.path, `${'01'.repeat(32)}.closed`);
    expect(existsSync(join(closed, 'events.log'))).toBe(true);
    expect([...readdirSync(join(closed, 'secrets')), ...readdirSync(join(closed, 'blobs'))]).toEqual([]);
  });

  it('are closed in spite of a death while they were being closed', async () => {
    const state = await states.use(FIRST);
    state.secrets.put(new Uint8Array(32), SECRETS);
    await state.close();
    // The next life finds the run open, with or without its secrets, and closes it again.
    await states.close(FIRST, await states.use(FIRST));
    expect(states.isClosed(FIRST)).toBe(true);
  });

  it('are removed once they are closed and nobody needs them', async () => {
    await states.close(FIRST, await states.use(FIRST));
    await (await states.use(SECOND)).close();
    states.removeClosed();
    expect([states.isClosed(FIRST), states.open()]).toEqual([false, [SECOND]]);
  });
});
