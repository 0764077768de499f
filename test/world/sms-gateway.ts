import { createHash, createHmac } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the gateway does with a request to send. */
export type SendFault =
  | 'ok'
  | 'accept-then-hang'
  | 'accept-then-reset'
  | 'reset-before'
  | 'throttle'
  | 'bad-number'
  | 'bad-template'
  | 'internal-after-accept'
  | 'internal-before';

/** What becomes of an SMS it took; `late` shows no receipt for the first questions, `unlisted` hides it from them. */
export type ReceiptFault = 'delivered' | 'failed' | 'dead-number' | 'late' | 'missing' | 'double';

/** One SMS that reached a phone (as far as the gateway knows): the oracle of "sent once". */
export interface TakenSms {
  id: string;
  correlationId: string;
  phone: string;
  template: string;
  params: string;
}

interface Held extends TakenSms {
  takenAtSeconds: number;
  receipt: ReceiptFault;
  asked: number;
}

/** A running gateway. */
export interface SmsGateway {
  endpoint: string;
  taken: TakenSms[];
  /** Requests whose signature was wrong, by what was wrong. */
  unsigned: string[];
  requests: string[];
  send: (correlationId: string, phone: string) => SendFault;
  receipt: (correlationId: string, phone: string) => ReceiptFault;
  /** The gateway's clock (epoch ms): it files what it takes, and judges date ranges, by it. */
  clock: () => number;
  close: () => Promise<void>;
}

/** Keys both fakes know. */
export const SMS_KEY = { id: 'LTAI-test-key', secret: 'test-secret-of-the-gateway' };

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`);

/** Check an ACS3-HMAC-SHA256 signature as Aliyun documents it; gives what is wrong, or null. */
function checkAliyun(request: IncomingMessage, url: URL, body: string): string | null {
  const match = /^ACS3-HMAC-SHA256 Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]+)$/.exec(
    request.headers.authorization ?? '',
  );
  if (match === null) return 'no ACS3 signature';
  const [, id, signed = '', given] = match;
  if (id !== SMS_KEY.id) return 'unknown key';
  if (request.headers['x-acs-content-sha256'] !== sha256(body)) return 'body hash';
  const query = [...url.searchParams.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${encoded(key)}=${encoded(value)}`)
    .join('&');
  const headers = signed
    .split(';')
    .map((name) => `${name}:${String(request.headers[name] ?? '').trim()}\n`)
    .join('');
  const canonical = [request.method, url.pathname, query, headers, signed, sha256(body)].join('\n');
  const expected = hmac(SMS_KEY.secret, `ACS3-HMAC-SHA256\n${sha256(canonical)}`).toString('hex');
  return expected === given ? null : 'signature';
}

/** Check a TC3-HMAC-SHA256 signature as Tencent documents it. */
function checkTencent(request: IncomingMessage, body: string): string | null {
  const match =
    /^TC3-HMAC-SHA256 Credential=([^/]+)\/([^/]+)\/([^/]+)\/tc3_request, SignedHeaders=([^,]+), Signature=([0-9a-f]+)$/.exec(
      request.headers.authorization ?? '',
    );
  if (match === null) return 'no TC3 signature';
  const [, id, date = '', service = '', signed = '', given] = match;
  if (id !== SMS_KEY.id) return 'unknown key';
  const value = (name: string): string =>
    name === 'host' ? String(request.headers.host).replace(/:\d+$/, '') : String(request.headers[name] ?? '');
  const headers = signed
    .split(';')
    .map((name) => `${name}:${value(name)}\n`)
    .join('');
  const canonical = ['POST', '/', '', headers, signed, sha256(body)].join('\n');
  const text = [
    'TC3-HMAC-SHA256',
    request.headers['x-tc-timestamp'],
    `${date}/${service}/tc3_request`,
    sha256(canonical),
  ].join('\n');
  const key = hmac(hmac(hmac(`TC3${SMS_KEY.secret}`, date), service), 'tc3_request');
  return hmac(key, text).toString('hex') === given ? null : 'signature';
}

