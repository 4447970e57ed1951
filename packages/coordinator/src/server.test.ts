import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { IncomingMessage } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { type ListeningServer, listen, type Standing } from './server.ts';
import { Strangers } from './strangers.ts';

const LOOPBACK = { listen: { host: '127.0.0.1', port: 0 } };
const open: ListeningServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

async function listening(onConnection: Parameters<typeof listen>[1] = () => {}): Promise<ListeningServer> {
  const server = await listen(LOOPBACK, onConnection);
  open.push(server);
  return server;
}

describe('listen', () => {
  it('says where it listens when the port was left to the system', async () => {
    const { url } = await listening();
    expect(url).toMatch(/^ws:\/\/127\.0\.0\.1:[1-9]\d*$/);
  });

  it('refuses a port in use, in one line with exit code 4', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(listen({ listen: { host: '127.0.0.1', port } }, () => {})).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      exitCode: 4,
      message: `'listen.port' ${port} on 127.0.0.1 is in use`,
      hint: 'stop the other process or choose another port',
    });
    other.close();
  });

  it('refuses an address that is not of this machine', async () => {
    await expect(listen({ listen: { host: '192.0.2.1', port: 0 } }, () => {})).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: 'cannot listen on 192.0.2.1:0: EADDRNOTAVAIL',
    });
  });

  it('answers plain HTTP with what it is', async () => {
    const { url } = await listening();
    const [response] = (await once(get(url.replace('ws', 'http')), 'response')) as [IncomingMessage];
    expect(response.statusCode).toBe(426);
    expect(await text(response)).toContain('it speaks WebSocket');
  });

  it('ends at once, whoever is still connected in whatever state', async () => {
    const server = await listening();
    const { port } = new URL(server.url);
    const silent = connect(Number(port), '127.0.0.1');
    silent.on('error', () => {});
    const webSocket = new WebSocket(server.url);
    await Promise.all([once(silent, 'connect'), once(webSocket, 'open')]);
    const gone = Promise.all([once(silent, 'close'), once(webSocket, 'close')]);
    await server.close();
    await gone;
    expect(webSocket.readyState).toBe(WebSocket.CLOSED);
  });
});

const openssl = (...args: readonly string[]): number | null =>
  spawnSync('openssl', args, { stdio: 'ignore' }).status;

describe.skipIf(openssl('version') !== 0)('over TLS', () => {
  it('a connection that a member has joined is no stranger: a crowd does not displace it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'tributary-tls-'));
    const [cert, key] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl(...request, '-days', '2', '-subj', '/CN=localhost', '-keyout', key, '-out', cert);
    const strangers = new Strangers(1);
    const standings: Standing[] = [];
    const server = await listen(
      { ...LOOPBACK, tls: { cert, key } },
      (_socket, _stream, standing) => standings.push(standing),
      strangers,
    );
    open.push(server);
    const connected = async (): Promise<WebSocket> => {
      const socket = new WebSocket(server.url, { rejectUnauthorized: false });
      socket.on('error', () => {});
      await once(socket, 'open');
      return socket;
    };
    const member = await connected();
    standings[0]?.joined();
    expect(strangers.size).toBe(0);
    const stranger = await connected();
    const cut = once(stranger, 'close');
    await connected();
    await cut;
    expect(member.readyState).toBe(WebSocket.OPEN);
    rmSync(directory, { recursive: true });
  });
});

describe('TLS', () => {
  it.each([
    ['a file that is not there', 'none.pem', 'ENOENT'],
    ['what is no certificate', 'text.pem', 'ERR_OSSL_PEM_NO_START_LINE'],
  ])('refuses %s', async (_, file, reason) => {
    const directory = mkdtempSync(join(tmpdir(), 'tributary-tls-'));
    writeFileSync(join(directory, 'text.pem'), 'no certificate');
    const path = join(directory, file);
    await expect(listen({ ...LOOPBACK, tls: { cert: path, key: path } }, () => {})).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: `'tls' cannot be used: ${reason}`,
      hint: 'give PEM files in tls.cert and tls.key',
    });
    rmSync(directory, { recursive: true });
  });
});
