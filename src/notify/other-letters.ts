import { footerLines, type LetterSettings } from './case-letter.ts';
import type { Letter } from './letter.ts';

/** One domain near its expiry. */
export interface RenewalNotice {
  domain: string;
  expiresAt: string;
  daysLeft: number;
  number: string;
  siteName: string;
}

/** Domains to be renewed (R3.7), soonest first. */
export function renewalLetter(
  notices: RenewalNotice[],
  recipient: { name: string | null },
  settings: LetterSettings,
): Letter {
  const sorted = [...notices].sort((a, b) => a.daysLeft - b.daysLeft);
  const first = sorted[0] as RenewalNotice;
  return {
    subject:
      sorted.length === 1
        ? `【续费提醒】域名 ${first.domain} 将于 ${first.expiresAt} 到期（剩余 ${first.daysLeft} 天）`
        : `【续费提醒】${sorted.length} 个备案域名即将到期，最早 ${first.expiresAt}`,
    greeting: `${recipient.name ?? '网站负责人'}，您好：`,
    lead: '您备案网站使用的以下域名即将到期。域名过期后备案不再符合要求，网站将须整改并可能停止接入。请提前续费：',
    blocks: sorted.map(({ domain, expiresAt, daysLeft, number, siteName }) => ({
      heading: domain,
      facts: [
        { label: '到期日', value: `${expiresAt}（剩余 ${daysLeft} 天）`, strong: true },
        { label: '备案号', value: `${number}（${siteName}）` },
      ],
      steps: [
        `登录 ${domain} 的域名注册商，为域名续费一年以上。`,
        '续费约 1 日后注册信息更新，系统会自动确认，无需报备。',
      ],
    })),
    footer: footerLines(settings),
  };
}

/**
 * Somebody was named as a notice contact: the address must say yes first (R7). `url` holds the one-time token; `about` is the number
 * of the one case it is about, null where it is about all of the subject's.
 */
export function verificationLetter(
  contact: { name: string; subjectName: string; about: string | null },
  url: string,
  settings: LetterSettings,
): Letter {
  return {
    subject: `【验证邮箱】确认接收“${contact.subjectName}”的备案通知`,
    greeting: `${contact.name}，您好：`,
    lead: `您被“${contact.subjectName}”添加为${contact.about === null ? '备案通知联系人' : `一项备案整改（${contact.about}）的通知联系人，整改结束后自动失效`}。请点击下面的链接并确认，确认前不会向您发送其他通知。`,
    blocks: [
      {
        heading: '说明',
        paragraphs: ['链接 24 小时内有效，只能使用一次。', '如果您不认识该主体，请忽略本邮件，不会再收到通知。'],
      },
    ],
    link: { label: '确认接收备案通知', url },
    footer: footerLines(settings),
  };
}

/** A language of the admins. */
export type AdminLanguage = 'zh' | 'en';

/** Admins: something happened that a person must look at. */
export function alertLetter(alerts: { key: string; message: string }[], language: AdminLanguage): Letter {
  const [first] = alerts;
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  return {
    subject:
      alerts.length === 1
        ? `[beian-patrol] ${first?.message.slice(0, 120)}`
        : say(`[beian-patrol] ${alerts.length} 条告警`, `[beian-patrol] ${alerts.length} alerts`),
    greeting: say('备案巡检管理员：', 'For the admins of beian-patrol:'),
    lead: say(
      '有事项需要人工处理。本消息本身不会触发任何发送或处置。',
      'Something needs a person. Nothing is sent or enforced by this message.',
    ),
    blocks: alerts.map(({ key, message }) => ({ heading: key, paragraphs: [message] })),
    footer: [
      say(
        '控制台的“概览”和 patrol doctor 可查看全部情况。',
        'The console’s overview and patrol doctor show the whole picture.',
      ),
    ],
  };
}

/** Admins: the day in figures. */
export function digestLetter(
  date: string,
  facts: { label: string; value: string }[],
  waiting: string[],
  language: AdminLanguage,
): Letter {
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  return {
    subject: say(
      `[beian-patrol] ${date} 日报：${waiting.length} 项待人工处理`,
      `[beian-patrol] digest of ${date}: ${waiting.length} thing(s) wait for a person`,
    ),
    greeting: say('备案巡检管理员：', 'For the admins of beian-patrol:'),
    lead:
      waiting.length === 0
        ? say('没有待人工处理的事项。', 'Nothing waits for a person.')
        : say('待处理事项列在最前。', 'What waits for a person stands first.'),
    blocks: [
      ...(waiting.length === 0 ? [] : [{ heading: say('待处理', 'Waiting for you'), steps: waiting }]),
      { heading: say('数据', 'Figures'), facts },
    ],
    footer: [say('控制台的“概览”可查看全部情况。', 'The console’s overview shows the whole picture.')],
  };
}
