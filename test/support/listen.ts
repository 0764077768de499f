import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import type { Server } from 'node:http';
import type { AddressInfo, Server as TcpServer } from 'node:net';

/** Nobody listens there, and nobody is given it by chance: it is below every range of ephemeral ports. */
export const CLOSED_PORT = 1;

/** Listen on a free port of loopback; gives the port. */
export function listen(server: TcpServer, port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.removeListener('error', reject);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** Close a server and what is connected to it. */
export function stop(server: TcpServer | Server): Promise<void> {
  if ('closeAllConnections' in server) server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

/** A UDP socket at this port, or null when another process has it. */
function bindUdp(port: number): Promise<UdpSocket | null> {
  const udp = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
  return new Promise((resolve, reject) => {
    udp.once('error', (error: NodeJS.ErrnoException) => {
      udp.close();
      if (error.code === 'EADDRINUSE') resolve(null);
      else reject(error);
    });
    udp.bind(port, '127.0.0.1', () => {
      udp.removeAllListeners('error');
      resolve(udp);
    });
  });
}

/** Bind a TCP server and a UDP socket to one port number. The system gives a port that is free in TCP: UDP may have lost it. */
export async function listenOnBoth(tcp: TcpServer): Promise<{ port: number; udp: UdpSocket }> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = await listen(tcp);
    const udp = await bindUdp(port);
    if (udp !== null) return { port, udp };
    await stop(tcp);
  }
  throw new Error('no port is free in both TCP and UDP');
}
