import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeBackend } from '@tributary/crypto/node';
import type { Roster } from '@tributary/protocol';
import type { Dataset } from '@tributary/router';
import {
  createLogger,
  encodeManifest,
  openRunStates,
  runId,
  type RunStates,
  VectorWork,
} from '@tributary/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ClientOptions } from './client.ts';
import { type JoinedRun, joinRun } from './joined-run.ts';
import { testFederation } from './testing/federation.ts';

const { roster, identities } = testFederation(3);
const MANIFEST = encodeManifest({
  name: 'toy',
  program: 'kmeans',
  parameters: { models: ['small', 'large'], dimensions: 2, clusters: 2 },
  encoder: 'toy',
  maxRecords: 100,
  contributors: 3,
  privacy: 'none',
  seed: '07'.repeat(32),
});
const RUN = runId(nodeBackend, MANIFEST);
const DATA: Dataset = {
  models: ['small', 'large'],
  dimensions: 2,
  features: Float32Array.of(1, 0, 0, 1),
  records: 2,
  offsets: Uint32Array.of(0, 1, 2),
  model: Uint16Array.of(0, 1),
  quality: Float64Array.of(1, 0),
  costUsd: Float64Array.of(0.1, 0.2),
};

let parent: string;
let states: RunStates;
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'tributary-joined-'));
  states = openRunStates(join(parent, 'acme.state'));
});
afterEach(() => {
  states.release();
  rmSync(parent, { recursive: true });
});

async function joinToy(
  change: { self?: number; roster?: Roster; maxRounds?: number; allowNoNoise?: boolean } = {},
): Promise<JoinedRun> {
  const self = change.self ?? 0;
  const identity = identities[self] ?? new Uint8Array(32);
  const client: ClientOptions = {
    config: {
      roster: '',
      key: '',
      coordinator: '',
      data: '',
      artifact: '',
      state: states.path,
      policy: {
        minCohort: 3,
        minColluders: 1,
        maxRounds: change.maxRounds ?? 1000,
        maxAttemptsPerRound: 2,
        maxEpsilon: 3,
        delta: 1e-5,
        unit: 'record',
        filter: 'zcdp',
        allowNoNoise: change.allowNoNoise ?? true,
      },
      account: join(parent, 'acme.account'),
      connectSeconds: 1,
      logLevel: 'silent',
    },
    roster: change.roster ?? roster,
    identity: { secretKey: identity, publicKey: nodeBackend.ed25519PublicKey(identity) },
    log: createLogger('silent'),
    loadData: () => DATA,
  };
  return await joinRun(
    { client, self, states, vectors: new VectorWork({ threads: 0 }), progress: async () => {} },
    MANIFEST,
  );
}

describe('joining a run', () => {
  it('begins its state, and goes on with it in the next life', async () => {
    const first = await joinToy();
    expect(first).toMatchObject({ run: RUN, manifest: { name: 'toy' } });
    expect(first.training.knownSums).toBe(0);
    await first.state.close();
    expect(states.open()).toEqual([RUN]);
    const second = await joinToy();
    expect(second.state.log.epoch).toBe(2);
    await second.state.close();
  });

  it('forgets what the journal does not know: secrets and uploads that a crash has left', async () => {
    const first = await joinToy();
    first.state.secrets.put(new Uint8Array(32).fill(9), {
      sealingSecret: new Uint8Array(32),
      roundSecrets: [],
      selfSeeds: [],
      held: new Map(),
      dealt: new Map(),
      drawNonce: new Uint8Array(32),
    });
    await first.state.blobs.put('upload-stray', new Uint8Array(1));
    await first.state.close();
    const second = await joinToy();
    expect(second.state.secrets.batchContexts()).toEqual([]);
    expect(await second.state.blobs.list()).toEqual([]);
    await second.state.close();
  });

  it('is refused once the run is closed: what was given in it is not to be given again', async () => {
    const { state } = await joinToy();
    await states.close(RUN, state);
    await expect(joinToy()).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message: 'the coordinator comes back with a run that is over for this client',
    });
    expect(states.open()).toEqual([]);
  });

  it.each([
    ['member', { self: 1 }, 'member, 0'],
    ['roster', { roster: { ...roster, version: 2 } }, 'roster'],
  ])('is refused with the state of another %s', async (_, change, difference) => {
    await (await joinToy()).state.close();
    await expect(joinToy(change)).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: `the journal of this run is of another ${difference}`,
    });
  });

  it('that the policy does not allow leaves no lock behind', async () => {
    await expect(joinToy({ maxRounds: 0 })).rejects.toMatchObject({ code: 'POLICY', exitCode: 6 });
    const [run = ''] = readdirSync(states.path).filter((name) => !name.startsWith('lock.'));
    expect(readdirSync(join(states.path, run)).filter((name) => name.startsWith('lock.'))).toHaveLength(1);
    await (await joinToy()).state.close();
  });
});
