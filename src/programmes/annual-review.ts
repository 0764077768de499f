import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { addDays, beijingDate, beijingInstant, DAY_MS, isDate } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import { InputError } from '../errors.ts';
import { mobileOf } from '../filing/addresses.ts';
import { PROVINCES } from '../filing/validate-row.ts';
import type { Campaign, CampaignSite, CampaignSiteState } from '../ledger/campaigns-store.ts';
import { smsValue } from '../notify/sms-templates.ts';
import { bareProvince } from '../reference/spans.ts';
import { campaignState, nextCampaignAt, reminderAt, revocationOn } from './campaign-clock.ts';
import { tellSite, topicEnd } from './notify-site.ts';
import { parseReport } from './report-message.ts';

/** A campaign as an admin gives it. */
export type CampaignDraft = Pick<
  Campaign,
  'name' | 'province' | 'providerCode' | 'reportTo' | 'opensOn' | 'closesOn' | 'lettersUntil'
>;

/** An SMS as a gateway hands it over. */
export interface InboundSms {
  source: string;
  /** The gateway's number of the message; null: one is made of what it says. */
  externalId: string | null;
  mobile: string;
  text: string;
  receivedAt: number;
}

/** What became of an SMS. */
export type InboundOutcome =
  | 'reported'
  | 'duplicate'
  | 'not-filed-mobile'
  | 'bad-format'
  | 'wrong-provider'
  | 'unknown-site'
  | 'no-campaign';

/** Refusals one number is answered a day. */
const ANSWERS_A_DAY = 3;
/** Longer on its way than this, a message counts by when we got it. */
const MAX_TRANSIT_MS = 3 * DAY_MS;

/** Annual reviews 年度核查 (R10): campaigns, owners' reports by SMS, publicity and revocation lists. */
export class AnnualReview {
  readonly #keeper: CaseKeeper;

  constructor(keeper: CaseKeeper) {
    this.#keeper = keeper;
  }

  /** Plan a campaign. Throws InputError when dates or province are wrong, or the name is taken. */
  async create(draft: CampaignDraft, now: number): Promise<Campaign> {
    const { campaigns } = this.#keeper.ledger;
    const { name, opensOn, closesOn, lettersUntil, providerCode, reportTo } = draft;
    const province = bareProvince(draft.province);
    if (!PROVINCES.has(province))
      throw new InputError(`--province ${province}: no province`, 'its short Chinese name, like 湖北');
    for (const [field, date] of Object.entries({ opens: opensOn, closes: closesOn, 'letters-until': lettersUntil }))
      if (!isDate(date)) throw new InputError(`--${field} ${date}: no date`, 'write it as YYYY-MM-DD');
    if (closesOn < opensOn)
      throw new InputError(`closes on ${closesOn}, before it opens on ${opensOn}`, 'give a later --closes');
    if (lettersUntil < closesOn)
      throw new InputError(
        `letters until ${lettersUntil}, before it closes on ${closesOn}`,
        'give a later --letters-until',
      );
    if (!/^\d{1,6}$/.test(providerCode))
      throw new InputError(`provider code ${providerCode}: not digits`, 'give the code the bureau gave you, like 001');
    if (!/^\d{3,20}$/.test(reportTo))
      throw new InputError(
        `--report-to ${reportTo}: no number`,
        'give the number owners send their SMS to: digits only',
      );
    if (closesOn < beijingDate(now))
      throw new InputError(
        `closes on ${closesOn}, which has passed`,
        'nobody could report any more: give a later --closes',
      );
    if (campaigns.byName(name) !== null)
      throw new InputError(`a campaign ${name} exists already`, 'choose another name');
    const id = campaigns.insert({ ...draft, province, state: 'planned', createdAt: now, dueAt: now });
    await this.tick(now);
    return campaigns.get(id) as Campaign;
  }

  /** A campaign by name. Throws InputError when there is none. */
  find(name: string): Campaign {
    const campaign = this.#keeper.ledger.campaigns.byName(name);
    if (campaign === null) throw new InputError(`no campaign ${name}`, 'patrol campaigns list shows them');
    return campaign;
  }

  /**
   * Do what the clock asks of every campaign, a page of sites at a time, so that a whole province holds nothing up. Safe to run again
   * at any point: notices are unique. Gives campaigns touched.
   */
  async tick(now: number): Promise<number> {
    const { campaigns } = this.#keeper.ledger;
    const due = campaigns.all().filter(({ dueAt }) => dueAt !== null && dueAt <= now);
    for (const { id } of due) await this.#advance(id, now);
    return due.length;
  }

