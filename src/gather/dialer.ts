import { connect, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import type { buildConnector } from 'undici';
import { codeOf, messageOf } from '../errors.ts';
import { isPublicAddress } from './address-guard.ts';
import type { Failure, FailureCode, TlsHandshake } from './types.ts';

/**
 * Where a (public) address is really dialled. The default is the address itself; the little internet of tests and demo maps
 * to loopback here, *after* the guard has judged the public address, so guard and range logic run unchanged.
 */
export interface Dialer {
  target: (address: string, port: number) => { host: string; port: number };
}

/** The real network. */
export const directDialer: Dialer = { target: (address, port) => ({ host: address, port }) };

let context: SecureContext | null = null;

/** One TLS context for all: creating one a connection costs 40 % (issue 7's measurements). */
function sharedContext(): SecureContext {
  context ??= createSecureContext({ ecdhCurve: 'X25519:prime256v1:secp384r1', minVersion: 'TLSv1' });
  return context;
}

/** A connection refused by our own guard. */
export class ForbiddenAddressError extends Error {
  readonly code = 'ADDRESS_FORBIDDEN';
}

/** One connection to one checked address. */
export interface PinnedOptions {
  address: string;
  host: string;
  dialer: Dialer;
  connectTimeoutMs: number;
  onHandshake: (handshake: TlsHandshake) => void;
}

/**
 * Connect to one checked address, over TLS where asked: no second name look-up, the peer's address checked again after the connect,
 * certificates reported but not insisted on (design §3; a bad certificate does not stop the page from being read). Gives how to
 * give up; `done` is called once, with the socket or with why there is none.
 */
export function connectPinned(
  options: PinnedOptions,
  secured: boolean,
  port: number,
  done: (...outcome: [error: null, socket: Socket] | [error: Error, socket: null]) => void,
): (error: Error) => void {
  if (!isPublicAddress(options.address)) {
    done(new ForbiddenAddressError(`address ${options.address} is not public`), null);
    return () => {};
  }
  const target = options.dialer.target(options.address, port);
  const socket: Socket = connect({ host: target.host, port: target.port, noDelay: true });
  let current: Socket | TLSSocket = socket;
  let over = false;
  const finish = (error: Error | null): void => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    if (error === null) {
      done(null, current);
      return;
    }
    current.destroy();
    socket.destroy();
    done(error, null);
  };
  const timer = setTimeout(() => {
    finish(Object.assign(new Error(`no connection in ${options.connectTimeoutMs} ms`), { code: 'ETIMEDOUT' }));
  }, options.connectTimeoutMs);
  socket.once('error', finish);
  socket.once('connect', () => {
    if (!samePeer(socket.remoteAddress ?? '', target.host)) {
      finish(new ForbiddenAddressError(`connected to ${socket.remoteAddress}, not to ${target.host}`));
      return;
    }
    if (!secured) {
      finish(null);
      return;
    }
    const secure = connectTls({
      socket,
      secureContext: sharedContext(),
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      ...(/^[\d.]+$|:/.test(options.host) ? {} : { servername: options.host }),
    });
    current = secure;
    secure.once('error', finish);
    secure.once('secureConnect', () => {
      options.onHandshake(describeHandshake(secure, options.host, options.address));
      finish(null);
    });
  });
  return finish;
}

/** An undici connector of {@link connectPinned}. `maxWireBytes` bounds what one connection may bring, before any decompression: what never ends would otherwise end with the deadline only. */
export function pinnedConnector(options: PinnedOptions & { maxWireBytes?: number }): buildConnector.connector {
  return (request, callback) => {
    const secured = request.protocol === 'https:';
    connectPinned(options, secured, Number(request.port || (secured ? 443 : 80)), (error, socket) => {
      if (error !== null) {
        callback(error, null);
        return;
      }
      const { maxWireBytes } = options;
      if (maxWireBytes !== undefined)
        socket.on('readable', () => {
          if (socket.bytesRead <= maxWireBytes) return;
          const message = `more than ${maxWireBytes} bytes on the wire`;
          socket.destroy(Object.assign(new Error(message), { code: 'UND_ERR_RES_EXCEEDED_MAX_SIZE' }));
        });
      callback(null, socket as never);
    });
  };
}

function samePeer(remote: string, wanted: string): boolean {
  const bare = (text: string): string => text.replace(/^::ffff:/, '').toLowerCase();
  return bare(remote) === bare(wanted);
}

function describeHandshake(socket: TLSSocket, host: string, address: string): TlsHandshake {
  const certificate = socket.getPeerCertificate();
  const first = (value: string | string[] | undefined): string | null =>
    value === undefined ? null : Array.isArray(value) ? (value[0] ?? null) : value;
  const names = (certificate.subjectaltname ?? '').split(', ').filter((name) => name.startsWith('DNS:'));
  return {
    host,
    address,
    protocol: socket.getProtocol(),
    trusted: socket.authorized,
    problem:
      socket.authorizationError === undefined || socket.authorizationError === null
        ? null
        : String(codeOf(socket.authorizationError) || socket.authorizationError),
    subject: first(certificate.subject?.CN),
    issuer: first(certificate.issuer?.CN),
    validTo: certificate.valid_to ?? null,
    names: names.slice(0, 20).map((name) => name.slice(4)),
  };
}

const CODES: Record<string, FailureCode> = {
  ECONNREFUSED: 'connection-refused',
  ECONNRESET: 'connection-reset',
  EPIPE: 'connection-reset',
  UND_ERR_SOCKET: 'connection-reset',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_ABORTED: 'timeout',
  ABORT_ERR: 'timeout',
  ENETUNREACH: 'network-unreachable',
  EHOSTUNREACH: 'network-unreachable',
  EADDRNOTAVAIL: 'network-unreachable',
  ADDRESS_FORBIDDEN: 'address-forbidden',
  UND_ERR_HEADERS_OVERFLOW: 'protocol-error',
};

/** The client's parser, and its own assertions on what a server sent (status 000). */
const PROTOCOL = /^(?:HPE_|UND_ERR_RES|UND_ERR_REQ|UND_ERR_INVALID|ERR_ASSERTION)/;
const COMPRESSION = /^(?:Z_|ZSTD_|ERR__ERROR_FORMAT|ERR_BROTLI)/;

/** Turn an error of the network into a coded failure; what is on our side of the wire is marked `ours`. */
export function failureOf(error: unknown): Failure {
  const code = codeOf(error);
  const name = error instanceof Error ? error.name : '';
  const mapped: FailureCode =
    CODES[code] ??
    (name === 'TimeoutError' || name === 'AbortError'
      ? 'timeout'
      : PROTOCOL.test(code) || name === 'HTTPParserError'
        ? 'protocol-error'
        : COMPRESSION.test(code)
          ? 'undecodable'
          : /^(?:ERR_SSL|ERR_TLS|EPROTO|CERT)/.test(code)
            ? 'tls-handshake'
            : 'internal');
  const ours =
    mapped === 'network-unreachable' || mapped === 'internal' || ['EMFILE', 'ENFILE', 'ENOBUFS'].includes(code);
  return {
    code: mapped,
    message: `${mapped}${code === '' ? '' : ` (${code})`}: ${messageOf(error).slice(0, 160)}`,
    ours,
  };
}
