import { footerLines, type LetterSettings } from './case-letter.ts';
import type { Fact, Letter } from './letter.ts';
import { smsValue } from './sms-templates.ts';
import type { ProgrammeNoticeKind } from './types.ts';

/** The texts of one kind; `{name}` stands for a parameter. */
interface Text {
  subject: string;
  lead: string;
  heading: string;
  facts: [label: string, value: string, strong?: true][];
  steps: string[];
}

const REPORT =
  '用主体负责人或网站负责人的备案手机发送短信：#{provider}#{number}#状态# 至 {to}，状态填“无变化”“已更新”或“已注销”；每个网站备案号发送一次。';
const CHECK = '登录备案系统，核对主体、网站、负责人、联系方式和网站内容是否真实准确，有变化的先办理变更备案。';

/** What owners are told outside of cases (R10, R11, R13). */
const TEXTS: Record<ProgrammeNoticeKind, Text> = {
  'review-open': {
    subject: '【年度核查】{campaign}：请于 {date} 前自查并短信报送 {number}',
    lead: '您在本省备案的网站须参加年度核查：请自查备案信息，并在截止日前用短信报送结果。',
    heading: '{campaign}',
    facts: [
      ['网站', '{number}（{siteName}）'],
      ['截止日', '{date}', true],
    ],
    steps: [CHECK, REPORT],
  },
  'review-reminder': {
    subject: '【年度核查提醒】{number} 尚未报送，截止 {date}',
    lead: '以下网站尚未报送年度核查自查结果。逾期未报送的将被公示，公示一个月后注销。',
    heading: '{campaign}',
    facts: [
      ['网站', '{number}（{siteName}）'],
      ['截止日', '{date}', true],
    ],
    steps: [CHECK, REPORT],
  },
  'review-reported': {
    subject: '【年度核查】已收到 {number} 的自查结果',
    lead: '您的短信已收到，无需再操作。',
    heading: '{campaign}',
    facts: [
      ['网站', '{number}'],
      ['报送状态', '{status}', true],
    ],
    steps: [],
  },
  'review-refused': {
    subject: '【年度核查】短信未被采纳',
    lead: '您发送的短信未被采纳，请按格式重新发送。',
    heading: '{campaign}',
    facts: [['原因', '{reason}', true]],
    steps: ['用备案手机按格式 #接入商编号#网站备案号#状态# 重新发送。'],
  },
  'review-publicity': {
    subject: '【公示】{number} 未完成年度核查，公示期满将被注销',
    lead: '以下网站未按期完成年度核查，已列入公示名单；公示期满将被注销，注销的备案号不能恢复。',
    heading: '{campaign}',
    facts: [
      ['网站', '{number}（{siteName}）'],
      ['公示期满', '{date}', true],
      ['承诺书截止', '{lettersUntil}'],
    ],
    steps: [
      '如需继续使用，请填写年度审核承诺书，并在 {lettersUntil} 前（以管局收到为准）邮寄到省通信管理局。',
      '不再使用的，无需操作。',
    ],
  },
  'review-revocation': {
    subject: '【注销名单】{number} 因未完成年度核查将被注销',
    lead: '公示期已满，我们没有收到管局关于承诺书的确认，以下网站已列入提交管局的注销名单。注销后须重新备案方可使用。',
    heading: '{campaign}',
    facts: [['网站', '{number}（{siteName}）', true]],
    steps: ['已向管局提交承诺书的，请立即联系备案客服核对。', '如仍需使用，请在注销后重新提交备案。'],
  },
  'order-stale': {
    subject: '【备案订单】{order} 已 {days} 天未完成，{date} 将被自动删除',
    lead: '备案订单自创建之日起 45 天内有效，到期未提交管局的将被自动删除。',
    heading: '备案订单 {order}',
    facts: [
      ['已创建', '{days} 天'],
      ['将被删除', '{date}（剩余 {daysLeft} 天）', true],
    ],
    steps: ['登录备案系统，按提示完成后续操作，直至提交管局审核。'],
  },
  'order-deleted': {
    subject: '【备案订单】{order} 已被删除',
    lead: '您的备案订单已被系统删除。',
    heading: '备案订单 {order}',
    facts: [['原因', '{reason}', true]],
    steps: ['如仍需备案，请登录备案系统重新提交。'],
  },
  'order-invalid': {
    subject: '【备案订单】{order} 已失效，{date} 将被自动删除',
    lead: '系统检测到您的备案订单已无效，将在第二天自动删除。',
    heading: '备案订单 {order}',
    facts: [
      ['原因', '{reason}', true],
      ['将被删除', '{date}'],
    ],
    steps: ['如有疑问请联系备案客服；如仍需备案，请按实际情况重新提交。'],
  },
  'violation-found': {
    subject: '【紧急】{number} 被通报存在违规信息，请立即处理',
    lead: '网监部门通报您的网站存在违规信息。请立即删除，并在 1 小时内与我们联系，否则将暂停服务。',
    heading: '{number}（{siteName}）',
    facts: [['通报内容', '{description}', true]],
    steps: ['立即删除违规信息，检查其他页面是否还有类似内容。', '1 小时内联系备案客服，告知处理结果。'],
  },
  'violation-suspended': {
    subject: '【已暂停】{number} 因违规信息暂停服务 12 小时',
    lead: '网站出现违规信息后 1 小时内未能联系到负责人，已暂停服务，12 小时后恢复。连续 3 次将被关闭。',
    heading: '{number}（{siteName}）',
    facts: [],
    steps: ['删除违规信息后联系备案客服。', '核对备案中的联系电话，保持畅通。'],
  },
  'violation-resumed': {
    subject: '【已恢复】{number} 已恢复服务',
    lead: '网站已恢复服务。请确认违规信息已全部删除；再次发生将再次暂停或关闭。',
    heading: '{number}（{siteName}）',
    facts: [],
    steps: ['检查网站内容和后台账号安全。'],
  },
  'violation-closed': {
    subject: '【已关闭】{number} 因违规被关闭',
    lead: '网站已被关闭，不再恢复服务。',
    heading: '{number}（{siteName}）',
    facts: [['原因', '{reason}', true]],
    steps: [],
  },
};

/** The letter of a kind with its parameters. A parameter that is missing stays empty. */
export function programmeLetter(
  kind: ProgrammeNoticeKind,
  params: Record<string, string>,
  recipient: { name: string | null },
  settings: LetterSettings,
): Letter {
  const text = TEXTS[kind];
  const fill = (pattern: string): string => pattern.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? '');
  return {
    subject: fill(text.subject),
    greeting: `${recipient.name ?? '网站负责人'}，您好：`,
    lead: text.lead,
    blocks: [
      {
        heading: fill(text.heading),
        facts: text.facts.map(
          ([label, value, strong]): Fact => ({ label, value: fill(value), ...(strong && { strong }) }),
        ),
        steps: text.steps.map(fill),
      },
    ],
    footer: footerLines(settings),
  };
}

/** Parameters as a gateway takes them. Numbers of filings keep their signs; everything else is cut to size. */
export function programmeSms(params: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => [name, name === 'number' ? value : smsValue(value) || '详见邮件']),
  );
}
