import { createRequire } from 'node:module';
import { messageOf } from '../../errors.ts';
import type { Message } from '../../ledger/outbox-store.ts';
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

  async lookup(message: Message, { otherProviderIds, now }: LookupContext): Promise<LookupOutcome> {
    const { sdkAppId } = this.#settings;
    const BeginTime = Math.floor(message.sendingAt / 1000) - 60;
    const EndTime = Math.floor(now / 1000) + 60;
    const PhoneNumber = `+86${message.recipient}`;
    try {
      const receipts = await this.#client.PullSmsSendStatusByPhoneNumber({
        BeginTime,
        EndTime,
        Offset: 0,
        Limit: 100,
        PhoneNumber,
        SmsSdkAppId: sdkAppId,
      });
      const own = receipts.PullSmsSendStatusSet?.find(({ SessionContext }) => SessionContext === message.correlationId);
      if (own !== undefined)
        return receipt(own.ReportStatus === 'SUCCESS', own.Description ?? '', own.SerialNo ?? message.providerId);
      const records = await this.#client.DescribeSendRecordList({
        BeginTime,
        EndTime,
        Offset: 0,
        Limit: 100,
        PhoneNumber,
        SmsSdkAppId: sdkAppId,
      });
      const candidate = records.SendRecordSet?.find(({ SerialNo = '' }) =>
        message.providerId === null
          ? SerialNo !== '' && !otherProviderIds.has(SerialNo)
          : SerialNo === message.providerId,
      );
      if (candidate === undefined) return { kind: 'absent' };
      const providerId = candidate.SerialNo ?? null;
      if (candidate.SendStatus === 2 || candidate.SendStatus === 4)
        return receipt(candidate.SendStatus === 2, candidate.StatusCode ?? '', providerId);
      // 1: the provider had it and did not pass it on.
      return candidate.SendStatus === 1 ? { kind: 'absent' } : { kind: 'waiting', providerId };
    } catch (error) {
      return { kind: 'unreachable', message: messageOf(error).slice(0, 200) };
    }
  }

  close(): void {}
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
