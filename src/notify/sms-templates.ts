import type { NoticeKind } from './types.ts';

/** A template to be registered with the SMS gateway: `${name}` are its variables. */
export interface SmsTemplate {
  text: string;
  params: readonly string[];
}

/** Longest value of a variable: Aliyun refuses more than 35 characters. */
export const MAX_PARAM_CHARACTERS = 35;
/** Longest text with its signature that both gateways take. */
export const MAX_TEXT_CHARACTERS = 500;

const template = (text: string): SmsTemplate => ({
  text,
  params: [...text.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? ''),
});

/**
 * The texts to register (both gateways want them approved first); `many` stands for a digest of several cases. Variables
 * hold no links and no domains: gateways refuse those (design §5).
 */
export const SMS_TEMPLATES: Partial<
  Record<NoticeKind | `${NoticeKind}${'' | '-told'}-many` | `${NoticeKind}-told` | 'enforced-again', SmsTemplate>
> = {
  found: template(
    '您备案的网站${number}未通过${programme}：${issue}。请于${deadline}前整改，逾期将限制并取消接入。整改办法见邮件和站内信；复查、延期请凭案件码${code}联系备案客服。',
  ),
  'found-many': template(
    '您有${count}个备案网站未通过核查，最早的须于${deadline}前整改，逾期将限制并取消接入。明细与整改办法见邮件和站内信；复查、延期请凭案件码${code}联系备案客服。',
  ),
  reminder: template(
    '提醒：您备案的网站${number}复查仍未通过${programme}：${issue}。整改期限为${deadline}，逾期将限制并取消接入。案件码${code}。',
  ),
  'reminder-many': template(
    '提醒：您有${count}个备案网站复查仍未通过，最早的须于${deadline}前整改，逾期将限制并取消接入。案件码${code}，其余见邮件和站内信。',
  ),
  // Programmes without acts (R12): nothing follows from us, so nothing is threatened. `-many`: also where only some have none.
  'found-told': template(
    '您备案的网站${number}未通过${programme}：${issue}。请于${deadline}前处理。办法见邮件和站内信；复查、延期请凭案件码${code}联系备案客服。',
  ),
  'found-told-many': template(
    '您有${count}个备案网站未通过核查，最早的须于${deadline}前处理。明细、后果与办法见邮件和站内信；复查、延期请凭案件码${code}联系备案客服。',
  ),
  'reminder-told': template(
    '提醒：您备案的网站${number}复查仍未通过${programme}：${issue}。请于${deadline}前处理。案件码${code}。',
  ),
  'reminder-told-many': template(
    '提醒：您有${count}个备案网站复查仍未通过，最早的须于${deadline}前处理。案件码${code}，其余见邮件和站内信。',
  ),
  'overdue-told': template(
    '您备案的网站${number}整改已逾期，复查仍未通过${programme}，请尽快处理。如已处理，请凭案件码${code}联系备案客服复查。',
  ),
  'overdue-told-many': template(
    '您有${count}个备案网站整改已逾期，复查仍未通过，请尽快处理，明细与后果见邮件和站内信。如已处理，请凭案件码${code}联系备案客服复查。',
  ),
  extended: template('您备案的网站${number}整改期限已调整为${deadline}。案件码${code}。'),
  overdue: template(
    '您备案的网站${number}整改已逾期，复查仍未通过，将按规定限制访问并取消接入。如已整改，请立即凭案件码${code}联系备案客服复查。',
  ),
  'overdue-many': template(
    '您有${count}个备案网站整改已逾期，复查仍未通过，将按规定限制访问并取消接入。如已整改，请立即凭案件码${code}联系备案客服复查，明细见邮件和站内信。',
  ),
  enforced: template(
    '您备案的网站${number}因逾期未整改已被限制访问。整改后或有异议可申诉一次，通过后临时恢复；${deadline}前仍未整改将取消接入。案件码${code}。',
  ),
  'enforced-again': template(
    '您备案的网站${number}临时恢复期内未完成整改，已再次限制访问。整改后请联系备案客服复核；${deadline}前仍未整改将取消接入。案件码${code}。',
  ),
  cancelled: template(
    '您备案的网站${number}已取消接入，工信部备案号仍保留。恢复使用请重新办理接入备案。案件码${code}。',
  ),
  resolved: template('您备案的网站${number}已通过复查，问题已解决，无需再操作。案件码${code}。'),
  withdrawn: template('您备案的网站${number}的整改要求经人工复核已撤销，无需操作。案件码${code}。'),
  'appeal-received': template('您备案的网站${number}的申诉已收到，预计于${deadline}前审核完毕。案件码${code}。'),
  'appeal-accepted': template(
    '您备案的网站${number}已临时恢复访问，请在${deadline}前完成整改，否则将再次限制。案件码${code}。',
  ),
  renewal: template(
    '您备案的网站${number}所用域名将于${date}到期，剩余${days}天。请尽快到域名注册商续费，过期将停止接入。',
  ),
  'renewal-many': template(
    '您有${count}个备案网站的域名即将到期，最早${date}。请尽快到域名注册商续费，过期将停止接入。',
  ),
  'early-warning': template(
    '提醒：您备案的网站${number}，${issue}，截止${date}，剩余${days}天。请及时办理，办法见邮件和站内信。',
  ),
  'early-warning-many': template(
    '提醒：您有${count}项备案事项即将到期，最早${date}。请及时办理，明细与办法见邮件和站内信。',
  ),
  'review-open': template(
    '${campaign}已开始：请自查网站${number}的备案信息，并用负责人手机发送短信 #${provider}#${number}#状态# 至${to}（状态：无变化、已更新或已注销），截止${date}。',
  ),
  'review-reminder': template(
    '提醒：网站${number}尚未报送${campaign}自查结果，截止${date}。请用负责人手机发送 #${provider}#${number}#状态# 至${to}，逾期将被公示并可能注销。',
  ),
  'review-reported': template('已收到网站${number}的${campaign}自查结果：${status}。'),
  'review-refused': template(
    '您的${campaign}短信未被采纳：${reason}。请用负责人手机按格式 #接入商编号#网站备案号#状态# 重新发送。',
  ),
  'review-publicity': template(
    '网站${number}未按期完成${campaign}，已列入公示名单，公示期满（${date}）将被注销。如需继续使用，请尽快向管局提交承诺书。',
  ),
  'order-stale': template(
    '您的备案订单${order}已创建${days}天尚未提交（有效期45天），将于${date}自动删除。请登录备案系统处理。',
  ),
  'order-deleted': template('您的备案订单${order}已删除：${reason}。如仍需备案，请登录备案系统重新提交。'),
  'order-invalid': template('您的备案订单${order}已失效：${reason}，系统将于${date}自动删除。如有疑问请联系备案客服。'),
  'violation-found': template(
    '紧急：网站${number}被通报存在违规信息，请立即删除并在1小时内联系备案客服，否则将暂停服务。',
  ),
  'violation-suspended': template(
    '网站${number}因违规信息未能联系到负责人，已暂停服务，12小时后恢复。请立即删除违规信息并联系备案客服。',
  ),
  'violation-resumed': template('网站${number}已恢复服务。请确认违规信息已删除；再次发生将再次暂停或关闭。'),
  'violation-closed': template('网站${number}因${reason}已被关闭，不再恢复。如有疑问请联系备案客服。'),
  'contact-verification': template(
    '验证码${code}：${subject}将您添加为备案通知联系人，请在其提供的验证页面输入，24小时内有效。不认识该主体请忽略。',
  ),
};

