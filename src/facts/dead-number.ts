/** Receipts that say of a number that it does not exist: the operator's word, not a limit, a blacklist or an unpaid bill. */
const GONE = /(?:^|[^\w])(?:EMPTY_NUMBER|UNKNOWN_NUMBER|UNDELIV-EMPTY|MK:0?001)(?:$|[^\w])|^(?:receipt )?空号$/i;

/**
 * Does a gateway's reason for giving a number up say that the number does not exist? Codes that stand for several things (空号/停机)
 * do not: they never accuse.
 */
export function isNumberGone({ code, reason }: { code: string; reason: string }): boolean {
  return GONE.test(code) || GONE.test(reason);
}
