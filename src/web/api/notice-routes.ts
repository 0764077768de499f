import { z } from 'zod';
import { maskText } from '../../log.ts';
import { noticeSummary } from '../../view/case-summary.ts';
import { ApiFault, type ApiKit } from './kit.ts';
import { cursorOf, isoOf, nextShape, pageQuery, placeOf } from './paging.ts';

const noticeShape = z.looseObject({
  id: z.int(),
  about: z.string(),
  kind: z.string(),
  channel: z.string(),
  recipient: z.string().describe('masked'),
  state: z.string(),
  sentAt: z.string().nullable(),
});

/** Notices and their fate; in-site messages 站内信 for the provider's own console to show. */
export function addNoticeRoutes({ app, parts, needs, audit }: ApiKit): void {
  const { keeper, ledger, now } = parts;
  const list = needs('notices:read', 'Notices, newest first, addresses masked', 'notices');
  app.get(
    '/notices',
    {
      config: list.config,
      schema: {
        summary: list.summary,
        tags: [list.tag],
        querystring: z.strictObject({
          state: z.enum(['planned', 'enclosed', 'failed', 'cancelled']).optional(),
          ...pageQuery,
        }),
        response: { 200: z.object({ notices: z.array(noticeShape), next: nextShape }) },
      },
    },
    (request) => {
      const { state = null, limit, cursor } = request.query;
      const place = placeOf(cursor);
      const notices = ledger.outbox.noticesBefore(state, place === null ? null : Number(place), limit + 1);
      const shown = notices.slice(0, limit);
      const next = notices.length > limit ? String(shown.at(-1)?.id) : null;
      return { notices: shown.map((notice) => noticeSummary(keeper, notice)), next: cursorOf(next) };
    },
  );
  const one = needs('notices:read', 'A notice with every touch of the wire, masked', 'notices');
  app.get(
    '/notices/:id',
    {
      config: one.config,
      schema: {
        summary: one.summary,
        tags: [one.tag],
        params: z.object({ id: z.coerce.number().int() }),
        response: {
          200: noticeShape.extend({
            attempts: z.array(z.object({ at: z.string(), what: z.string(), outcome: z.string(), detail: z.string() })),
          }),
        },
      },
    },
    (request) => {
      const notice = ledger.outbox.notice(request.params.id);
      if (notice === null) throw new ApiFault(404, `no notice ${request.params.id}`, 'GET /api/v1/notices lists them');
      const attempts = notice.messageId === null ? [] : ledger.outbox.attempts(notice.messageId);
      return {
        ...noticeSummary(keeper, notice),
        attempts: attempts.map(({ at, detail, ...rest }) => ({
          at: isoOf(at) ?? '',
          detail: maskText(detail),
          ...rest,
        })),
      };
    },
  );
  const inbox = needs('messages:read', 'In-site messages of a subject, newest first', 'messages');
  app.get(
    '/subjects/:number/messages',
    {
      config: inbox.config,
      schema: {
        summary: inbox.summary,
        tags: [inbox.tag],
        params: z.object({ number: z.string().max(60).describe('the subject number, like 京ICP备12345678号') }),
        querystring: z.strictObject(pageQuery),
        response: {
          200: z.object({
            messages: z.array(
              z.object({
                id: z.int(),
                title: z.string(),
                body: z.string(),
                at: z.string(),
                readAt: z.string().nullable(),
              }),
            ),
            next: nextShape,
          }),
        },
      },
    },
    (request) => {
      const subject = subjectOf(request.params.number);
      const { limit, cursor } = request.query;
      const place = placeOf(cursor);
      const page = ledger.outbox.inbox(subject.id, limit + 1, place === null ? null : Number(place));
      const shown = page.slice(0, limit);
      const messages = shown.map(({ id, title, body, createdAt, readAt }) => ({
        id,
        title,
        body,
        at: isoOf(createdAt) ?? '',
        readAt: isoOf(readAt),
      }));
      return { messages, next: cursorOf(page.length > limit ? String(shown.at(-1)?.id) : null) };
    },
  );
  const read = needs('messages:write', 'The subject read a message', 'messages');
  app.post(
    '/subjects/:number/messages/:id/read',
    {
      config: read.config,
      schema: {
        summary: read.summary,
        tags: [read.tag],
        params: z.object({ number: z.string().max(60), id: z.coerce.number().int() }),
        response: {
          200: z.object({ read: z.boolean().describe('false: it was read before, or is none of this subject') }),
        },
      },
    },
    (request) => {
      const subject = subjectOf(request.params.number);
      const marked = ledger.outbox.markRead(request.params.id, subject.id, now());
      if (marked) audit(request, `message ${request.params.id}`, '');
      return { read: marked };
    },
  );
  const subjectOf = (number: string) => {
    const subject = ledger.contacts.subjectByNumber(number);
    if (subject === null) throw new ApiFault(404, `no subject ${number}`, 'give a subject number of the ledger');
    return subject;
  };
}
