import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  hasZodFastifySchemaValidationErrors,
  jsonSchemaTransform,
  serializerCompiler,
  validatorCompiler,
} from 'fastify-type-provider-zod';
import { ROOT } from '../../config.ts';
import { InputError, messageOf } from '../../errors.ts';
import type { ApiKey } from '../../ledger/api-store.ts';
import { maskText } from '../../log.ts';
import { clientOf } from '../client-of.ts';
import { WindowCount } from '../window-count.ts';
import { addCaseRoutes } from './case-routes.ts';
import { addExportRoutes } from './export-routes.ts';
import { keyBehind, type Scope } from './keys.ts';
import { ApiFault, type ApiKit, type ApiParts, typed } from './kit.ts';
import { addNoticeRoutes } from './notice-routes.ts';
import { addPushedRoutes } from './pushed-routes.ts';
import { addRescanRoutes } from './rescan-routes.ts';
import { addSiteRoutes } from './site-routes.ts';

const MAX_BODY_BYTES = 2_000_000;
const MAX_IDEMPOTENCY_KEY = 100;
/** The documentation draws with styles of its own; nothing comes from elsewhere. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/** Wrong keys one address may try in a minute. */
const MISSES_A_MINUTE = 30;
const TITLES: Record<number, string> = {
  400: 'The request cannot be used',
  401: 'No key, or a wrong one',
  403: 'The key does not open this',
  404: 'Not found',
  409: 'Not possible now',
  413: 'Too large',
  415: 'Not JSON',
  422: 'The request cannot be used',
  429: 'Too many requests',
  500: 'A fault of ours',
};

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What a key must open. */
    scope?: string;
  }
  interface FastifyRequest {
    apiKey: ApiKey | null;
    /** The idempotency key this call was the first to take. */
    idempotencyKey: string | null;
  }
}

/** `/api/v1`: for other systems, by keys with scopes; OpenAPI 3.1 from the routes' own schemas, to be tried out at `/api/v1/docs`. */
export async function addApi(app: FastifyInstance, parts: ApiParts): Promise<void> {
  await app.register(async (scope) => apiScope(scope, parts), { prefix: '/api/v1' });
}

async function apiScope(scope: FastifyInstance, parts: ApiParts): Promise<void> {
  const { ledger, now } = parts;
  // Counted by key here, with its own figures; not by address as pages are.
  scope.addHook('onRoute', (route) => {
    route.config = { ...route.config, rateLimit: false };
    // What tells forms and no data is open; everything else wants a key. A route that forgot says so at the start.
    const open = route.url.startsWith('/api/v1/docs') || route.url === '/api/v1/openapi.json';
    if (!open && route.config.scope === undefined) throw new Error(`the route ${route.url} demands no scope`);
  });
  scope.setValidatorCompiler(validatorCompiler);
  scope.setSerializerCompiler(serializerCompiler);
  scope.addContentTypeParser(
    'application/json',
    { parseAs: 'string', bodyLimit: MAX_BODY_BYTES },
    (_request, body, done) => {
      try {
        done(null, body === '' ? undefined : JSON.parse(String(body)));
      } catch {
        done(new ApiFault(400, 'the body is no JSON', 'send JSON with content-type: application/json'));
      }
    },
  );
  scope.decorateRequest('apiKey', null);
  scope.decorateRequest('idempotencyKey', null);
  answerFaults(scope, parts);
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  await scope.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'beian-patrol 备案巡检',
        version,
        description:
          'Keys are made with `patrol api-keys add NAME --scopes …` or in the console. Lists are paged by `cursor`: go on with `next` until it is null. ' +
          'Calls that change something take an `Idempotency-Key`: the same key and body again within a day is answered and not done again. Faults are problem+json with a remedy.',
      },
      servers: [{ url: '/' }],
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
      security: [{ key: [] }],
    },
    transform: (given) => {
      const made = jsonSchemaTransform(given);
      return { ...made, schema: documented(made.schema as Record<string, unknown>, given.route) };
    },
  });
  await scope.register(swaggerUi, {
    routePrefix: '/docs',
    indexPrefix: '/api/v1',
    staticCSP: true,
    transformStaticCSP: () => DOCS_POLICY,
    uiConfig: { persistAuthorization: false, validatorUrl: null, url: '/api/v1/openapi.json' },
  });
  scope.get('/openapi.json', { schema: { hide: true } as never }, () => scope.swagger());
  ledger.api.freeAnswers();
  const access = guard(scope, parts);
  const kit: ApiKit = {
    app: typed(scope),
    parts,
    needs: (needed, summary, tag) => ({ config: { scope: needed }, summary, tag }),
    keyOf: (request) => request.apiKey as ApiKey,
    demand: access,
    audit: (request, object, detail, outcome = 'done') =>
      ledger.admins.audit({
        at: now(),
        actor: `key:${request.apiKey?.name ?? '-'}`,
        action: `${request.method} ${request.routeOptions.url ?? ''}`,
        object: object.slice(0, 200),
        outcome,
        detail: maskText(detail).slice(0, 1000),
      }),
  };
  addSiteRoutes(kit);
  addRescanRoutes(kit);
  addCaseRoutes(kit);
  addNoticeRoutes(kit);
  addPushedRoutes(kit);
  addExportRoutes(kit);
}

