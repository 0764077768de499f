import { addDays, beijingDate, beijingHour, DAY_MS } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { STATES } from '../cases/moves.ts';
import type { NoticeDraft } from '../ledger/outbox-store.ts';
import type { ChannelId } from './types.ts';

/** The admins' digest is written at this Beijing hour. */
const DIGEST_HOUR = 9;

/**
 * Plan what admins are told: every alert raised (once a raising), and one digest a day. Alerts are about our own house and go
 * out whether notices to owners are switched on or not. Takes until when raisings were told (epoch ms), gives the new one.
 */
export function planAdminNotices(keeper: CaseKeeper, toldUntil: number, now: number): number {
  const { ledger } = keeper;
  const admins = adminAddresses(keeper);
  const { language } = keeper.rules.settings.notices.admins;
  if (admins.length === 0) return toldUntil;
  // Told by a clock that ran ahead: by the right one it lies in the future.
  let latest = Math.min(toldUntil, now);
  // Raisings told already are unique by topic anyway; skipping them keeps a tick short.
  for (const { key, message: en, messageZh, raisedAt } of ledger
    .openAlerts()
    .filter((one) => one.raisedAt >= latest - DAY_MS)) {
    latest = Math.max(latest, raisedAt);
    const message = language === 'zh' ? (messageZh ?? en) : en;
    keeper.plan(
      admins.map((admin) => draft(admin, `alert:${key}@${raisedAt}`, 'raised', 'admin-alert', { key, message }, now)),
      now,
    );
  }
  const date = beijingDate(now);
  if (beijingHour(now) < DIGEST_HOUR || !ledger.sweeps.takeSlot('admin-digest', Date.parse(date) / 86_400_000, now))
    return latest;
  keeper.plan(
    admins.map((admin) =>
      draft(admin, `digest:${date}`, 'daily', 'admin-digest', { date, ...digest(keeper, now) }, now),
    ),
    now,
  );
  return latest;
}

interface AdminAddress {
  channel: ChannelId;
  address: string;
}

function adminAddresses(keeper: CaseKeeper): AdminAddress[] {
  const { notices } = keeper.rules.settings;
  const mails = notices.email.host === null ? [] : notices.admins.emails;
  return [
    ...mails.map((address): AdminAddress => ({ channel: 'email', address })),
    ...notices.admins.robots.map(({ kind, id }): AdminAddress => ({ channel: kind, address: id })),
  ];
}

function draft(
  { channel, address }: AdminAddress,
  topic: string,
  stage: string,
  kind: 'admin-alert' | 'admin-digest',
  params: Record<string, unknown>,
  now: number,
): NoticeDraft {
  return {
    topic,
    stage,
    kind,
    channel,
    recipient: address,
    person: 'admin',
    name: null,
    caseId: null,
    subjectId: null,
    siteId: null,
    params,
    dryRun: false,
    notBefore: now,
  };
}

/** The day in figures, and what waits for a person. */
function digest(keeper: CaseKeeper, now: number): { facts: { label: string; value: string }[]; waiting: string[] } {
  const { ledger } = keeper;
  const { language } = keeper.rules.settings.notices.admins;
  const say = (zh: string, en: string): string => (language === 'zh' ? zh : en);
  const totals = ledger.cases.totals();
  const count = (state: keyof typeof STATES): number =>
    totals.filter((one) => one.state === state).reduce((sum, one) => sum + one.count, 0);
  const soon = ledger.cases.inState('open', 500).filter(({ deadlineAt }) => deadlineAt <= now + 3 * 86_400_000).length;
  const stuck = ledger.outbox.totals().filter(({ state }) => state === 'unknown' || state === 'failed');
  const suspicions = ledger.reviews.waiting();
  const waiting = [
    ...ledger.cases
      .inState('appealed', 50)
      .map(({ code }) =>
        say(
          `审核整改单 ${code} 的申诉`,
          `judge the appeal of case ${code}: patrol cases judge ${code} --accept | --refuse`,
        ),
      ),
    ...ledger.cases
      .inState('enforcement-asked', 50)
      .map(({ code }) =>
        say(`批准或不予批准限制访问：整改单 ${code}`, `approve or decline restricting access, case ${code}`),
      ),
    ...ledger.cases
      .inState('cancellation-asked', 50)
      .map(({ code }) =>
        say(`批准或不予批准取消接入：整改单 ${code}`, `approve or decline cancelling access, case ${code}`),
      ),
    ...(suspicions > 0
      ? [
          say(
            `研判 ${suspicions} 条可疑内容`,
            `rule on ${suspicions} suspicion(s) of word lists and heuristics: patrol suspicions list`,
          ),
        ]
      : []),
    ...ledger
      .openAlerts()
      .slice(0, 50)
      .map(({ message, messageZh }) => say(messageZh ?? message, message)),
  ];
  const channels: Record<string, string> = { email: '邮件', sms: '短信', 'in-site': '站内信' };
  return {
    facts: [
      ...(Object.keys(STATES) as (keyof typeof STATES)[])
        .map((state) => ({ label: say(`整改单：${STATES[state].zh}`, `cases ${state}`), value: String(count(state)) }))
        .filter(({ value }) => value !== '0'),
      {
        label: say(`${addDays(beijingDate(now), 3)} 前到期`, `deadlines until ${addDays(beijingDate(now), 3)}`),
        value: String(soon),
      },
      ...stuck.map(({ channel, state, count: number }) => ({
        label: say(
          `${channels[channel] ?? channel}${state === 'failed' ? '发送失败' : '结果未知'}`,
          `${channel} messages ${state}`,
        ),
        value: String(number),
      })),
      { label: say('停用的地址', 'addresses given up'), value: String(ledger.contacts.allDead(1000).length) },
    ],
    waiting,
  };
}
