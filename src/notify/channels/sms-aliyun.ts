import { createRequire } from 'node:module';
import type { RuntimeOptions } from '@darabonba/typescript';
import { beijingDate } from '../../calendar/beijing-time.ts';
import { codeOf, messageOf } from '../../errors.ts';
import type { Message } from '../../ledger/outbox-store.ts';
import { maskText } from '../../log.ts';
import type { Blame, Channel, LookupContext, LookupOutcome, SendOutcome } from './types.ts';

/** How Aliyun's SMS service is reached. `templates`: our template key → the code Aliyun approved. */
export interface AliyunSmsSettings {
  endpoint: string;
  protocol: 'https' | 'http';
  accessKeyId: string;
  accessKeySecret: string;
  signName: string;
  templates: Record<string, string>;
  timeoutMs: number;
}

type AliyunModule = typeof import('@alicloud/dysmsapi20170525');
type AliyunClient = InstanceType<AliyunModule['default']>;
// CommonJS with a default export: loaded by require, so that every loader gives the same shape.
const load = createRequire(import.meta.url);
const sdk = load('@alicloud/dysmsapi20170525') as AliyunModule;
const { $OpenApiUtil } = load('@alicloud/openapi-core') as typeof import('@alicloud/openapi-core');
const dara = load('@darabonba/typescript') as typeof import('@darabonba/typescript');

const TEMPORARY =
  /^(?:isv\.BUSINESS_LIMIT_CONTROL|isv\.DAY_LIMIT_CONTROL|isv\.MONTH_LIMIT_CONTROL|Throttling.*|isv\.SMS_SIGNATURE_SCENE_.*)$/;
const ADDRESS =
  /^(?:isv\.MOBILE_NUMBER_ILLEGAL|isv\.MOBILE_COUNT_OVER_LIMIT|isv\.DOMESTIC_NUMBER_NOT_SUPPORTED|isv\.NUMBER_IN_BLACKLIST)$/;
const CONTENT =
  /^(?:isv\.BLACK_KEY_CONTROL_LIMIT|isv\.PARAM_LENGTH_LIMIT|isv\.PARAM_NOT_SUPPORT_URL|isv\.TEMPLATE_PARAMS_ILLEGAL|isv\.TEMPLATE_MISSING_PARAMETERS|isv\.INVALID_JSON_PARAM|isv\.INVALID_PARAMETERS)$/;
/** Aliyun's own faults: the message may or may not have gone. */
const THEIRS = /^(?:isp\.SYSTEM_ERROR|ServiceUnavailable|InternalError|SystemError|UnknownError)/;
/** Receipts that say the number itself is no good. */
const DEAD_NUMBER = /INVALID_NUMBER|MOBILE_ACCOUNT_ABNORMAL|MOBILE_IN_BLACK|EMPTY_NUMBER|UNKNOWN_NUMBER/;

/** One day, one minute, one hour: how long each of Aliyun's limits lasts. */
function limitMs(message: string): number {
  return /天级/.test(message) ? 86_400_000 : /小时级/.test(message) ? 3_600_000 : 60_000;
}

/**
 * SMS by Aliyun's SDK. SendSms is not idempotent, so the SDK's retries are off and an unknown fate is looked up by OutId in
 * QuerySendDetails.
 */
export class AliyunSmsChannel implements Channel {
  readonly provider = 'aliyun';
  readonly unknown = 'ask' as const;
  readonly #client: AliyunClient;
  readonly #settings: AliyunSmsSettings;

