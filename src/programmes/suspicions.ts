import { InputError } from '../errors.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Review } from '../ledger/reviews-store.ts';
import { maskText } from '../log.ts';

/** Takes humans' rulings on what word lists and heuristics suspect (R4.2). */
export class SuspicionDesk {
  readonly #ledger: Ledger;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /**
   * Rule on a suspicion. The site is looked at again at once: confirmed, the finding weighs as a failure and is confirmed like any
   * other before a case opens; dismissed, it is a note until another thing is suspected. Throws InputError.
   */
  rule(id: number, ruling: 'confirmed' | 'dismissed', by: string, reason: string, now: number): Review {
    const review = this.#ledger.reviews.get(id);
    if (review === null)
      throw new InputError(`no suspicion ${id}`, 'patrol suspicions list shows them', '没有该项，请刷新页面');
    if (reason.trim() === '')
      throw new InputError(
        'a ruling needs a reason',
        'give --reason: it stands in the evidence',
        '请填写理由，会写入证据',
      );
    if (review.state === 'gone')
      throw new InputError(
        `suspicion ${id} is no longer seen at the site`,
        'patrol rescan the site to be sure',
        '网站上已看不到该内容，可立即复查确认',
      );
    if (review.state === ruling)
      throw new InputError(
        `suspicion ${id} is ${ruling} already, by ${review.ruledBy}: ${review.reason}`,
        'nothing to do; the other ruling would replace it',
        '已是该结论',
      );
    return this.#ledger.transaction(() => {
      this.#ledger.reviews.rule(id, ruling, by, maskText(reason.trim()).slice(0, 300), now);
      this.#ledger.sweeps.requestRescan([review.siteId], `ruling ${id}`, now);
      return this.#ledger.reviews.get(id) as Review;
    });
  }
}
