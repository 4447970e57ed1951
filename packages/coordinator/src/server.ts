/** The listening socket. */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { RuntimeError, SOCKET_OPTIONS, systemErrorCode } from '@tributary/runtime';
import { type WebSocket, WebSocketServer } from 'ws';
import type { CoordinatorConfig } from './config.ts';

export interface ListeningServer {
  /** ws:// or wss:// address that members connect to. */
  readonly url: string;
  close(): Promise<void>;
}

/** @throws RuntimeError PORT_IN_USE, BAD_CONFIG */
export async function listen(
  config: Pick<CoordinatorConfig, 'listen' | 'tls'>,
  onConnection: (socket: WebSocket) => void,
): Promise<ListeningServer> {
  const server = createServer(config.tls);
  const sockets = new WebSocketServer({ server, ...SOCKET_OPTIONS });
  sockets.on('connection', onConnection);
  // The HTTP server reports its own failures; ws repeats them.
  sockets.on('error', () => {});
  const { host, port } = config.listen;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(error, host, port)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${config.tls === undefined ? 'ws' : 'wss'}://${bracketed}:${actualPort}`,
    async close() {
      for (const client of sockets.clients) client.terminate();
      sockets.close();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

function createServer(tls: CoordinatorConfig['tls']): Server {
  if (tls === undefined) return createHttpServer();
  try {
    return createHttpsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) });
  } catch (error) {
    throw new RuntimeError(
      'BAD_CONFIG',
      `'tls' cannot be used: ${systemErrorCode(error) ?? 'bad certificate or key'}`,
      'give PEM files in tls.cert and tls.key',
      error,
    );
  }
}

function listenFailure(error: Error, host: string, port: number): RuntimeError {
  const code = systemErrorCode(error);
  if (code === 'EADDRINUSE') {
    return new RuntimeError(
      'PORT_IN_USE',
      `'listen.port' ${port} on ${host} is in use`,
      'stop the other process or choose another port',
    );
  }
  return new RuntimeError('BAD_CONFIG', `cannot listen on ${host}:${port}: ${code}`, "check 'listen'", error);
}
