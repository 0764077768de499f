import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { FastifyAdapter } from '@bull-board/fastify';
import type { Queue } from 'bullmq';
import type { FastifyReply } from 'fastify';
import { isOurs } from '../web-app.ts';
import type { ConsoleKit } from './kit.ts';

/** What may be done to jobs, by the route that was really reached: they run again, sooner, or wait. */
const ALLOWED: ReadonlySet<string> = new Set(
  [
    'pause',
    'resume',
    ':queueName/retry/:queueStatus',
    ':queueName/promote',
    ':queueName/pause',
    ':queueName/resume',
    ':queueName/:jobId/retry',
    ':queueName/:jobId/promote',
  ].map((act) => `/queues/api/queues/${act}`),
);

/** Of a job's data, what says which work it is. */
const SHOWN: ReadonlySet<string> = new Set([
  ...['job', 'kind', 'stage', 'priority', 'observedAt', 'domain', 'items', 'looks'],
  ...['siteId', 'sweepId', 'look', 'checkIds'],
]);

/** What a job is about: what was found on pages and at registries names persons, and is read as evidence, for a reason. */
function openJob(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(openJob);
  if (typeof data !== 'object' || data === null) return data;
  const shown = Object.entries(data).filter(([key]) => SHOWN.has(key));
  return Object.fromEntries(shown.map(([key, value]) => [key, openJob(value)]));
}

/** `/queues`: Bull Board behind the same sign-in. Looking is for operators; changing jobs is for approvers. */
export async function addQueues(kit: ConsoleKit, queues: readonly Queue[]): Promise<void> {
  const adapter = new FastifyAdapter();
  adapter.setBasePath('/queues');
  createBullBoard({
    queues: queues.map((queue) => {
      const shown = new BullMQAdapter(queue);
      shown.setFormatter('data', openJob);
      shown.setFormatter('returnValue', () => null);
      return shown;
    }),
    serverAdapter: adapter,
    options: {
      uiConfig: {
        boardTitle: '备案巡检 beian-patrol',
        boardLogo: { path: '', width: 0, height: 0 },
        miscLinks: [{ text: '返回控制台 Back to the console', url: '/' }],
      },
    },
  });
  await kit.app.register(async (scope) => {
    scope.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
      try {
        done(null, body === '' ? {} : JSON.parse(String(body)));
      } catch (error) {
        done(error as Error);
      }
    });
    scope.addHook('onRequest', async (request, reply) => {
      const visit = kit.visit(request);
      const changes = request.method !== 'GET' && request.method !== 'HEAD';
      if (visit === null)
        return changes
          ? kit.refuse(request, reply, null, 'not signed in', '请先登录。 Sign in.')
          : reply.redirect('/login', 303);
      const role = changes ? 'approver' : 'operator';
      if (!visit.may(role))
        return kit.refuse(
          request,
          reply,
          visit,
          `needs ${role}`,
          visit.say('您的角色不能查看或更改队列。', 'Your role may not do this.'),
        );
      if (changes && !isOurs(request, kit.publicOrigin))
        return kit.refuse(request, reply, visit, 'cross-origin', '请在本网站操作。 Use this site itself.');
      // Jobs come from the ledger alone: none is written or changed by hand, or evidence could be made up.
      if (changes && (request.method !== 'PUT' || !ALLOWED.has(request.routeOptions.url ?? '')))
        return kit.refuse(
          request,
          reply,
          visit,
          'not an act of ours',
          visit.say('这里只能重试、提前、暂停和继续。', 'Only retry, promote, pause and resume.'),
        );
      // Every request of the board's own page carries no form: a browser sends such only from here, and says so.
      // The board writes its own styles into its page.
      reply.header(
        'content-security-policy',
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
      );
      return undefined;
    });
    scope.addHook('onSend', async (request, reply, payload) => {
      const admin = kit.visit(request)?.admin;
      const changed = request.method !== 'GET' && request.method !== 'HEAD' && reply.statusCode !== 403;
      if (changed && admin !== undefined) {
        const outcome = reply.statusCode < 400 ? 'done' : 'refused';
        kit.access.audit(admin.name, 'queue', request.url.slice(0, 200), outcome, request.method, kit.parts.now());
      }
      return ownAssets(reply, payload);
    });
    await scope.register(adapter.registerPlugin(), { prefix: '/queues', basePath: '/queues' } as never);
  });
}

/** The board's page asks a stranger for its fonts: nothing of ours comes from elsewhere. */
function ownAssets(reply: FastifyReply, payload: unknown): unknown {
  const page = typeof payload === 'string' && String(reply.getHeader('content-type')).startsWith('text/html');
  return page ? payload.replace(/<link\b[^>]*href="https?:\/\/[^>]*>/g, '') : payload;
}
