import type { Socket } from 'node:net';
import { connectPinned, type PinnedOptions } from './dialer.ts';
import { MAX_WIRE_BYTES, PlainReader, type PlainResponse } from './plain-response.ts';

const MIN_ROOM_BYTES = 8 * 1024;

/**
 * Ask one pinned address for one page over one connection of its own and read the answer, when it is small and plainly written. Null: it
 * is neither, broke off half-way, or has not ended `patienceMs` after its first byte, and the HTTP client has to ask again, who keeps what it gets. Rejects with the network's error where nothing was
 * answered at all, and with the signal's reason when that ended first.
 */
export function plainGet(
  url: URL,
  options: PinnedOptions & { headers: string; signal: AbortSignal; patienceMs: number },
): Promise<PlainResponse | null> {
  const { signal } = options;
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason as Error);
      return;
    }
    let socket: Socket | null = null;
    let over = false;
    let patience: NodeJS.Timeout | null = null;
    const end = (settle: () => void): void => {
      if (over) return;
      over = true;
      signal.removeEventListener('abort', abort);
      if (patience !== null) clearTimeout(patience);
      socket?.destroy();
      settle();
    };
    const abort = (): void => {
      end(() => reject(signal.reason as Error));
      giveUp(signal.reason as Error);
    };
    signal.addEventListener('abort', abort, { once: true });
    const secured = url.protocol === 'https:';
    const port = Number(url.port || (secured ? 443 : 80));
    const giveUp = connectPinned(options, secured, port, (error, connected) => {
      if (error !== null) {
        end(() => reject(error));
        return;
      }
      if (over) {
        connected.destroy();
        return;
      }
      socket = connected;
      connected.once('data', () => {
        if (!over) patience = setTimeout(() => end(() => resolve(null)), options.patienceMs);
      });
      receive(
        connected,
        (response) => end(() => resolve(response)),
        (cause) => end(() => reject(cause)),
      );
      connected.write(
        `GET ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n${options.headers}\r\n`,
        'latin1',
      );
    });
  });
}

function receive(socket: Socket, done: (response: PlainResponse | null) => void, fail: (error: Error) => void): void {
  const reader = new PlainReader();
  let received: Buffer = Buffer.alloc(0);
  let bytes = 0;
  const look = (ended: boolean): void => {
    const read = reader.read(received.subarray(0, bytes), ended);
    if (read !== 'more') done(read === 'odd' ? null : read);
  };
  socket.on('data', (chunk: Buffer) => {
    if (bytes + chunk.length > MAX_WIRE_BYTES) {
      done(null);
      return;
    }
    if (bytes === 0) received = chunk;
    else {
      if (bytes + chunk.length > received.length) {
        const larger = Buffer.allocUnsafe(Math.max(MIN_ROOM_BYTES, 2 * (bytes + chunk.length)));
        received.copy(larger, 0, 0, bytes);
        received = larger;
      }
      chunk.copy(received, bytes);
    }
    bytes += chunk.length;
    look(false);
  });
  socket.on('end', () => {
    if (bytes > 0) look(true);
  });
  socket.on('error', (error) => (bytes === 0 ? fail(error) : done(null)));
  socket.on('close', () => {
    if (bytes > 0) done(null);
    else fail(Object.assign(new Error('the server closed without an answer'), { code: 'ECONNRESET' }));
  });
}
