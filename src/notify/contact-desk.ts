import type { CaseKeeper } from '../cases/keeper.ts';
import { InputError } from '../errors.ts';
import { emailOf, mobileOf } from '../filing/addresses.ts';
import type { ExtraContact } from '../ledger/contacts-store.ts';
import { MAX_MISSES, proofHash } from './one-time-secret.ts';

/** R7. */
const MAX_EXTRA_CONTACTS = 15;

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
        );
      const email = readAddress('email', given.email);
      const phone = readAddress('phone', given.phone);
      if (email === null && phone === null)
        throw new InputError('the contact has no address', 'give --email, --phone, or both', '请填写邮箱或手机号');
      const known = ledger.contacts.extras(subject.id);
      const same = (one: ExtraContact): boolean =>
        (email !== null && one.email === email) || (phone !== null && one.phone === phone);
      const twice = known.find(same);
      if (twice !== undefined)
        throw new InputError(
          `extra contact ${twice.id} has that address already`,
          'patrol contacts list shows it; change it with patrol contacts change',
          '已有联系人使用该地址',
        );
      if (known.length >= MAX_EXTRA_CONTACTS)
        throw new InputError(
          `${subjectNumber} has ${known.length} extra contacts, the most there may be (R7)`,
          'remove one first: patrol contacts remove',
          '其他联系人已达上限（R7），请先删除一个',
        );
      const id = ledger.contacts.addExtra({ subjectId: subject.id, name: given.name, email, phone }, now);
      const contact = ledger.contacts.extra(id) as ExtraContact;
      this.#ask(contact, now);
      return contact;
    });
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
      this.#keeper.ledger.outbox.cancelPlanned(`contact:${id}`, channel, 'the contact was removed');
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

  /** Use the code of an SMS with the number it was sent to, as the portal's page asks for it. */
  verifyPhone(phone: string, code: string, now: number): Verification {
    const mobile = mobileOf(phone);
    const contacts = mobile === null ? [] : this.#keeper.ledger.contacts.extrasByPhone(mobile);
    let result: Verification = { ok: false, reason: 'unknown' };
    for (const { id } of contacts) {
      result = this.verifyCode(id, code, now);
      if (result.ok) return result;
    }
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
    return { ok: true, contact, channel: proof.channel };
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
      if (only[channel]) this.#keeper.ledger.outbox.cancelPlanned(`contact:${contact.id}`, channel, 'asked anew');
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
        params: { contactId: contact.id, name: contact.name },
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
