import { beijingDate } from '../calendar/beijing-time.ts';
import type { CaseKeeper } from '../cases/keeper.ts';
import type { Actor, CaseRecord } from '../cases/types.ts';
import { InputError } from '../errors.ts';
import { emailOf, mobileOf } from '../filing/addresses.ts';
import type { ExtraContact } from '../ledger/contacts-store.ts';
import { maskText } from '../log.ts';
import { MAX_MISSES, proofHash } from './one-time-secret.ts';
import { audienceOf } from './recipients.ts';

/** R7. */
const MAX_EXTRA_CONTACTS = 15;
/** Of them, those an owner may name for one case, and how often a day: each naming sends a stranger a message. */
export const MAX_OF_CASE = 3;
const NAMINGS_A_DAY = 5;
/** What somebody an owner named is called: no words of a stranger's go into a mail to anybody. */
const NAME_OF_CASE = '整改联系人';

/** What a proof did. */
export type Verification =
  | { ok: true; contact: ExtraContact; channel: 'email' | 'sms' }
  | { ok: false; reason: 'unknown' | 'expired' | 'changed' | 'misses' };

/** Extra notice contacts (R7): named, verified, changed, removed. */
export class ContactDesk {
  readonly #keeper: CaseKeeper;

  constructor(keeper: CaseKeeper) {
    this.#keeper = keeper;
  }

  /** Name an extra contact and ask its addresses to say yes. Throws InputError for the sixteenth, or for no usable address. */
  add(subjectNumber: string, given: { name: string; email?: string; phone?: string }, now: number): ExtraContact {
    const { ledger } = this.#keeper;
    return ledger.transaction(() => {
      const subject = ledger.contacts.subjectByNumber(subjectNumber);
      if (subject === null)
        throw new InputError(
          `no subject ${subjectNumber}`,
          'give a subject number of the ledger, like 京ICP备12345678号',
          `没有主体 ${subjectNumber}`,
        );
      const email = readAddress('email', given.email);
      const phone = readAddress('phone', given.phone);
      if (email === null && phone === null)
        throw new InputError('the contact has no address', 'give --email, --phone, or both', '请填写邮箱或手机号');
      const known = ledger.contacts.extras(subject.id);
      // Those an owner named for one case are told of that alone.
      const same = (one: ExtraContact): boolean =>
        one.caseId === null && ((email !== null && one.email === email) || (phone !== null && one.phone === phone));
      const twice = known.find(same);
      if (twice !== undefined)
        throw new InputError(
          `extra contact ${twice.id} has that address already`,
          'patrol contacts list shows it; change it with patrol contacts change',
          '已有联系人使用该地址',
        );
      this.#demandRoom(subjectNumber, known);
      const draft = { subjectId: subject.id, caseId: null, name: given.name, email, phone };
      const id = ledger.contacts.addExtra(draft, now);
      const contact = ledger.contacts.extra(id) as ExtraContact;
      this.#ask(contact, now);
      return contact;
    });
  }

  /**
   * Name somebody to be told of one case (R7), as its owner asks for it: a mail address or a mobile number, told of nothing until it
   * says yes, and of nothing but this case. Stands in the case's history. Throws InputError: not usable, or too many.
   */
  addToCase(record: CaseRecord, address: string, actor: Actor, now: number): ExtraContact {
    const { ledger } = this.#keeper;
    return ledger.transaction(() => {
      const isMail = address.includes('@');
      const email = isMail ? readAddress('email', address) : null;
      const phone = isMail ? null : readAddress('phone', address);
      if (email === null && phone === null)
        throw new InputError('no address was given', 'give a mail address or a mobile number', '请填写邮箱或手机号');
      const named = this.ofCase(record);
      const same = (one: ExtraContact): boolean =>
        email === null ? one.phone === phone : one.email?.toLowerCase() === email.toLowerCase();
      if (named.some(same))
        throw new InputError('the case has that contact already', 'it need not be named twice', '该联系人已添加');
      // Its owner sees them on the same screen, masked: nothing new is told.
      const told = audienceOf(ledger.contacts, record).recipients;
      if (told.some((one) => one.address.toLowerCase() === (email ?? phone)?.toLowerCase()))
        throw new InputError('that address is told already', 'it need not be named', '该地址已在通知名单中');
      if (named.length >= MAX_OF_CASE)
        throw new InputError(
          `the case has ${named.length} contacts of its own, the most there may be`,
          'remove one first',
          `最多添加 ${MAX_OF_CASE} 个，请先删除一个`,
        );
      const today = ledger.cases
        .events(record.id)
        .filter(({ data, at }) => data['portal'] === 'contact-named' && beijingDate(at) === beijingDate(now));
      if (today.length >= NAMINGS_A_DAY)
        throw new InputError(
          `${today.length} contacts were named for the case today`,
          'try again tomorrow',
          '今天添加次数已用完，请明天再试',
        );
      const { subjectId } = record;
      this.#demandRoom(ledger.contacts.subject(subjectId)?.subjectNumber ?? '', ledger.contacts.extras(subjectId));
      const draft = { subjectId, caseId: record.id, name: NAME_OF_CASE, email, phone };
      const contact = this.get(ledger.contacts.addExtra(draft, now));
      this.#note(contact, 'contact-named', actor, now);
      this.#ask(contact, now);
      return contact;
    });
  }

