import type { CaseKeeper } from '../cases/keeper.ts';
import { SERVICE_ACT_ZH } from '../cases/service-acts.ts';
import { actsToday } from '../enforce/daily-cap.ts';
import type { AccessSystem, ActOutcome } from '../enforce/webhook.ts';
import type { ViolationAct } from '../ledger/violations-store.ts';
import type { Logger } from '../log.ts';
import type { ViolationState } from './violation-clock.ts';
import { Violations } from './violations.ts';

/** What is stopped or switched off asks again after this. */
const HELD_MS = 600_000;
const backoffMs = (attempts: number): number => Math.min(3_600_000, 30_000 * 2 ** Math.min(attempts - 1, 7));

/** Carries out what violations ask (R13), through the same access system, holds and daily cap as enforcement of cases. */
export class ViolationEnforcer {
  readonly #keeper: CaseKeeper;
  readonly #system: AccessSystem | null;
  readonly #log: Logger;
  readonly #violations: Violations;

  constructor(keeper: CaseKeeper, system: AccessSystem | null, log: Logger) {
    this.#keeper = keeper;
    this.#system = system;
    this.#log = log;
    this.#violations = new Violations(keeper);
  }

  /** Do what is due. Gives acts touched. */
  async run(now: () => number): Promise<number> {
    const { ledger } = this.#keeper;
    const due = ledger.violations.dueActs(now(), 100);
    for (const { id } of due) {
      // One act that fails by our own fault must not hold up the others.
      await this.#one(id, now).catch((error: unknown) =>
        this.#log.error({ error, act: id }, 'act of a violation failed by our own fault'),
      );
    }
    return due.length;
  }

  async #one(id: number, now: () => number): Promise<void> {
    const { ledger } = this.#keeper;
    // Committed with its key before the wire: a kill in between is tried again under the same key.
    const prepared = ledger.durably(() => this.#prepare(id, now()));
    if (prepared === null || this.#system === null) return;
    const { act, body } = prepared;
    const outcome =
      act.state === 'pending'
        ? await this.#system.poll(act.idempotencyKey, act.receipt ?? '', now())
        : await this.#system.submit(act.idempotencyKey, body, now());
    ledger.durably(() => this.#settle(act.id, outcome, now()));
  }

  #prepare(id: number, now: number): { act: ViolationAct; body: Record<string, unknown> } | null {
    const { ledger, rules } = this.#keeper;
    const { violations, filings, enforcements } = ledger;
    const act = violations.act(id);
    const violation = act === null ? null : violations.get(act.violationId);
    if (act === null || violation === null || act.nextAt === null || act.nextAt > now) return null;
    const put = (change: Partial<ViolationAct>): ViolationAct => {
      const next = { ...act, ...change };
      violations.saveAct(next);
      return next;
    };
    if (violation.dryRun) {
      put({ state: 'dry-run', settledAt: now, nextAt: null });
      this.#violations.carriedOut(violation.id, act.act, now);
      return null;
    }
    const { enforcement } = rules.settings;
    if (this.#system === null) {
      put({ nextAt: now + HELD_MS });
      return null;
    }
    const site = filings.load(act.siteId);
    const body = {
      act: act.act,
      irrevocable: act.act === 'close-service',
      programme: 'violations',
      eventId: violation.eventId,
      reason: act.reason,
      siteNumber: site?.filing.siteNumber,
      domains: site?.filing.domains,
      accessProvider: site?.filing.accessProvider,
    };
    if (act.state === 'pending') return { act: put({ nextAt: now + enforcement.pollMs }), body };
    const against = act.act !== 'resume-service';
    if (!this.#stillWanted(act, violation.state)) {
      put({ state: 'dropped', settledAt: now, nextAt: null, error: 'nothing wants it any more' });
      return null;
    }
    if (against && (enforcements.held('enforcement') !== null || !rules.settings.violations.live)) {
      put({ nextAt: now + HELD_MS });
      return null;
    }
    if (against && act.submittedAt === null && actsToday(ledger, now) >= enforcement.maxPerDay) {
      const reason = {
        en: `${enforcement.maxPerDay} sites were acted against today (enforcement.maxPerDay)`,
        zh: `今天已处置 ${enforcement.maxPerDay} 个网站（enforcement.maxPerDay）`,
      };
      enforcements.hold('enforcement', reason, 'circuit breaker', now);
      ledger.raiseAlert(
        'hold-enforcement',
        {
          en: `enforcement is stopped: ${reason.en}; look, then: patrol cases release-enforcement`,
          zh: `已停止处置：${reason.zh}；请核对后在“通知”页恢复`,
        },
        now,
      );
      put({ nextAt: now + HELD_MS });
      return null;
    }
    const attempts = act.attempts + 1;
    const nextAt = now + Math.max(enforcement.timeoutMs * 2, backoffMs(attempts));
    return { act: put({ state: 'sending', attempts, submittedAt: act.submittedAt ?? now, nextAt }), body };
  }

  /** What was asked for may have been overtaken: an act goes out only while a violation wants what it does. */
  #stillWanted({ act, siteId }: ViolationAct, state: ViolationState): boolean {
    if (act === 'suspend-service') return state === 'suspended';
    if (act === 'close-service') return state === 'closing';
    return !this.#violations.wantedDown(siteId);
  }

  #settle(id: number, outcome: ActOutcome, now: number): void {
    const { ledger } = this.#keeper;
    const act = ledger.violations.act(id);
    if (act === null) return;
    this.#log.info(
      { violationId: act.violationId, act: act.act, attempts: act.attempts, outcome: outcome.kind },
      'access system answered',
    );
    const alert = `violation-act-${act.id}`;
    const eventId = ledger.violations.get(act.violationId)?.eventId ?? act.violationId;
    switch (outcome.kind) {
      case 'done':
        ledger.violations.saveAct({
          ...act,
          state: 'done',
          receipt: outcome.receipt ?? act.receipt,
          error: null,
          settledAt: now,
          nextAt: null,
        });
        ledger.resolveAlert(alert, now);
        this.#violations.carriedOut(act.violationId, act.act, now);
        return;
      case 'pending': {
        const nextAt = now + this.#keeper.rules.settings.enforcement.pollMs;
        ledger.violations.saveAct({ ...act, state: 'pending', receipt: outcome.receipt, error: null, nextAt });
        return;
      }
      case 'refused':
        ledger.violations.saveAct({ ...act, state: 'failed', error: outcome.message, settledAt: now, nextAt: null });
        ledger.raiseAlert(
          alert,
          {
            en: `the access system refused ${act.act} (violation ${eventId}): ${outcome.message}${act.act === 'resume-service' ? `; the site may still be down: patrol violations resume ${eventId}` : ''}`,
            zh: `接入系统拒绝了${SERVICE_ACT_ZH[act.act]}（违规事件 ${eventId}）：${outcome.message}${act.act === 'resume-service' ? '；网站可能仍未恢复，请重新请求恢复' : ''}`,
          },
          now,
        );
        if (act.act !== 'resume-service') this.#violations.settleService(act.siteId, now);
        return;
      case 'retry':
        // What was dropped while it was on the wire is not sent again.
        if (act.state === 'dropped') return;
        ledger.violations.saveAct({ ...act, error: outcome.message, nextAt: now + backoffMs(act.attempts) });
        if (act.attempts >= 5)
          ledger.raiseAlert(
            alert,
            {
              en: `the access system does not answer ${act.act} (violation ${eventId}): ${outcome.message}`,
              zh: `接入系统对${SERVICE_ACT_ZH[act.act]}没有应答（违规事件 ${eventId}）：${outcome.message}`,
            },
            now,
          );
    }
  }
}
