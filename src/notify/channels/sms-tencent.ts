import { createRequire } from 'node:module';
import { messageOf } from '../../errors.ts';
import type { Message } from '../../ledger/outbox-store.ts';
import { maskText } from '../../log.ts';
import { SMS_TEMPLATES } from '../sms-templates.ts';
import type { Blame, Channel, LookupContext, LookupOutcome, SendOutcome } from './types.ts';

/** How Tencent's SMS service is reached. `templates`: our template key → the id Tencent approved. */
export interface TencentSmsSettings {
  endpoint: string;
  protocol: 'https' | 'http';
  region: string;
  secretId: string;
  secretKey: string;
  sdkAppId: string;
  signName: string;
  templates: Record<string, string>;
  timeoutMs: number;
}

// CommonJS: loaded by require, so that every loader gives the same shape.
const tencent = createRequire(import.meta.url)(
  'tencentcloud-sdk-nodejs-sms',
) as typeof import('tencentcloud-sdk-nodejs-sms');
type TencentClient = InstanceType<typeof tencent.sms.v20210111.Client>;
type SendRecord = NonNullable<Awaited<ReturnType<TencentClient['DescribeSendRecordList']>>['SendRecordSet']>[number];

/** How far back send records are given, with an hour to spare, and how many at once. */
const RECORDS_SECONDS = 71 * 3600;
const RECORDS_PAGE = 50;

const TEMPORARY = /^(?:LimitExceeded\.|RequestLimitExceeded)/;
const ADDRESS =
  /^(?:InvalidParameterValue\.IncorrectPhoneNumber|FailedOperation\.PhoneNumberInBlacklist|FailedOperation\.PhoneNumberOnBlacklist|UnsupportedOperation\.)/;
const CONTENT =
  /^(?:FailedOperation\.ContainSensitiveWord|InvalidParameterValue\.TemplateParameter|FailedOperation\.TemplateParamSetNotMatchApprovedTemplate|InvalidParameterValue\.ProhibitedUseUrlInTemplateParameter|LimitExceeded\.PhoneNumberLengthLimit)/;
const DEAD_NUMBER = /空号|停机|号码异常|invalid number|MK:0?001|MK:0?012|UNDELIV-EMPTY|BLACK/i;
const THEIRS = /^InternalError/;

/**
 * SMS by Tencent's SDK. An unknown fate is looked up by SessionContext in the receipts, then in the send records of the number,
 * where every record that is not another known message counts as this one: better one SMS taken for sent than two sent.
 */
export class TencentSmsChannel implements Channel {
  readonly provider = 'tencent';
  readonly unknown = 'ask' as const;
  readonly #client: TencentClient;
  readonly #settings: TencentSmsSettings;