  async #advance(id: number, now: number): Promise<void> {
    const { ledger } = this.#keeper;
    // While others were told, an admin may have published it: what the list said is no longer so.
    const campaign = ledger.campaigns.get(id);
    if (campaign === null || campaign.state === 'cancelled') return;
    const state = campaignState(campaign, now);
    if (state === 'open') {
      ledger.campaigns.enrol(campaign, now);
      const reminder = reminderAt(campaign, now);
      await this.#tellAll(campaign, 'owed', 'review-open', 'open', now);
      if (reminder !== null) await this.#tellAll(campaign, 'owed', 'review-reminder', `reminder:${reminder}`, now);
    }
    if (state === 'publicity' || state === 'over') {
      ledger.campaigns.moveAll(campaign.id, 'owed', 'publicity', now);
      if (campaign.publishedOn !== null)
        await this.#tellAll(campaign, 'publicity', 'review-publicity', `publicity:${campaign.publishedOn}`, now);
      this.#alertOfList(campaign, 'publicity', now);
    }
    if (state === 'over' && beijingDate(now) > campaign.lettersUntil) {
      ledger.campaigns.moveAll(campaign.id, 'publicity', 'revocation', now);
      if (campaign.revokedOn !== null)
        await this.#tellAll(campaign, 'revocation', 'review-revocation', `revocation:${campaign.revokedOn}`, now);
      this.#alertOfList(campaign, 'publicity', now);
      this.#alertOfList(campaign, 'revocation', now);
    }
    // What must happen next is known only once everything above is written; what an admin decided meanwhile comes first.
    ledger.transaction(() => {
      const fresh = ledger.campaigns.get(id) ?? campaign;
      const decided =
        fresh.state === 'cancelled' ||
        fresh.publishedOn !== campaign.publishedOn ||
        fresh.revokedOn !== campaign.revokedOn;
      if (!decided) ledger.campaigns.setState(id, state, nextCampaignAt(campaign, now));
    });
  }

  /** An alert stands as long as a list that somebody must act on is not empty. */
  #alertOfList({ id, name, publishedOn, revokedOn }: Campaign, list: 'publicity' | 'revocation', now: number): void {
    const { ledger } = this.#keeper;
    const count = ledger.campaigns.totals(id).find(({ state }) => state === list)?.count ?? 0;
    const see = `patrol campaigns sites ${name} --state ${list}`;
    const next =
      list === 'revocation'
        ? 'leave out whose letter the bureau has (patrol campaigns letter), hand the list over, then: patrol campaigns revoke'
        : 'look at patrol campaigns inbox for reports that went astray, then: patrol campaigns publish';
    const done = list === 'publicity' ? publishedOn : revokedOn;
    if (count === 0 || done !== null) ledger.resolveAlert(`review-${list}-${id}`, now);
    else
      ledger.raiseAlert(
        `review-${list}-${id}`,
        {
          en: `annual review ${name}: ${count} sites are on the ${list} list (${see}); ${next}`,
          zh:
            list === 'revocation'
              ? `年度核查 ${name}：${count} 个网站在拟注销名单中；请剔除已交承诺书的，把名单交管局后登记“已提交”`
              : `年度核查 ${name}：${count} 个网站在公示名单中；请先核对有无未匹配的上行短信，公示后登记“已公示”`,
        },
        now,
      );
  }

  #standing(name: string): Campaign {
    const campaign = this.find(name);
    if (campaign.state === 'cancelled')
      throw new InputError(`${name} was cancelled`, 'create another one: patrol campaigns create');
    return campaign;
  }

  /** Called off: nothing is asked, told or listed any more, and what was not sent yet is not sent. Throws InputError. */
  cancel(name: string, now: number): Campaign {
    const { ledger } = this.#keeper;
    return ledger.transaction(() => {
      const campaign = this.find(name);
      if (campaign.revokedOn !== null)
        throw new InputError(`${name}: its list was handed to the bureau`, 'ask the bureau to leave it out');
      ledger.campaigns.setState(campaign.id, 'cancelled', null);
      for (const list of ['publicity', 'revocation']) ledger.resolveAlert(`review-${list}-${campaign.id}`, now);
      return this.find(name);
    });
  }

  /**
   * The list of those who did not report is published, and they are told: an admin looked at it first. The month until revocation
   * runs from here (R10). Gives how many are on it. Throws InputError when there is no list, or it is public already.
   */
  async publish(name: string, now: number): Promise<number> {
    const { ledger } = this.#keeper;
    await this.tick(now);
    const { id } = ledger.transaction(() => {
      const campaign = this.#standing(name);
      if (campaign.publishedOn !== null)
        throw new InputError(`the list is public since ${campaign.publishedOn}`, `patrol campaigns sites ${name}`);
      if (campaignState(campaign, now) !== 'publicity')
        throw new InputError(
          `${name} is ${campaign.state}`,
          `there is a list from 09:00 of ${addDays(campaign.closesOn, 1)}`,
        );
      ledger.campaigns.publish(campaign.id, beijingDate(now), now);
      return campaign;
    });
    await this.tick(now);
    return ledger.campaigns.totals(id).find(({ state }) => state === 'publicity')?.count ?? 0;
  }

  /**
   * The list of those to be revoked was handed to the bureau, and they are told: whose letter arrived is known there, not here. Gives
   * how many are on it. Throws InputError when there is no list, or it was handed over already.
   */
  async revoke(name: string, now: number): Promise<number> {
    const { ledger } = this.#keeper;
    await this.tick(now);
    const { id } = ledger.transaction(() => {
      const campaign = this.#standing(name);
      if (campaign.revokedOn !== null)
        throw new InputError(`the list was handed over on ${campaign.revokedOn}`, `patrol campaigns sites ${name}`);
      const { publishedOn, lettersUntil } = campaign;
      if (campaignState(campaign, now) !== 'over' || beijingDate(now) <= lettersUntil)
        throw new InputError(
          `${name} has no revocation list yet`,
          publishedOn === null
            ? 'publish the list of those who did not report first: patrol campaigns publish'
            : `it stands a month after publication (${publishedOn}) and after the last day for letters (${lettersUntil})`,
        );
      ledger.campaigns.revoke(campaign.id, beijingDate(now), now);
      return campaign;
    });
    await this.tick(now);
    return ledger.campaigns.totals(id).find(({ state }) => state === 'revocation')?.count ?? 0;
  }

  async #tellAll(
    campaign: Campaign,
    state: CampaignSiteState,
    kind: 'review-open' | 'review-reminder' | 'review-publicity' | 'review-revocation',
    stage: string,
    now: number,
  ): Promise<void> {
    const { ledger } = this.#keeper;
    let page: CampaignSite[] = [];
    const flush = async (): Promise<void> => {
      ledger.transaction(() => {
        for (const site of page) {
          // Reported while the page before was written: told nothing.
          if (ledger.campaigns.site(campaign.id, site.siteId)?.state !== state) continue;
          tellSite(
            this.#keeper,
            { kind, topic: `review:${campaign.id}:${site.siteId}`, stage, params: paramsOf(campaign, site) },
            site,
            now,
          );
        }
      });
      page = [];
      await setImmediate();
    };
    for (const site of ledger.campaigns.sitesUntold(campaign.id, state, stage, topicEnd(this.#keeper))) {
      page.push(site);
      if (page.length >= 200) await flush();
    }
    await flush();
  }

  /**
   * Take an owner's SMS: only from a mobile the filing itself names, for one site number, while a campaign of the province is open.
   * Every message is kept with what became of it; the same message twice is taken once. The sender is answered only where the
   * number stands in a filing, and learns nothing of other filings.
   */
  receive(sms: InboundSms, now: number): InboundOutcome {
    const { ledger } = this.#keeper;
    const mobile = mobileOf(sms.mobile) ?? sms.mobile.slice(0, 30);
    const digest = createHash('sha256').update(`${mobile} ${sms.receivedAt} ${sms.text}`).digest('hex').slice(0, 32);
    const externalId = sms.externalId ?? digest;
    return ledger.transaction(() => {
      if (ledger.campaigns.inboundKnown(sms.source, externalId) !== null) return 'duplicate';
      const judged = this.#judge(sms, mobile, externalId, now);
      const { outcome, detail } = judged;
      const body = sms.text.slice(0, 500);
      ledger.campaigns.keepInbound({
        source: sms.source,
        externalId,
        mobile,
        body,
        receivedAt: sms.receivedAt,
        outcome,
        detail,
      });
      return outcome;
    });
  }

  #judge(
    { source, text, receivedAt }: InboundSms,
    mobile: string,
    externalId: string,
    now: number,
  ): { outcome: InboundOutcome; detail: string } {
    const { ledger } = this.#keeper;
    const messageId = `${source}:${externalId}`;
    // What reached the gateway on the last day counts, whenever it is handed over.
    const sentAt = Math.min(now, Math.max(receivedAt, now - MAX_TRANSIT_MS));
    const sites = ledger.campaigns.sitesOfMobile(mobile);
    const [known] = sites;
    // Strangers are not answered: an open inbox must not send SMS to anybody.
    if (known === undefined) return { outcome: 'not-filed-mobile', detail: 'the number stands in no filing' };
    const refuse = (outcome: InboundOutcome, reason: string): { outcome: InboundOutcome; detail: string } => {
      // A machine that answers us must not make a conversation.
      if (ledger.campaigns.refusedSince(mobile, beijingInstant(beijingDate(now), '00:00')) < ANSWERS_A_DAY)
        this.#answer('review-refused', known.siteId, mobile, messageId, { campaign: '年度核查', reason }, now);
      return { outcome, detail: reason };
    };
    const parsed = parseReport(text);
    if (!parsed.ok) return refuse('bad-format', parsed.reason);
    const { providerCode, number, status } = parsed.report;
    const [siteId] = ledger.filings.find({ siteNumber: number.canonical });
    // The same words whether the site is a stranger's or does not exist: nothing of others is told.
    if (siteId === undefined || !sites.some((site) => site.siteId === siteId))
      return refuse(siteId === undefined ? 'unknown-site' : 'not-filed-mobile', '该网站备案号与本手机号不对应');
    const province = ledger.filings.load(siteId)?.filing.province;
    const open = ledger.campaigns
      .all()
      .filter(({ state }) => state !== 'cancelled')
      .filter((campaign) => campaign.province === province && campaignState(campaign, sentAt) === 'open')
      .find(({ id }) => ledger.campaigns.site(id, siteId) !== null);
    if (open === undefined) return refuse('no-campaign', '当前没有开放的年度核查');
    if (Number(open.providerCode) !== Number(providerCode)) return refuse('wrong-provider', '接入商编号不正确');
    ledger.campaigns.put(open.id, siteId, 'reported', status, now);
    this.#answer(
      'review-reported',
      siteId,
      mobile,
      messageId,
      { campaign: open.name, number: number.canonical, status },
      now,
    );
    return { outcome: 'reported', detail: `${open.name}: ${number.canonical} ${status}` };
  }

  #answer(
    kind: 'review-reported' | 'review-refused',
    siteId: number,
    mobile: string,
    messageId: string,
    params: Record<string, string>,
    now: number,
  ): void {
    const { ledger, live, rules } = this.#keeper;
    const owner = ledger.contacts.siteOwner(siteId);
    if (owner === null) return;
    if (live && rules.settings.notices.sms.provider === null) return;
    const one = { channel: 'sms' as const, recipient: mobile, person: 'sender', name: null, caseId: null };
    const { subjectId } = owner;
    this.#keeper.plan(
      [
        {
          topic: `inbound:${messageId}`,
          stage: kind,
          kind,
          ...one,
          siteId,
          subjectId,
          params,
          dryRun: !live,
          notBefore: now,
        },
      ],
      now,
    );
  }

  /** A late letter of commitment reached the bureau (R10): the site comes off the publicity list. Throws InputError. */
  letter(name: string, siteId: number, now: number): void {
    const campaign = this.#standing(name);
    const site = this.#keeper.ledger.campaigns.site(campaign.id, siteId);
    if (site === null) throw new InputError('the site is not in this campaign', `patrol campaigns sites ${name}`);
    if (
      !['publicity', 'revocation'].includes(site.state) ||
      (site.state === 'revocation' && campaign.revokedOn !== null)
    )
      throw new InputError(
        site.state === 'letter' ? 'its letter was entered already' : `the site is ${site.state} in this campaign`,
        'a letter helps a site on the publicity or revocation list: before the last day its owner reports by SMS',
      );
    this.#keeper.ledger.campaigns.put(campaign.id, siteId, 'letter', '承诺书', now);
  }
}

function paramsOf(campaign: Campaign, site: CampaignSite): Record<string, string> {
  return {
    campaign: smsValue(campaign.name) || '年度核查',
    number: site.siteNumber,
    siteName: site.siteName,
    provider: campaign.providerCode,
    to: campaign.reportTo,
    date: ['publicity', 'revocation'].includes(site.state)
      ? revocationOn(campaign.publishedOn ?? addDays(campaign.closesOn, 1))
      : campaign.closesOn,
    lettersUntil: campaign.lettersUntil,
    nextDay: addDays(campaign.closesOn, 1),
  };
}
