import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifySignature } from '../../src/enforce/webhook.ts';
import type { Message } from '../../src/ledger/outbox-store.ts';
import { RobotChannel, type RobotSettings } from '../../src/notify/channels/robot.ts';

const NOW = Date.parse('2026-03-02T02:00:00Z');
const SECRET = 'SEC-test';
const seen: { request: IncomingMessage; body: string }[] = [];
let answer: [number, string] = [200, '{}'];
let base = '';
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on('end', () => {
    seen.push({ request, body });
    response.writeHead(answer[0]);
    response.end(answer[1]);
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

const message = {
  recipient: 'ops',
  correlationId: 'abc',
  content: { title: 'sweep 7 is held', text: '很'.repeat(3000), html: null, sms: null },
} as unknown as Message;
const robot = (kind: RobotSettings['kind'], url = `${base}/robot?key=1`): RobotChannel =>
  new RobotChannel(kind, [{ id: 'ops', kind, url, secret: SECRET, timeoutMs: 1000 }], () => NOW);
const last = (): { request: IncomingMessage; body: string } =>
  seen.at(-1) as { request: IncomingMessage; body: string };

describe('admin robots', () => {
  it('WeCom: markdown within its limit', async () => {
    answer = [200, '{"errcode":0,"errmsg":"ok"}'];
    expect(await robot('wecom').send(message)).toEqual({ kind: 'accepted', providerId: null });
    const body = JSON.parse(last().body) as { msgtype: string; markdown: { content: string } };
    expect(body.msgtype).toBe('markdown');
    expect(Buffer.byteLength(body.markdown.content)).toBeLessThanOrEqual(2048);
  });

  it('DingTalk: signed by timestamp and secret in the address', async () => {
    await robot('dingtalk').send(message);
    const query = new URL(last().request.url ?? '', base).searchParams;
    const timestamp = query.get('timestamp') ?? '';
    expect(query.get('sign')).toBe(createHmac('sha256', SECRET).update(`${timestamp}\n${SECRET}`).digest('base64'));
  });

  it('Feishu: signed in the body, with timestamp and secret as the key', async () => {
    answer = [200, '{"code":0}'];
    await robot('feishu').send(message);
    const body = JSON.parse(last().body) as { timestamp: string; sign: string; msg_type: string };
    expect(body.sign).toBe(createHmac('sha256', `${body.timestamp}\n${SECRET}`).update('').digest('base64'));
    expect(body.msg_type).toBe('text');
  });

  it('a webhook of one’s own: signed as every webhook of the patrol', async () => {
    answer = [204, ''];
    expect(await robot('webhook').send(message)).toMatchObject({ kind: 'accepted' });
    const { request, body } = last();
    const header = (name: string): string => String(request.headers[name]);
    expect(
      verifySignature(
        SECRET,
        { id: header('webhook-id'), timestamp: header('webhook-timestamp'), signature: header('webhook-signature') },
        body,
      ),
    ).toBe(true);
  });

  it.each([
    [[200, '{"errcode":45009}'], 'not-sent'],
    [[200, '{"errcode":93000,"errmsg":"invalid key"}'], 'refused'],
    [[503, 'busy'], 'not-sent'],
    [[404, 'gone'], 'refused'],
  ] as const)('an answer %j means %s', async (given, kind) => {
    answer = [given[0], given[1]];
    expect((await robot('wecom').send(message)).kind).toBe(kind);
  });

  it('nobody there: not sent', async () => {
    expect((await robot('wecom', 'http://127.0.0.1:9/').send(message)).kind).toBe('not-sent');
  });
});