  constructor(settings: TencentSmsSettings) {
    this.#settings = settings;
    const { secretId, secretKey, region, endpoint, protocol, timeoutMs } = settings;
    this.#client = new tencent.sms.v20210111.Client({
      credential: { secretId, secretKey },
      region,
      profile: {
        httpProfile: { endpoint, protocol: `${protocol}://`, reqTimeout: Math.max(1, Math.ceil(timeoutMs / 1000)) },
      },
    });
  }

  async send(message: Message): Promise<SendOutcome> {
    const { sms } = message.content;
    const template = sms === null ? undefined : SMS_TEMPLATES[sms.template as keyof typeof SMS_TEMPLATES];
    const templateId = sms === null ? undefined : this.#settings.templates[sms.template];
    if (sms === null || template === undefined || templateId === undefined)
      return {
        kind: 'refused',
        code: 'no-template',
        message: `notices.sms.templates lacks ${sms?.template ?? message.kind}`,
        blame: 'settings',
      };
    try {
      const answer = await this.#client.SendSms({
        PhoneNumberSet: [`+86${message.recipient}`],
        SmsSdkAppId: this.#settings.sdkAppId,
        SignName: this.#settings.signName,
        TemplateId: templateId,
        TemplateParamSet: template.params.map((name) => sms.params[name] ?? ''),
        SessionContext: message.correlationId,
      });
      const status = answer.SendStatusSet?.[0];
      if (status?.Code === 'Ok') return { kind: 'accepted', providerId: status.SerialNo ?? null };
      return refusal(status?.Code ?? 'no-status', status?.Message ?? '');
    } catch (error) {
      return failure(error);
    }
  }

  async lookup(message: Message, { otherProviderIds, unsettledOthers, now }: LookupContext): Promise<LookupOutcome> {
    const EndTime = Math.floor(now / 1000);
    // Send records reach back 72 hours, and a window may not end in the future.
    const BeginTime = Math.max(Math.floor(message.sendingAt / 1000) - 60, EndTime - RECORDS_SECONDS);
    const range = { BeginTime, EndTime, PhoneNumber: `+86${message.recipient}`, SmsSdkAppId: this.#settings.sdkAppId };
    try {
      const receipts = await this.#client.PullSmsSendStatusByPhoneNumber({ ...range, Offset: 0, Limit: 100 });
      const own = receipts.PullSmsSendStatusSet?.find(({ SessionContext }) => SessionContext === message.correlationId);
      if (own !== undefined)
        return receipt(own.ReportStatus === 'SUCCESS', own.Description ?? '', own.SerialNo ?? message.providerId);
      const records = await this.#records(range);
      if (message.providerId !== null)
        return recordOutcome(records.find(({ SerialNo }) => SerialNo === message.providerId));
      const candidates = records.filter(({ SerialNo = '' }) => SerialNo !== '' && !otherProviderIds.has(SerialNo));
      if (candidates.length === 0) return { kind: 'absent' };
      if (unsettledOthers === 0) return recordOutcome(candidates[0]);
      // Records carry no context: with other messages to the number unsettled they cannot be told apart. More records than
      // others means that this one is among them; otherwise nothing is known until receipts, which do carry it, arrive.
      return candidates.length > unsettledOthers
        ? { kind: 'waiting', providerId: null }
        : { kind: 'unreachable', message: 'records of this number cannot be told apart yet' };
    } catch (error) {
      return { kind: 'unreachable', message: maskText(messageOf(error)).slice(0, 200) };
    }
  }

  async #records(range: {
    BeginTime: number;
    EndTime: number;
    PhoneNumber: string;
    SmsSdkAppId: string;
  }): Promise<SendRecord[]> {
    const all: SendRecord[] = [];
    for (let Offset = 0; Offset < 10 * RECORDS_PAGE; Offset += RECORDS_PAGE) {
      const { SendRecordSet = [] } = await this.#client.DescribeSendRecordList({
        ...range,
        Offset,
        Limit: RECORDS_PAGE,
      });
      all.push(...SendRecordSet);
      if (SendRecordSet.length < RECORDS_PAGE) break;
    }
    return all;
  }

  close(): void {}
}

/** 1: the provider had it and did not pass it on; 2 and 4 have a receipt; 3 is on its way. */
function recordOutcome(record: SendRecord | undefined): LookupOutcome {
  if (record === undefined || record.SendStatus === 1) return { kind: 'absent' };
  const providerId = record.SerialNo ?? null;
  return record.SendStatus === 2 || record.SendStatus === 4
    ? receipt(record.SendStatus === 2, record.StatusCode ?? '', providerId)
    : { kind: 'waiting', providerId };
}

function receipt(delivered: boolean, description: string, providerId: string | null): LookupOutcome {
  if (delivered) return { kind: 'delivered', providerId };
  const blame: Blame = DEAD_NUMBER.test(description) ? 'address' : 'content';
  return {
    kind: 'failed',
    code: description.slice(0, 60) || 'FAIL',
    message: `receipt ${description}`.slice(0, 300),
    blame,
    providerId,
  };
}

function refusal(code: string, message: string): SendOutcome {
  const text = message.slice(0, 300);
  if (THEIRS.test(code)) return { kind: 'unknown', code, message: text };
  if (CONTENT.test(code)) return { kind: 'refused', code, message: text, blame: 'content' };
  if (TEMPORARY.test(code)) {
    const retryAfterMs = /DailyLimit/.test(code) ? 86_400_000 : /OneHourLimit/.test(code) ? 3_600_000 : 60_000;
    return { kind: 'not-sent', code, message: text, retryAfterMs };
  }
  return { kind: 'refused', code, message: text, blame: ADDRESS.test(code) ? 'address' : 'settings' };
}

/** The SDK puts an API error's code on the exception; for the wire there is only its message. */
function failure(error: unknown): SendOutcome {
  const code = String((error as { code?: unknown }).code ?? '');
  const message = messageOf(error).slice(0, 300);
  if (/^[A-Z][A-Za-z]+(?:\.[A-Za-z]+)?$/.test(code)) return refusal(code, message);
  const system = /\b(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)\b/.exec(message)?.[1];
  return system === undefined
    ? { kind: 'unknown', code: code || 'network', message }
    : { kind: 'not-sent', code: system, message };
}
