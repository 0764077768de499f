import type { CampaignState } from '../programmes/campaign-clock.ts';
import type { Statements } from './statements.ts';

/** An annual review of a province (R10). */
export interface Campaign {
  id: number;
  name: string;
  province: string;
  providerCode: string;
  reportTo: string;
  opensOn: string;
  closesOn: string;
  lettersUntil: string;
  state: CampaignState;
  createdAt: number;
  /** Beijing date an admin published the list; null. */
  publishedOn: string | null;
  /** Beijing date the bureau was given those to be revoked; null. */
  revokedOn: string | null;
  dueAt: number | null;
}

/** Where a site stands in a campaign. */
export type CampaignSiteState = 'owed' | 'reported' | 'publicity' | 'letter' | 'revocation' | 'done';

/** A site in a campaign, with what lists name. */
export interface CampaignSite {
  siteId: number;
  siteNumber: string;
  siteName: string;
  subjectName: string;
  subjectId: number;
  state: CampaignSiteState;
  reported: string | null;
  reportedAt: number | null;
}

/** An SMS that came in. */
export interface InboundMessage {
  source: string;
  externalId: string;
  mobile: string;
  body: string;
  receivedAt: number;
  outcome: string;
  detail: string;
}

/** Annual reviews, and the SMS owners report by. */
export class CampaignsStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  insert(campaign: Omit<Campaign, 'id' | 'publishedOn' | 'revokedOn'>): number {
    const { name, province, providerCode, reportTo, opensOn, closesOn, lettersUntil, state, createdAt, dueAt } =
      campaign;
    const given = [
      name,
      province,
      providerCode,
      reportTo,
      opensOn,
      closesOn,
      lettersUntil,
      state,
      createdAt,
      dueAt,
    ] as const;
    return (this.#db.get<{ id: number }>('campaignInsert', ...given) as { id: number }).id;
  }

  get(id: number): Campaign | null {
    return this.#db.get<Campaign>('campaignById', id) ?? null;
  }

  byName(name: string): Campaign | null {
    return this.#db.get<Campaign>('campaignByName', name) ?? null;
  }

  all(): Campaign[] {
    return this.#db.all('campaignsAll');
  }

  setState(id: number, state: CampaignState, dueAt: number | null): void {
    this.#db.run('campaignState', state, dueAt, id);
  }

  /** The list of those who did not report is public from a Beijing date on. */
  publish(id: number, publishedOn: string, dueAt: number): void {
    this.#db.run('campaignPublish', publishedOn, dueAt, id);
  }

  /** The bureau has the list of those to be revoked. */
  revoke(id: number, revokedOn: string, dueAt: number): void {
    this.#db.run('campaignRevoke', revokedOn, dueAt, id);
  }

  nextDueAt(): number | null {
    return this.#db.get<{ at: number | null }>('campaignsNextDue')?.at ?? null;
  }

  /** Take every active, non-commercial site of the province in; those already in stay as they are. Gives how many joined. */
  enrol({ id, province }: Pick<Campaign, 'id' | 'province'>, now: number): number {
    return this.#db.run('campaignEnrol', id, now, province);
  }

  site(campaignId: number, siteId: number): { state: CampaignSiteState; reported: string | null } | null {
    return this.#db.get('campaignSite', campaignId, siteId) ?? null;
  }

  /** Sites of a campaign in a state, in pages by id. */
  *sites(campaignId: number, state: CampaignSiteState, page = 500): Generator<CampaignSite> {
    for (let after = 0; ; ) {
      const rows = this.#db.all<CampaignSite>('campaignSitesInState', campaignId, state, after, page);
      yield* rows;
      if (rows.length < page) return;
      after = rows.at(-1)?.siteId ?? after;
    }
  }

  /** Sites of a campaign in a state that no notice of a stage was planned for; `topicEnd` tells paper from earnest. */
  *sitesUntold(
    campaignId: number,
    state: CampaignSiteState,
    stage: string,
    topicEnd: string,
    page = 500,
  ): Generator<CampaignSite> {
    for (let after = 0; ; ) {
      const given = [campaignId, state, after, topicEnd, stage, page] as const;
      const rows = this.#db.all<CampaignSite>('campaignSitesUntold', ...given);
      yield* rows;
      if (rows.length < page) return;
      after = rows.at(-1)?.siteId ?? after;
    }
  }

  /** What became of one site. */
  put(campaignId: number, siteId: number, state: CampaignSiteState, reported: string | null, now: number): void {
    this.#db.run('campaignReport', state, reported, reported === null ? null : now, now, campaignId, siteId);
  }

  /** Move every site of a state on; sites that left meanwhile are done. Gives how many moved. */
  moveAll(campaignId: number, from: CampaignSiteState, to: CampaignSiteState, now: number): number {
    this.#db.run('campaignDropLeft', now, campaignId);
    return this.#db.run('campaignMoveAll', to, now, campaignId, from);
  }

  totals(campaignId: number): { state: CampaignSiteState; count: number }[] {
    return this.#db.all('campaignTotals', campaignId);
  }

  /** Keep a message that came in; false when it was taken before. */
  keepInbound({ source, externalId, mobile, body, receivedAt, outcome, detail }: InboundMessage): boolean {
    return this.#db.run('inboundInsert', source, externalId, mobile, body, receivedAt, outcome, detail) === 1;
  }

  inboundKnown(source: string, externalId: string): { outcome: string; detail: string } | null {
    return this.#db.get('inboundKnown', source, externalId) ?? null;
  }

  /** Messages of a mobile since an instant that were not taken. */
  refusedSince(mobile: string, instant: number): number {
    return this.#db.get<{ count: number }>('inboundRefused', mobile, instant)?.count ?? 0;
  }

  inboundRecent(limit: number): (InboundMessage & { id: number })[] {
    return this.#db.all('inboundRecent', limit);
  }

  /** Active sites that name a mobile number, with the role it has there. */
  sitesOfMobile(mobile: string): { siteId: number; role: string }[] {
    return this.#db.all('sitesOfMobile', mobile);
  }
}