/** How owners are told to ask where there is no portal, and where there is one. Fixed parts of a text may name an address. */
const ASK = /凭案件码\$\{code\}联系备案客服/;

/** Kinds after which an owner has something to do. */
const ACTIONABLE = /^(?:reminder|extended|enforced(?!-again)|appeal-accepted)/;

/** The text of a template as it is to be registered: with a portal it names that instead of the service desk. */
export function smsText(key: keyof typeof SMS_TEMPLATES, portalUrl: string | null): string {
  const { text } = SMS_TEMPLATES[key] as SmsTemplate;
  if (portalUrl === null) return text;
  const { host } = new URL(portalUrl);
  if (key === 'contact-verification') return text.replace('其提供的验证页面', ` ${host}/r/verify `);
  const told = text.replace(ASK, `凭案件码\${code}登录 ${host}/r `);
  // Where something may be done, and nobody is named to ask.
  return told === text && ACTIONABLE.test(key)
    ? text.replace(/案件码\$\{code\}(?=[。，])/, `案件码\${code}，登录 ${host}/r 办理`)
    : told;
}

/** A value a gateway takes: no links or domains, no brackets of signatures, at most 35 characters. */
export function smsValue(text: string): string {
  return text
    .replace(/[（(][^（）()]*[)）]/g, '')
    .replace(/https?:\/\/\S+/g, '')
    .replace(/(?:[a-z0-9-]+\.)+[a-z]{2,}/gi, '')
    .replace(/[【】\s]+/g, ' ')
    .replace(/(?<=[^\w]) | (?=[^\w])/g, '')
    .trim()
    .slice(0, MAX_PARAM_CHARACTERS);
}

/** The text a phone shows. Throws when a variable is missing, which is our own fault. */
export function fillSms(
  key: keyof typeof SMS_TEMPLATES,
  params: Record<string, string>,
  { signature, portalUrl }: { signature: string; portalUrl: string | null },
): string {
  const filled = smsText(key, portalUrl).replace(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = params[name];
    if (value === undefined || value === '') throw new Error(`SMS template ${key} lacks ${name}`);
    return value;
  });
  return `【${signature}】${filled}`;
}