  /** Take back somebody named for a case. Throws InputError where it is none of the case's own. */
  removeFromCase(record: CaseRecord, id: number, actor: Actor, now: number): void {
    this.#keeper.ledger.transaction(() => {
      const contact = this.ofCase(record).find((one) => one.id === id);
      if (contact === undefined)
        throw new InputError(`no contact ${id} of this case`, 'open the page again', '没有该联系人，请刷新页面');
      this.remove(id, now);
      this.#note(contact, 'contact-removed', actor, now);
    });
  }

  /** Those its owner named for a case, verified or not. */
  ofCase(record: Pick<CaseRecord, 'id' | 'subjectId'>): ExtraContact[] {
    return this.#keeper.ledger.contacts.extras(record.subjectId).filter(({ caseId }) => caseId === record.id);
  }

  /** Change an address or name: a changed address is unverified until it says yes (R7). */
  change(id: number, given: { name?: string; email?: string; phone?: string }, now: number): ExtraContact {
    const { ledger } = this.#keeper;
    return ledger.transaction(() => {
      const contact = this.get(id);
      const email = given.email === undefined ? contact.email : readAddress('email', given.email);
      const phone = given.phone === undefined ? contact.phone : readAddress('phone', given.phone);
      const changed: ExtraContact = {
        ...contact,
        name: given.name ?? contact.name,
        email,
        phone,
        emailVerifiedAt: email === contact.email ? contact.emailVerifiedAt : null,
        phoneVerifiedAt: phone === contact.phone ? contact.phoneVerifiedAt : null,
      };
      ledger.contacts.saveExtra(changed);
      if (email !== contact.email) ledger.contacts.voidTokens(id, 'email', now);
      if (phone !== contact.phone) ledger.contacts.voidTokens(id, 'sms', now);
      this.#ask(changed, now, { email: email !== contact.email, sms: phone !== contact.phone });
      return changed;
    });
  }

  /** Remove an extra contact. */
  remove(id: number, now: number): void {
    const contact = this.get(id);
    this.#keeper.ledger.contacts.saveExtra({ ...contact, removedAt: now });
    for (const channel of ['email', 'sms'] as const) {
      this.#keeper.ledger.contacts.voidTokens(id, channel, now);
      this.#keeper.ledger.outbox.cancelPlanned(`contact:${id}`, channel, {
        en: 'the contact was removed',
        zh: '联系人已删除',
      });
    }
  }

  /** Ask the unverified addresses of a contact again. */
  resend(id: number, now: number): void {
    this.#ask(this.get(id), now);
  }

  /** An extra contact that was not removed. Throws InputError. */
  get(id: number): ExtraContact {
    const contact = this.#keeper.ledger.contacts.extra(id);
    if (contact === null || contact.removedAt !== null)
      throw new InputError(
        `no extra contact ${Number.isNaN(id) ? 'of that id' : id}`,
        'patrol contacts list shows the ids',
        '没有该联系人，请刷新页面',
      );
    return contact;
  }

  /** What a link would verify, without using it up: opening a page changes nothing. */
  peek(token: string, now: number): Verification {
    return this.#proof(proofHash(token, null), now);
  }

  /** Use a link's token. */
  verifyToken(token: string, now: number): Verification {
    return this.#keeper.ledger.transaction(() => this.#use(proofHash(token, null), now));
  }

  /** Use the code of an SMS, for one contact; five wrong ones void it. */
  verifyCode(contactId: number, code: string, now: number): Verification {
    const { contacts } = this.#keeper.ledger;
    return this.#keeper.ledger.transaction(() => {
      const [open] = contacts.openTokens(contactId, 'sms');
      if (open === undefined) return { ok: false, reason: 'unknown' };
      if (open.misses >= MAX_MISSES) return { ok: false, reason: 'misses' };
      const result = this.#use(proofHash(code.replace(/\s/g, ''), contactId), now);
      if (!result.ok && result.reason === 'unknown') contacts.missToken(contactId, 'sms');
      return result;
    });
  }

  /**
   * Use the code of an SMS with the number it was sent to, as the portal's page asks for it. Several may have named one number: a code
   * is a miss only where it is none of theirs.
   */
  verifyPhone(phone: string, code: string, now: number): Verification {
    const { contacts } = this.#keeper.ledger;
    const mobile = mobileOf(phone);
    const named = mobile === null ? [] : contacts.extrasByPhone(mobile);
    const meant = named.find(({ id }) => contacts.token(proofHash(code.replace(/\s/g, ''), id)) !== null);
    if (meant !== undefined) return this.verifyCode(meant.id, code, now);
    let result: Verification = { ok: false, reason: 'unknown' };
    for (const { id } of named) result = this.verifyCode(id, code, now);
    return result;
  }

  #proof(hash: string, now: number): Verification {
    const { contacts } = this.#keeper.ledger;
    const token = contacts.token(hash);
    if (token === null || token.usedAt !== null) return { ok: false, reason: 'unknown' };
    if (token.expiresAt <= now) return { ok: false, reason: 'expired' };
    const contact = contacts.extra(token.contactId);
    const address = token.channel === 'email' ? contact?.email : contact?.phone;
    if (contact === null || contact.removedAt !== null || address !== token.address)
      return { ok: false, reason: 'changed' };
    return { ok: true, contact, channel: token.channel };
  }

  #use(hash: string, now: number): Verification {
    const { contacts } = this.#keeper.ledger;
    const proof = this.#proof(hash, now);
    if (!proof.ok || !contacts.useToken(hash, now)) return proof.ok ? { ok: false, reason: 'unknown' } : proof;
    const verified = proof.channel === 'email' ? { emailVerifiedAt: now } : { phoneVerifiedAt: now };
    const contact = { ...proof.contact, ...verified };
    contacts.saveExtra(contact);
    const name = maskText((proof.channel === 'email' ? contact.email : contact.phone) ?? '');
    this.#note(contact, 'contact-verified', { kind: 'owner', name }, now);
    return { ok: true, contact, channel: proof.channel };
  }

  /** What becomes of somebody named for a case stands in its history, masked. */
  #note({ caseId, email, phone }: ExtraContact, portal: string, actor: Actor, now: number): void {
    if (caseId === null) return;
    const data = { portal, channel: email === null ? 'sms' : 'email', to: maskText(email ?? phone ?? '') };
    this.#keeper.move(caseId, 'noted', { now, actor, data });
  }

  /** R7: at most 15 a subject. Those of cases that have ended do not count. */
  #demandRoom(subjectNumber: string, known: ExtraContact[]): void {
    const { cases } = this.#keeper.ledger;
    const counted = known.filter(({ caseId }) => caseId === null || cases.get(caseId)?.closedAt === null);
    if (counted.length >= MAX_EXTRA_CONTACTS)
      throw new InputError(
        `${subjectNumber} has ${counted.length} extra contacts, the most there may be (R7)`,
        'remove one first: patrol contacts remove',
        '其他联系人已达上限（R7），请先删除一个',
      );
  }

  #ask(contact: ExtraContact, now: number, only: { email: boolean; sms: boolean } = { email: true, sms: true }): void {
    const { notices } = this.#keeper.rules.settings;
    const asked: ['email' | 'sms', string][] = [];
    if (only.email && contact.email !== null && contact.emailVerifiedAt === null) asked.push(['email', contact.email]);
    if (only.sms && contact.phone !== null && contact.phoneVerifiedAt === null) asked.push(['sms', contact.phone]);
    if (notices.portalUrl === null && asked.some(([channel]) => channel === 'email'))
      throw new InputError(
        'notices.portalUrl is not set: the link in the mail would lead nowhere',
        'set it to the public address of the portal',
        '尚未配置整改页面的公网地址（notices.portalUrl），邮件中的链接无法打开',
      );
    // What was to be asked before and has not gone out yet is not asked any more: nobody gets two, and no old address one.
    for (const channel of ['email', 'sms'] as const)
      if (only[channel])
        this.#keeper.ledger.outbox.cancelPlanned(`contact:${contact.id}`, channel, {
          en: 'asked anew',
          zh: '已重新发送验证',
        });
    this.#keeper.plan(
      asked.map(([channel, address]) => ({
        topic: `contact:${contact.id}`,
        stage: `verify:${now}`,
        kind: 'contact-verification' as const,
        channel,
        recipient: address,
        person: `extra:${contact.id}`,
        name: contact.name,
        caseId: null,
        subjectId: contact.subjectId,
        siteId: null,
        params: { contactId: contact.id, name: contact.name, ...(contact.caseId !== null && { named: 'by owner' }) },
        dryRun: !this.#keeper.live,
        notBefore: now,
      })),
      now,
    );
  }
}

function readAddress(field: 'email' | 'phone', text: string | undefined): string | null {
  if (text === undefined || text.trim() === '') return null;
  const address = field === 'email' ? emailOf(text) : mobileOf(text);
  if (address === null)
    throw new InputError(
      `${field}: ${text.slice(0, 80)} cannot be used`,
      field === 'email' ? 'write name@example.cn' : 'write a mainland mobile number, 11 digits',
      field === 'email' ? '邮箱格式不正确' : '请填写 11 位大陆手机号',
    );
  return address;
}