/** What the documentation says of every route beside its own: its scope, faults, and the header that makes repeating safe. */
function documented(
  schema: Record<string, unknown>,
  route: { config?: { scope?: string }; method: unknown },
): Record<string, unknown> {
  const scope = route.config?.scope;
  if (scope === undefined) return schema;
  const fault = (description: string): object => ({
    description,
    content: { 'application/problem+json': { schema: PROBLEM } },
  });
  const header = {
    type: 'object',
    properties: {
      'Idempotency-Key': {
        type: 'string',
        maxLength: MAX_IDEMPOTENCY_KEY,
        description: 'the same key and body within a day is done once',
      },
    },
  };
  return {
    ...schema,
    description: `Needs the scope \`${scope}\`.`,
    ...(route.method === 'POST' && { headers: header }),
    response: {
      ...((schema['response'] as object | undefined) ?? {}),
      ...Object.fromEntries(
        Object.entries(TITLES)
          .filter(([status]) => ['400', '401', '403', '404', '409', '422', '429', '500'].includes(status))
          .map(([status, title]) => [status, fault(title)]),
      ),
    },
  };
}

/** RFC 9457, with what to do about it. */
const PROBLEM = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    remedy: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { field: { type: 'string' }, remedy: { type: 'string' } } },
    },
  },
};

