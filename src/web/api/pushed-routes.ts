import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { genericSms, ORDERS_A_PAGE, type Reply, takeOrders, takeViolations } from '../pushed.ts';
import type { ApiKit } from './kit.ts';
import { cursorOf, isoOf, nextShape, pageQuery, placeOf } from './paging.ts';

/** Rows of a push: each is read and answered on its own. */
const rows = z.union([z.array(z.looseObject({})).max(5000), z.looseObject({})]);
const answers = z.array(z.looseObject({}));

/** What was taken; and as a fault, with every row's answer beside, where some were not. */
function send(kit: ApiKit, request: FastifyRequest, reply: FastifyReply, what: string, [status, body]: Reply): unknown {
  const results = body as ({ row?: number; field?: string; remedy?: string } & Record<string, unknown>)[];
  const faults = results.filter((one) => one.remedy !== undefined);
  const taken = results.length - faults.length;
  kit.audit(request, what, `${taken} taken, ${faults.length} refused`, faults.length === 0 ? 'done' : 'refused');
  if (status < 400) return reply.code(status).send(results);
  return reply
    .code(status)
    .type('application/problem+json; charset=utf-8')
    .serializer((value: unknown) => JSON.stringify(value))
    .send({
      type: 'about:blank',
      title: 'Some rows cannot be used',
      status,
      detail: `${faults.length} of ${results.length} rows were not taken; the others were`,
      remedy: 'mend the rows named in errors and send them again: those that were taken are taken once',
      errors: faults.map(({ row, field, remedy }) => ({ field: `${row}.${field}`, remedy })),
      results,
    });
}

/** What machines push: orders (R11), violations (R13), SMS that came in (R10). Everything sent twice is taken once. */
export function addPushedRoutes(kit: ApiKit): void {
  const { app, parts, needs } = kit;
  const { ledger } = parts;
  const push = needs(
    'orders:write',
    'Push filing orders; bad rows are named with field and remedy, good ones are kept',
    'orders',
  );
  app.post(
    '/orders',
    {
      config: push.config,
      schema: { summary: push.summary, tags: [push.tag], body: rows, response: { 200: answers } },
    },
    async (request, reply) => {
      const answer = await takeOrders(request.body, parts);
      return send(kit, request, reply, 'orders', answer) as never;
    },
  );
  const orders = needs('orders:read', 'Orders in a state', 'orders');
  app.get(
    '/orders',
    {
      config: orders.config,
      schema: {
        summary: orders.summary,
        tags: [orders.tag],
        querystring: z.strictObject({
          state: z.enum(['open', 'invalid', 'deleted', 'done']).default('deleted'),
          cursor: pageQuery.cursor,
        }),
        response: {
          200: z.object({
            orders: z.array(
              z.object({
                id: z.int(),
                order_number: z.string(),
                reason: z.string().nullable(),
                created_on: z.string(),
              }),
            ),
            next: nextShape,
          }),
        },
      },
    },
    (request) => {
      const { state, cursor } = request.query;
      const page = ledger.orders.inState(state, ORDERS_A_PAGE, Number(placeOf(cursor) ?? 0));
      return {
        orders: page.map(({ id, orderNumber, reason, createdOn }) => ({
          id,
          order_number: orderNumber,
          reason,
          created_on: createdOn,
        })),
        next: cursorOf(page.length < ORDERS_A_PAGE ? null : String(page.at(-1)?.id)),
      };
    },
  );
  const report = needs('violations:write', 'Report content violations', 'violations');
  app.post(
    '/violations',
    {
      config: report.config,
      schema: { summary: report.summary, tags: [report.tag], body: rows, response: { 200: answers } },
    },
    async (request, reply) => {
      const answer = await takeViolations(request.body, parts);
      return send(kit, request, reply, 'violations', answer) as never;
    },
  );
  const violations = needs('violations:read', 'The last violations', 'violations');
  app.get(
    '/violations',
    {
      config: violations.config,
      schema: {
        summary: violations.summary,
        tags: [violations.tag],
        querystring: z.strictObject(pageQuery),
        response: {
          200: z.object({
            violations: z.array(
              z.object({
                eventId: z.string(),
                siteNumber: z.string(),
                description: z.string(),
                state: z.string(),
                reportedAt: z.string(),
              }),
            ),
            next: nextShape,
          }),
        },
      },
    },
    (request) => {
      const { limit, cursor } = request.query;
      const place = placeOf(cursor);
      const page = ledger.violations.recent(limit + 1, place === null ? null : Number(place));
      const shown = page.slice(0, limit);
      return {
        violations: shown.map(({ eventId, siteId, description, state, reportedAt }) => ({
          eventId,
          siteNumber: ledger.sites.row(siteId)?.siteNumber ?? '',
          description,
          state,
          reportedAt: isoOf(reportedAt) ?? '',
        })),
        next: cursorOf(page.length > limit ? String(shown.at(-1)?.id) : null),
      };
    },
  );
  const sms = needs('inbound-sms:write', 'Hand over SMS that came in', 'inbound SMS');
  app.post(
    '/inbound-sms',
    {
      config: sms.config,
      schema: { summary: sms.summary, tags: [sms.tag], body: rows, response: { 200: answers } },
    },
    async (request, reply) => {
      const answer = await genericSms(request.body, parts);
      return send(kit, request, reply, 'inbound SMS', answer) as never;
    },
  );
}
