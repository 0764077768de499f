import { footerLines, type LetterSettings } from './case-letter.ts';
import type { Letter } from './letter.ts';

/** Something that will fail on a date. */
export interface WarningNotice {
  issue: string;
  /** The same in a few words, for an SMS. */
  brief: string;
  step: string;
  until: string;
  daysLeft: number;
  number: string;
  siteName: string;
}

/** What comes due soon (R1.9, R5, R12), soonest first. */
export function earlyWarningLetter(
  warnings: WarningNotice[],
  recipient: { name: string | null },
  settings: LetterSettings,
): Letter {
  const sorted = warnings.toSorted((a, b) => a.daysLeft - b.daysLeft);
  const first = sorted[0];
  return {
    subject:
      sorted.length === 1 && first !== undefined
        ? `【到期提醒】${first.number}：${first.until} 前请办理（剩余 ${first.daysLeft} 天）`
        : `【到期提醒】${sorted.length} 项备案事项即将到期${first === undefined ? '' : `，最早 ${first.until}`}`,
    greeting: `${recipient.name ?? '网站负责人'}，您好：`,
    lead: '您备案的网站有以下事项即将到期，目前不影响使用；到期未办理的，网站可能须整改。请提前办理：',
    blocks: sorted.map(({ issue, step, until, daysLeft, number, siteName }) => ({
      heading: issue,
      facts: [
        { label: '截止日', value: `${until}（剩余 ${daysLeft} 天）`, strong: true },
        { label: '备案号', value: `${number}（${siteName}）` },
      ],
      steps: [step],
    })),
    footer: footerLines(settings),
  };
}
