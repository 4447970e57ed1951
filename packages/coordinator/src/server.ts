/** The listening socket. */
import { readFileSync } from 'node:fs';
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { RuntimeError, SOCKET_OPTIONS, systemErrorCode } from '@tributary/runtime';
import { type WebSocket, WebSocketServer } from 'ws';
import type { CoordinatorConfig } from './config.ts';
import { Strangers } from './strangers.ts';

/** Whose a connection is: nobody's at first. Members are as many as the roster has, strangers are bounded. */
export interface Standing {
  /** A member has proven that the connection is its own. */
  joined(): void;
  /** The connection stands for no member any more, though it may not have ended yet. */
  left(): void;
}

export interface ListeningServer {
  /** ws:// or wss:// address that members connect to. */
  readonly url: string;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

/**
 * @param onConnection given the bytes under the WebSocket too
 * @throws RuntimeError PORT_IN_USE, BAD_CONFIG
 */
export async function listen(
  config: Pick<CoordinatorConfig, 'listen' | 'tls'>,
  onConnection: (socket: WebSocket, stream: Readable, standing: Standing) => void,
  strangers: Strangers = new Strangers(),
): Promise<ListeningServer> {
  const server = createServer(config.tls);
  // By both ends: over TLS the request comes with a socket of its own.
  const connections = new Map<string, Socket>();
  server.on('connection', (connection: Socket) => {
    const ends = endsOf(connection);
    connections.set(ends, connection);
    connection.once('close', () => {
      if (connections.get(ends) === connection) connections.delete(ends);
      strangers.delete(connection);
    });
    strangers.add(connection);
  });
  const { host, port } = config.listen;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenFailure(error, host, port)));
    server.listen(port, host, resolve);
  });
  const sockets = new WebSocketServer({ server, ...SOCKET_OPTIONS });
  sockets.on('connection', (socket, { socket: stream }) => {
    const connection = connections.get(endsOf(stream));
    onConnection(socket, stream, {
      joined: () => connection && strangers.delete(connection),
      left: () => connection && strangers.add(connection),
    });
  });
  // A connection that could not be accepted, for want of descriptors; the others go on.
  sockets.on('error', () => {});
  const address = server.address();
  const actualPort = typeof address === 'object' && address !== null ? address.port : port;
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${config.tls === undefined ? 'ws' : 'wss'}://${bracketed}:${actualPort}`,
    async close() {
      sockets.close();
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      for (const connection of connections.values()) connection.destroy();
      await closed;
    },
  };
}

function endsOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress} ${localPort}`;
}

/** For whoever speaks plain HTTP to the port, such as a load balancer's health check. */
function refuseHttp(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, { connection: 'close', upgrade: 'websocket' });
  response.end('this is the coordinator of a tributary federation; it speaks WebSocket\n');
}

function createServer(tls: CoordinatorConfig['tls']): Server {
  if (tls === undefined) return createHttpServer(refuseHttp);
  try {
    return createHttpsServer({ cert: readFileSync(tls.cert), key: readFileSync(tls.key) }, refuseHttp);
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
