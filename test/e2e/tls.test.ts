/** Coordinator and clients over TLS, with a certificate of an authority that only the federation knows. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { toBase64 } from '@tributary/crypto';
import { readClientConfig, runClient } from '@tributary/client';
import { readCoordinatorConfig, runCoordinator } from '@tributary/coordinator';
import { createKeyFile, createLogger, readKeyFile, readRosterFile } from '@tributary/runtime';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/cli.ts';

const openssl = (...args: readonly string[]): number | null =>
  spawnSync('openssl', args, { stdio: 'ignore' }).status;

describe.skipIf(openssl('version') !== 0)('TLS', () => {
  const directory = temporaryDirectory();
  const at = (name: string): string => join(directory, name);
  const stop = new AbortController();
  let url: string;
  let served: Promise<unknown>;

  beforeAll(async () => {
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    const names = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    openssl(...request, '-days', '2', '-keyout', at('tls.key'), '-out', at('tls.pem'), ...names);
    const { publicKey } = createKeyFile(at('coordinator.key'));
    const members = ['acme', 'globex', 'initech'].map((name) => ({
      name,
      publicKey: toBase64(createKeyFile(at(`${name}.key`)).publicKey),
    }));
    const roster = { federation: 'test', version: 1, coordinator: toBase64(publicKey), members };
    writeFileSync(at('roster.yaml'), JSON.stringify(roster));
    writeFileSync(
      at('coordinator.yaml'),
      JSON.stringify({
        roster: 'roster.yaml',
        key: 'coordinator.key',
        // Beyond loopback: allowed because of TLS.
        listen: { host: '0.0.0.0', port: 0 },
        tls: { cert: 'tls.pem', key: 'tls.key' },
        output: 'output',
        privacy: { epsilon: 'none' },
        run: { name: 'toy', encoder: 'toy', parameters: { models: ['small', 'large'], dimensions: 2 } },
      }),
    );
    url = await new Promise<string>((resolve, reject) => {
      served = runCoordinator({
        config: readCoordinatorConfig(at('coordinator.yaml'), { insecure: false }),
        log: createLogger('silent'),
        signal: stop.signal,
        onProgress: (event) => {
          if (event.kind === 'listening') resolve(event.url);
        },
      });
      served.catch(reject);
    });
  });
  afterAll(async () => {
    stop.abort('the end of the test');
    await Promise.allSettled([served]);
  });

  /** What becomes of a client that stops as soon as it is welcome. */
  async function client(settings: object): Promise<unknown> {
    const { port } = new URL(url);
    const config = {
      roster: 'roster.yaml',
      key: 'acme.key',
      coordinator: `wss://localhost:${port}`,
      data: 'none',
      policy: { allowNoNoise: true },
      ...settings,
    };
    writeFileSync(at('client.yaml'), JSON.stringify(config));
    const read = readClientConfig(at('client.yaml'), { insecure: false });
    return await runClient({
      config: read,
      roster: readRosterFile(read.roster),
      identity: readKeyFile(read.key),
      log: createLogger('silent'),
      loadData: ({ name }) => {
        throw new Error(`welcome to ${name}`);
      },
    });
  }

  it('is what the coordinator says it speaks', () => {
    expect(url).toMatch(/^wss:\/\/0\.0\.0\.0:\d+$/);
  });

  it('joins a client that knows the authority', async () => {
    await expect(client({ ca: 'tls.pem' })).rejects.toThrow('welcome to toy');
  });

  it('is refused at once by a client that does not', async () => {
    await expect(client({})).rejects.toMatchObject({
      code: 'CANNOT_CONNECT',
      exitCode: 2,
      message: expect.stringMatching(
        /^the certificate of wss:\/\/localhost:\d+ is not accepted: self-signed certificate/,
      ) as string,
      hint: "set 'ca' to the file of the authority that signed it",
    });
  });

  it('is refused for another host than the certificate names', async () => {
    const { port } = new URL(url);
    await expect(client({ ca: 'tls.pem', coordinator: `wss://127.0.0.1:${port}` })).rejects.toMatchObject({
      code: 'CANNOT_CONNECT',
      message: expect.stringContaining('is not accepted') as string,
    });
  });
});