/** Key, scope, rate and idempotency, for every route that demands a scope. Gives the check for a further scope. */
function guard(scope: FastifyInstance, { ledger, config, log, now }: ApiParts): ApiKit['demand'] {
  const calls = new WindowCount(60_000);
  const misses = new WindowCount(60_000);
  const { requestsAMinute } = config.settings.api;
  const refused = (request: FastifyRequest, why: string): void => {
    const route = request.routeOptions.url ?? '';
    log.warn({ route, why }, 'API refused a request');
    const actor = request.apiKey === null ? '-' : `key:${request.apiKey.name}`;
    ledger.admins.audit({
      at: now(),
      actor,
      action: `${request.method} ${route}`,
      object: '',
      outcome: 'refused',
      detail: why,
    });
  };
  const demand: ApiKit['demand'] = (request, wanted) => {
    if (request.apiKey?.scopes.includes(wanted) === true) return;
    refused(request, `needs ${wanted}`);
    throw new ApiFault(403, `this key does not open ${wanted}`, 'make one that does: patrol api-keys add');
  };
  scope.addHook('onRequest', async (request, reply) => {
    const wanted = request.routeOptions.config.scope as Scope | undefined;
    if (wanted === undefined) return;
    const given = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    const key = given === '' ? null : keyBehind(ledger.api, given, now());
    if (key === null) {
      // Whoever has a key is served, however many others behind the same proxy guess.
      const count = misses.add(clientOf(request.ip), now());
      if (count <= MISSES_A_MINUTE) refused(request, given === '' ? 'no key' : 'a wrong key');
      else if (count === MISSES_A_MINUTE + 1) refused(request, 'too many wrong keys');
      if (count > MISSES_A_MINUTE) throw new ApiFault(429, 'too many wrong keys', 'wait a minute');
      throw new ApiFault(
        401,
        'no key, or one that opens nothing (any more)',
        'give one as Authorization: Bearer bpk_…',
      );
    }
    request.apiKey = key;
    const count = calls.add(String(key.id), now());
    reply.headers({
      'x-ratelimit-limit': requestsAMinute,
      'x-ratelimit-remaining': Math.max(0, requestsAMinute - count),
      'x-ratelimit-reset': 60 - (Math.floor(now() / 1000) % 60),
    });
    if (count > requestsAMinute)
      throw new ApiFault(
        429,
        `more than ${requestsAMinute} calls a minute`,
        'wait a minute, or raise api.requestsAMinute',
      );
    demand(request, wanted);
    if (key.lastUsedAt === null || now() - key.lastUsedAt > 60_000) ledger.api.keyUsed(key.id, now());
  });
  scope.addHook('preHandler', async (request, reply) => {
    const given = request.headers['idempotency-key'];
    if (request.method !== 'POST' || typeof given !== 'string' || request.apiKey === null) return undefined;
    if (given === '' || given.length > MAX_IDEMPOTENCY_KEY)
      throw new ApiFault(
        400,
        'the Idempotency-Key is empty or too long',
        `give 1 to ${MAX_IDEMPOTENCY_KEY} characters`,
      );
    const digest = createHash('sha256')
      .update(`${request.url}\n${JSON.stringify(request.body ?? null)}`)
      .digest('hex');
    const { id } = request.apiKey;
    if (ledger.api.takeAnswer(id, given, digest, now())) {
      request.idempotencyKey = given;
      return undefined;
    }
    const kept = ledger.api.answer(id, given);
    if (kept === null || kept.digest !== digest)
      throw new ApiFault(422, 'that Idempotency-Key was used for another call', 'give each call a key of its own');
    if (kept.status === null)
      throw new ApiFault(409, 'the first call with that Idempotency-Key is under way', 'ask again in a moment');
    return reply
      .code(kept.status)
      .header('idempotent-replayed', 'true')
      .type(`application/${kept.status < 400 ? 'json' : 'problem+json'}; charset=utf-8`)
      .send(kept.body);
  });
  scope.addHook('onSend', async (request, reply, payload) => {
    reply.header('cache-control', 'no-store');
    const { idempotencyKey, apiKey } = request;
    if (idempotencyKey === null || apiKey === null) return payload;
    request.idempotencyKey = null;
    // What was refused may be tried again; what was done, or may have been done before a fault of ours, is answered the same for a day.
    if ((reply.statusCode < 400 || reply.statusCode >= 500) && typeof payload === 'string')
      ledger.api.putAnswer(apiKey.id, idempotencyKey, reply.statusCode, payload);
    else ledger.api.dropAnswer(apiKey.id, idempotencyKey);
    return payload;
  });
  return demand;
}

function answerFaults(scope: FastifyInstance, { log }: ApiParts): void {
  const send = (
    reply: FastifyReply,
    status: number,
    detail: string,
    remedy?: string,
    errors?: { field: string; remedy: string }[],
  ): FastifyReply =>
    reply
      .code(status)
      .headers(status === 429 ? { 'retry-after': '60' } : {})
      .type('application/problem+json; charset=utf-8')
      // Past the route's own schema of answers: a fault has its own.
      .serializer((value: unknown) => JSON.stringify(value))
      .send({
        type: 'about:blank',
        title: TITLES[status] ?? 'Fault',
        status,
        detail,
        ...(remedy !== undefined && { remedy }),
        ...(errors !== undefined && { errors }),
      });
  scope.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
    if (error instanceof ApiFault) return send(reply, error.status, error.message, error.remedy);
    if (error instanceof InputError) return send(reply, 409, error.message, error.remedy);
    if (hasZodFastifySchemaValidationErrors(error)) {
      const errors = error.validation.map(({ instancePath, message }) => ({
        field: instancePath.replace(/^\//, '').replaceAll('/', '.') || `(${error.validationContext ?? 'body'})`,
        remedy: message ?? 'mend it',
      }));
      return send(
        reply,
        400,
        `${error.validationContext ?? 'body'}: ${errors.map(({ field, remedy }) => `${field} ${remedy}`).join('; ')}`,
        'mend the fields named; /api/v1/docs shows the form',
        errors,
      );
    }
    const status = error.statusCode ?? 500;
    if (status < 500) return send(reply, status, status === 413 ? `at most ${MAX_BODY_BYTES} bytes` : error.message);
    log.error({ route: request.routeOptions.url ?? '', error: messageOf(error) }, 'API request failed');
    return send(reply, 500, 'a fault of ours; the log tells what');
  });
  scope.setNotFoundHandler((_request, reply) => send(reply, 404, 'no such path', '/api/v1/docs lists them'));
}
