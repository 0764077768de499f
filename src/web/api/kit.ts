import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { CaseKeeper } from '../../cases/keeper.ts';
import type { Config } from '../../config.ts';
import type { ApiKey } from '../../ledger/api-store.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import type { Logger } from '../../log.ts';
import type { LoadedRanges } from '../../provider/list-file.ts';
import type { Scope } from './keys.ts';

/** What the API is made from. */
export interface ApiParts {
  keeper: CaseKeeper;
  ledger: Ledger;
  config: Config;
  ranges: LoadedRanges | null;
  log: Logger;
  now: () => number;
}

/** A Fastify whose routes are typed by zod schemas. */
export type TypedApp = ReturnType<typeof typed>;
/** The same Fastify, typed by zod. */
export const typed = (app: FastifyInstance) => app.withTypeProvider<ZodTypeProvider>();

/** What routes are registered with. */
export interface ApiKit {
  app: TypedApp;
  parts: ApiParts;
  /** Route options that demand a scope, and say so in the documentation. */
  needs: (scope: Scope, summary: string, tag: string) => RouteNeeds;
  /** The key a call came with. */
  keyOf: (request: FastifyRequest) => ApiKey;
  /** Refuse a call where its key has not this scope as well. */
  demand: (request: FastifyRequest, scope: Scope) => void;
  /** A line of the audit log. */
  audit: (request: FastifyRequest, object: string, detail: string, outcome?: 'done' | 'refused') => void;
}

/** Options of a route, and what the documentation says of it. */
export interface RouteNeeds {
  config: { scope: Scope };
  summary: string;
  tag: string;
}

/** A fault told as problem+json. */
export class ApiFault extends Error {
  readonly status: number;
  readonly remedy: string;

  constructor(status: number, message: string, remedy: string) {
    super(message);
    this.status = status;
    this.remedy = remedy;
  }
}