/** Start a gateway that speaks Aliyun's or Tencent's API on loopback, with its own append-only log of what it took. */
export async function startSmsGateway(kind: 'aliyun' | 'tencent', options: { log?: string } = {}): Promise<SmsGateway> {
  const held: Held[] = [];
  const gateway: SmsGateway = {
    endpoint: '',
    taken: [],
    unsigned: [],
    requests: [],
    send: () => 'ok',
    receipt: () => 'delivered',
    clock: Date.now,
    close: async () => undefined,
  };
  const take = (sms: Omit<TakenSms, 'id'>): Held => {
    const one = { ...sms, id: `sms-${held.length + 1}` };
    gateway.taken.push(one);
    if (options.log !== undefined) appendFileSync(options.log, `${JSON.stringify(one)}\n`);
    const kept = {
      ...one,
      takenAtSeconds: Math.floor(gateway.clock() / 1000),
      receipt: gateway.receipt(sms.correlationId, sms.phone),
      asked: 0,
    };
    held.push(kept);
    return kept;
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const url = new URL(request.url ?? '/', 'http://gateway');
      const problem = kind === 'aliyun' ? checkAliyun(request, url, body) : checkTencent(request, body);
      if (problem !== null) gateway.unsigned.push(problem);
      const action = String(request.headers[kind === 'aliyun' ? 'x-acs-action' : 'x-tc-action']);
      gateway.requests.push(action);
      const reply =
        kind === 'aliyun'
          ? aliyunReply(url.searchParams, action, problem)
          : tencentReply(JSON.parse(body), action, problem);
      answer(response, reply);
    });
  });

  const aliyunReply = (query: URLSearchParams, action: string, problem: string | null): Reply => {
    const json = (value: object, status = 200): Reply => ({ status, json: { RequestId: 'r', ...value } });
    if (problem !== null) return json({ Code: 'SignatureDoesNotMatch', Message: problem }, 400);
    if (action === 'SendSms') {
      const [phone = '', correlationId = ''] = [query.get('PhoneNumbers') ?? '', query.get('OutId') ?? ''];
      const sms = {
        correlationId,
        phone,
        template: query.get('TemplateCode') ?? '',
        params: query.get('TemplateParam') ?? '',
      };
      const fault = gateway.send(correlationId, phone);
      if (fault === 'throttle') return json({ Code: 'isv.BUSINESS_LIMIT_CONTROL', Message: '触发分钟级流控Permits:1' });
      if (fault === 'bad-number') return json({ Code: 'isv.MOBILE_NUMBER_ILLEGAL', Message: '非法手机号' });
      if (fault === 'bad-template') return json({ Code: 'isv.SMS_TEMPLATE_ILLEGAL', Message: '模版不合法' });
      if (fault === 'internal-before') return json({ Code: 'InternalError', Message: 'internal' }, 500);
      if (fault === 'reset-before') return { reset: true };
      const { id } = take(sms);
      if (fault === 'accept-then-hang') return { hang: true };
      if (fault === 'accept-then-reset') return { reset: true };
      if (fault === 'internal-after-accept') return json({ Code: 'isp.SYSTEM_ERROR', Message: 'system error' });
      return json({ Code: 'OK', Message: 'OK', BizId: id });
    }
    const phone = query.get('PhoneNumber');
    const bizId = query.get('BizId');
    const pageSize = Number(query.get('PageSize'));
    const page = Number(query.get('CurrentPage'));
    if (!(pageSize >= 1 && pageSize <= 50 && page >= 1))
      return json({ Code: 'isv.INVALID_PARAMETERS', Message: 'PageSize' });
    const day = (seconds: number): string =>
      new Date(seconds * 1000 + 8 * 3_600_000).toISOString().slice(0, 10).replaceAll('-', '');
    const details = held
      .filter(
        (one) =>
          one.phone === phone &&
          day(one.takenAtSeconds) === query.get('SendDate') &&
          (bizId === null || one.id === bizId),
      )
      .slice((page - 1) * pageSize, page * pageSize)
      .flatMap((one) => {
        const status = receiptOf(one);
        const row = {
          OutId: one.correlationId,
          PhoneNum: one.phone,
          TemplateCode: one.template,
          SendStatus: status === 'waiting' ? 1 : status === 'delivered' ? 3 : 2,
          ErrCode:
            status === 'delivered'
              ? 'DELIVERED'
              : status === 'waiting'
                ? ''
                : status === 'dead-number'
                  ? 'INVALID_NUMBER'
                  : 'UNDELIV',
        };
        return one.receipt === 'double' ? [row, row] : [row];
      });
    return json({
      Code: 'OK',
      Message: 'OK',
      TotalCount: details.length,
      SmsSendDetailDTOs: { SmsSendDetailDTO: details },
    });
  };

  const tencentReply = (body: Record<string, unknown>, action: string, problem: string | null): Reply => {
    const json = (value: object): Reply => ({ status: 200, json: { Response: { RequestId: 'r', ...value } } });
    const error = (Code: string, Message: string): Reply => json({ Error: { Code, Message } });
    if (problem !== null) return error('AuthFailure.SignatureFailure', problem);
    const phoneOf = (text: unknown): string => String(text).replace(/^\+86/, '');
    if (action === 'SendSms') {
      const [phone, correlationId] = [phoneOf((body['PhoneNumberSet'] as string[])[0]), String(body['SessionContext'])];
      const fault = gateway.send(correlationId, phone);
      const status = (Code: string, SerialNo = ''): Reply =>
        json({
          SendStatusSet: [
            {
              SerialNo,
              PhoneNumber: `+86${phone}`,
              Fee: 1,
              SessionContext: correlationId,
              Code,
              Message: Code,
              IsoCode: 'CN',
            },
          ],
        });
      if (fault === 'throttle') return status('LimitExceeded.PhoneNumberThirtySecondLimit');
      if (fault === 'bad-number') return status('InvalidParameterValue.IncorrectPhoneNumber');
      if (fault === 'bad-template') return error('FailedOperation.TemplateIncorrectOrUnapproved', 'template');
      if (fault === 'internal-before') return error('InternalError.Timeout', 'timeout');
      if (fault === 'reset-before') return { reset: true };
      const { id } = take({
        correlationId,
        phone,
        template: String(body['TemplateId']),
        params: JSON.stringify(body['TemplateParamSet']),
      });
      if (fault === 'accept-then-hang') return { hang: true };
      if (fault === 'accept-then-reset') return { reset: true };
      if (fault === 'internal-after-accept') return error('InternalError.OtherError', 'other');
      return status('Ok', id);
    }
    const [begin, end, limit] = [Number(body['BeginTime']), Number(body['EndTime']), Number(body['Limit'])];
    const nowSeconds = Math.floor(gateway.clock() / 1000);
    const records = action === 'DescribeSendRecordList';
    if (end > nowSeconds || begin > end || limit > (records ? 50 : 100))
      return error('InvalidParameterValue', 'range or limit');
    if (nowSeconds - begin > (records ? 72 * 3600 : 7 * 86_400))
      return error('InvalidParameterValue.BeginTime', 'too far back');
    const own = held
      .filter(
        (one) => one.phone === phoneOf(body['PhoneNumber']) && one.takenAtSeconds >= begin && one.takenAtSeconds <= end,
      )
      .slice(Number(body['Offset']), Number(body['Offset']) + limit);
    if (action === 'PullSmsSendStatusByPhoneNumber') {
      const rows = own.flatMap((one) => {
        const status = receiptOf(one);
        if (status === 'waiting') return [];
        const row = {
          PhoneNumber: `+86${one.phone}`,
          SerialNo: one.id,
          ReportStatus: status === 'delivered' ? 'SUCCESS' : 'FAIL',
          Description: status === 'delivered' ? 'DELIVRD' : status === 'dead-number' ? '空号' : 'UNDELIV',
          SessionContext: one.correlationId,
        };
        return one.receipt === 'double' ? [row, row] : [row];
      });
      return json({ PullSmsSendStatusSet: rows });
    }
    const listed = own.map((one) => ({
      PhoneNumber: `+86${one.phone}`,
      SerialNo: one.id,
      SendStatus: 3,
      SendTime: one.takenAtSeconds,
    }));
    return json({ SendRecordSet: listed, TotalCount: listed.length });
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  gateway.endpoint = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  gateway.close = () =>
    new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  return gateway;
}

type Reply = { status: number; json: object } | { reset: true } | { hang: true };

function answer(response: ServerResponse, reply: Reply): void {
  if ('reset' in reply) response.socket?.resetAndDestroy();
  else if ('json' in reply) {
    response.writeHead(reply.status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(reply.json));
  }
}

function receiptOf(one: Held): 'waiting' | 'delivered' | 'failed' | 'dead-number' {
  one.asked++;
  if (one.receipt === 'missing') return 'waiting';
  if (one.receipt === 'late') return one.asked > 3 ? 'delivered' : 'waiting';
  return one.receipt === 'failed' || one.receipt === 'dead-number' ? one.receipt : 'delivered';
}
