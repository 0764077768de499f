import type { Bilingual } from '../bilingual.ts';
import type { DeadAddress } from '../ledger/contacts-store.ts';

/** Why nothing goes to an address any more. */
export const givenUp = ({ code, reason }: DeadAddress): Bilingual => ({
  en: `the address is given up (${code}: ${reason})`,
  zh: `该地址已停用（${code}：${reason}）`,
});