  constructor(settings: AliyunSmsSettings) {
    this.#settings = settings;
    const { accessKeyId, accessKeySecret, endpoint, protocol, timeoutMs } = settings;
    this.#client = new sdk.default(
      new $OpenApiUtil.Config({
        accessKeyId,
        accessKeySecret,
        endpoint,
        protocol,
        connectTimeout: timeoutMs,
        readTimeout: timeoutMs,
      }),
    );
  }

  async send(message: Message): Promise<SendOutcome> {
    const { sms } = message.content;
    const templateCode = sms === null ? undefined : this.#settings.templates[sms.template];
    if (sms === null || templateCode === undefined)
      return {
        kind: 'refused',
        code: 'no-template',
        message: `notices.sms.templates lacks ${sms?.template ?? message.kind}`,
        blame: 'settings',
      };
    const request = new sdk.SendSmsRequest({
      phoneNumbers: message.recipient,
      signName: this.#settings.signName,
      templateCode,
      templateParam: JSON.stringify(sms.params),
      outId: message.correlationId,
    });
    try {
      const { body } = await this.#client.sendSmsWithOptions(request, this.#runtime());
      if (body?.code === 'OK') return { kind: 'accepted', providerId: body.bizId ?? null };
      return refusal(body?.code ?? 'no-code', body?.message ?? '');
    } catch (error) {
      return failure(error);
    }
  }

  async lookup(message: Message, { now }: LookupContext): Promise<LookupOutcome> {
    // By send date: an attempt near midnight may be filed under either day.
    const days = [
      ...new Set([beijingDate(message.sendingAt), beijingDate(Math.min(now, message.sendingAt + 3_600_000))]),
    ];
    try {
      for (const day of days) {
        for (let page = 1; page <= 10; page++) {
          const request = new sdk.QuerySendDetailsRequest({
            phoneNumber: message.recipient,
            sendDate: day.replaceAll('-', ''),
            pageSize: 50,
            currentPage: page,
            ...(message.providerId !== null && { bizId: message.providerId }),
          });
          const { body } = await this.#client.querySendDetailsWithOptions(request, this.#runtime());
          if (body?.code !== 'OK') return { kind: 'unreachable', message: `${body?.code}: ${body?.message}` };
          const details = body.smsSendDetailDTOs?.smsSendDetailDTO ?? [];
          const own = details.find(({ outId }) => outId === message.correlationId);
          if (own !== undefined) return receipt(Number(own.sendStatus), own.errCode ?? '', message.providerId);
          if (details.length < 50) break;
        }
      }
      return { kind: 'absent' };
    } catch (error) {
      return { kind: 'unreachable', message: messageOf(error).slice(0, 200) };
    }
  }

  #runtime(): RuntimeOptions {
    const { timeoutMs } = this.#settings;
    return new dara.RuntimeOptions({
      autoretry: false,
      maxAttempts: 1,
      connectTimeout: timeoutMs,
      readTimeout: timeoutMs,
    });
  }

  close(): void {}
}

/** 1 waiting, 2 failed, 3 delivered. */
function receipt(status: number, code: string, providerId: string | null): LookupOutcome {
  if (status === 3) return { kind: 'delivered', providerId };
  if (status !== 2) return { kind: 'waiting', providerId };
  const blame: Blame = DEAD_NUMBER.test(code) ? 'address' : 'content';
  return { kind: 'failed', code, message: `receipt ${code}`, blame, providerId };
}

function refusal(code: string, message: string): SendOutcome {
  const text = message.slice(0, 300);
  if (THEIRS.test(code)) return { kind: 'unknown', code, message: text };
  if (TEMPORARY.test(code)) return { kind: 'not-sent', code, message: text, retryAfterMs: limitMs(message) };
  const blame: Blame = ADDRESS.test(code) ? 'address' : CONTENT.test(code) ? 'content' : 'settings';
  return { kind: 'refused', code, message: text, blame };
}

/** What was thrown: an answer with an error code, or the wire. */
function failure(error: unknown): SendOutcome {
  const thrown = error as { code?: string; statusCode?: number; data?: { Code?: string; Message?: string } };
  const message = maskText(messageOf(error)).slice(0, 300);
  const { statusCode, data } = thrown;
  if (statusCode !== undefined && statusCode < 500)
    return refusal(data?.Code ?? thrown.code ?? String(statusCode), data?.Message ?? message);
  const system = statusCode === undefined ? codeOf(error) : '';
  if (/^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(system))
    return { kind: 'not-sent', code: system, message };
  return { kind: 'unknown', code: system || thrown.code || 'network', message };
}
