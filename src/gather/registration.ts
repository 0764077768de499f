import { connect, type Socket } from 'node:net';
import { readRegistration } from '../facts/registration.ts';
import type { RegistrationFacts } from '../facts/types.ts';
import { failureOf } from './dialer.ts';
import { GatherError, type GuardedGetOptions, guardedGet } from './guarded-get.ts';
import type { KeyedLimiter } from './limiter.ts';
import type { Registry, RegistryDirectory } from './registries.ts';
import { resolveGuarded } from './resolve-guarded.ts';
import { type Artifact, failed, type RawEvidence } from './types.ts';

/** What the registration gatherer needs; `lanes` keeps one connection a registry in this process. */
export interface RegistrationOptions extends Omit<GuardedGetOptions, 'accept' | 'maxRedirects'> {
  directory: RegistryDirectory;
  lanes: KeyedLimiter;
  keepRaw: boolean;
  now: () => number;
}

/** One domain's registration as asked now. */
export interface RegistrationLook {
  registry: string;
  artifact: Artifact<RegistrationFacts>;
  raw: RawEvidence[];
}

/**
 * Ask the registry of a domain: RDAP where it has one, WHOIS where it has none or RDAP could not be read (R17.9). Throttled
 * answers come back as `found: 'refused'`, never as "not found". Never throws.
 */
export async function gatherRegistration(domain: string, options: RegistrationOptions): Promise<RegistrationLook> {
  const registry = options.directory.find(domain);
  const observedAt = options.now();
  if (registry === null) {
    const message = `no registry known for .${domain.slice(domain.lastIndexOf('.') + 1)}`;
    return { registry: 'unknown', artifact: failed('no-registry', message, observedAt, 0, true), raw: [] };
  }
  return options.lanes.run(registry.id, () => ask(domain, registry, options));
}

async function ask(domain: string, registry: Registry, options: RegistrationOptions): Promise<RegistrationLook> {
  const observedAt = options.now();
  const raw: RawEvidence[] = [];
  let last: RegistrationLook['artifact'] | null = null;
  const ways = [registry.rdap === undefined ? null : askRdap, registry.whois === undefined ? null : askWhois];
  for (const way of ways) {
    if (way === null) continue;
    try {
      const { text, name } = await way(domain, registry, options);
      const value = readRegistration(text, domain);
      if (options.keepRaw) raw.push({ kind: 'registration', name, base64: Buffer.from(text).toString('base64') });
      const artifact = { ok: true as const, observedAt, tookMs: options.now() - observedAt, value };
      if (value.found !== 'refused') return { registry: registry.id, artifact, raw };
      last = artifact;
    } catch (error) {
      const failure = error instanceof GatherError ? error.failure : failureOf(error);
      last ??= { ok: false, observedAt, tookMs: options.now() - observedAt, failure };
    }
  }
  const none = failed('no-registry', `registry ${registry.id} has neither RDAP nor WHOIS`, observedAt, 0, true);
  return { registry: registry.id, artifact: last ?? none, raw };
}

async function askRdap(
  domain: string,
  registry: Registry,
  options: RegistrationOptions,
): Promise<{ text: string; name: string }> {
  const tld = domain.slice(domain.lastIndexOf('.') + 1);
  const base = (registry.rdap as string).replaceAll('{tld}', tld).replace(/\/?$/, '/');
  const accept = 'application/rdap+json, application/json;q=0.8';
  const { status, body, url } = await guardedGet(`${base}domain/${domain}`, { ...options, accept, maxRedirects: 2 });
  const text = body.toString('utf8');
  if (status === 200) return { text, name: `rdap ${url}` };
  const { found } = readRegistration(text);
  // A bare 404 is not the registry's word on the domain unless the answer is an RDAP object saying so (RFC 7480 §5.3).
  if (status === 404 && found === false) return { text, name: `rdap ${url}` };
  return { text: REFUSED, name: `rdap ${url} (HTTP ${status})` };
}

const REFUSED = '{"errorCode":429,"title":"refused"}';

async function askWhois(
  domain: string,
  registry: Registry,
  options: RegistrationOptions,
): Promise<{ text: string; name: string }> {
  const server = registry.whois as string;
  const resolved = await resolveGuarded(server, options.dns);
  if (!resolved.ok) throw new GatherError(resolved.failure);
  const address = resolved.addresses[0];
  if (address === undefined) throw new GatherError({ code: 'no-address', message: server, ours: false });
  const target = options.dialer.target(address, 43);
  const text = await converse(connect({ host: target.host, port: target.port }), `${domain}\r\n`, options);
  return { text, name: `whois ${server}` };
}

/** One question, one answer until the server closes; deadline and size are ours. */
function converse(socket: Socket, question: string, { timeoutMs, maxBytes }: RegistrationOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const end = (error: Error | null): void => {
      clearTimeout(timer);
      socket.destroy();
      if (error === null) resolve(withoutCutLine(decode(Buffer.concat(chunks))));
      else reject(error);
    };
    const timer = setTimeout(
      () => end(Object.assign(new Error(`no answer in ${timeoutMs} ms`), { code: 'ETIMEDOUT' })),
      timeoutMs,
    );
    socket.once('connect', () => socket.write(question));
    socket.on('data', (chunk) => {
      bytes += chunk.length;
      if (bytes > maxBytes)
        end(new GatherError({ code: 'protocol-error', message: `answer over ${maxBytes} bytes`, ours: false }));
      else chunks.push(chunk);
    });
    socket.once('error', end);
    socket.once('end', () => end(null));
  });
}

const NO_SUCH_DOMAIN = /no match|not found|no matching|not registered|is available|未注册/i;

/** A last line that does not end may be cut: `2026-11-2` was `2026-11-28`. A value with digits there is not believed; words are. */
function withoutCutLine(text: string): string {
  const start = text.lastIndexOf('\n') + 1;
  const last = text.slice(start);
  return start > 0 && /\d/.test(last) && !NO_SUCH_DOMAIN.test(last) ? text.slice(0, start) : text;
}

function decode(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  return text.includes('\ufffd') ? new TextDecoder('gb18030').decode(bytes) : text;
}
