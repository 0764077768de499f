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

/** Admins: something happened that a person must look at. */
export function alertLetter(alerts: { key: string; message: string }[]): Letter {
  const [first] = alerts;
  return {
    subject:
      alerts.length === 1 ? `[beian-patrol] ${first?.message.slice(0, 120)}` : `[beian-patrol] ${alerts.length} alerts`,
    greeting: 'For the admins of beian-patrol:',
    lead: 'Something needs a person. Nothing is sent or enforced by this message.',
    blocks: alerts.map(({ key, message }) => ({ heading: key, paragraphs: [message] })),
    footer: ['patrol doctor and patrol cases list show the whole picture.'],
  };
}

/** Admins: the day in figures. */
export function digestLetter(date: string, facts: { label: string; value: string }[], waiting: string[]): Letter {
  return {
    subject: `[beian-patrol] digest of ${date}: ${waiting.length} thing(s) wait for a person`,
    greeting: 'For the admins of beian-patrol:',
    lead: waiting.length === 0 ? 'Nothing waits for a person.' : 'What waits for a person stands first.',
    blocks: [
      ...(waiting.length === 0 ? [] : [{ heading: 'Waiting for you', steps: waiting }]),
      { heading: 'Figures', facts },
    ],
    footer: ['patrol cases list, patrol notices list and patrol doctor show the whole picture.'],
  };
}
