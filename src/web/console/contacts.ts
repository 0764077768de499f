import { createHmac } from 'node:crypto';
import { html } from 'ghtml';
import { InputError } from '../../errors.ts';
import { parseIcpNumber } from '../../filing/site-number.ts';
import type { DeadAddress, ExtraContact, SubjectRow } from '../../ledger/contacts-store.ts';
import type { Ledger } from '../../ledger/ledger.ts';
import { maskEmail, maskName, maskPhone, maskText } from '../../log.ts';
import { ContactDesk } from '../../notify/contact-desk.ts';
import { openName } from '../../privacy/open-names.ts';
import { queryOf, tableHtml, timeHtml, unmaskHtml } from './frame.ts';
import { type ConsoleKit, type ConsoleParts, demandReason, type Visit } from './kit.ts';
import { wordOf } from './words.ts';

const FOUND = 20;
const DEAD_ROWS = 200;

/** `/contacts`: who is told of a subject's sites; extra contacts (R7); addresses given up. */
export function addContacts(kit: ConsoleKit): void {
  const { parts } = kit;
  kit.page(
    '/contacts',
    ({ say }) => say('联系人', 'Contacts'),
    (visit, request) => listPage(parts, visit, request.query),
  );
  kit.page(
    '/contacts/:subject',
    ({ say }) => say('联系人', 'Contacts'),
    (visit, request) => {
      const subject = subjectOf(parts, request.params);
      return subject === null ? null : subjectPage(parts, visit, subject, false);
    },
  );
  const back = (request: { params: unknown }): string =>
    `/contacts/${encodeURIComponent((request.params as { subject: string }).subject)}`;
  kit.deed('/contacts/:subject/add', 'operator', 'add contact', back, (visit, form, request) => {
    const subject = demandSubject(parts, request.params);
    const email = form['email']?.trim() ?? '';
    const phone = form['phone']?.trim() ?? '';
    const name = (form['name'] ?? '').trim().slice(0, 60);
    if (name === '') throw new InputError(visit.say('没有填写姓名', 'no name'), visit.say('请填写', 'give one'));
    const contact = new ContactDesk(parts.keeper).add(
      subject.subjectNumber,
      { name, ...(email !== '' && { email }), ...(phone !== '' && { phone }) },
      parts.now(),
    );
    return {
      to: back(request),
      said: visit.say('已添加：验证通过前不会收到任何通知。', 'Added: told of nothing until it says yes.'),
      object: `subject ${subject.subjectNumber}`,
      detail: `contact ${contact.id}`,
    };
  });
  kit.deed('/contacts/:subject/:id/remove', 'operator', 'remove contact', back, (visit, _form, request) => {
    const subject = demandSubject(parts, request.params);
    const id = ownContact(parts, subject, request.params);
    new ContactDesk(parts.keeper).remove(id, parts.now());
    return {
      to: back(request),
      said: visit.say('已删除。', 'Removed.'),
      object: `subject ${subject.subjectNumber}`,
      detail: `contact ${id}`,
    };
  });
  kit.deed('/contacts/:subject/:id/resend', 'operator', 'resend verification', back, (visit, _form, request) => {
    const subject = demandSubject(parts, request.params);
    const id = ownContact(parts, subject, request.params);
    new ContactDesk(parts.keeper).resend(id, parts.now());
    return {
      to: back(request),
      said: visit.say('已重新发送验证。', 'Asked again.'),
      object: `subject ${subject.subjectNumber}`,
      detail: `contact ${id}`,
    };
  });
  kit.deed('/contacts/:subject/unmask', 'operator', 'unmask', back, (visit, form, request) => {
    const subject = demandSubject(parts, request.params);
    const reason = demandReason(visit, form['reason']);
    return {
      to: '',
      page: { title: visit.say('联系人', 'Contacts'), body: subjectPage(parts, visit, subject, true) },
      object: `subject ${subject.subjectNumber}`,
      detail: reason,
    };
  });
  kit.deed(
    '/contacts/revive',
    'operator',
    'revive address',
    () => '/contacts',
    (visit, form) => {
      const dead = parts.ledger.contacts.allDead(DEAD_ROWS).find((one) => handleOf(visit, one) === form['which']);
      if (dead === undefined || !parts.ledger.contacts.revive(dead.channel, dead.address))
        throw new InputError(
          visit.say('该地址不在停用名单中', 'the address is not given up'),
          visit.say('请刷新页面', 'open the page again'),
        );
      return {
        to: '/contacts',
        said: visit.say('已重新启用。', 'It is used again.'),
        object: dead.channel,
        detail: maskText(dead.address),
      };
    },
  );
}

/** Names an address to its own form: none stands in a page before it is unmasked, not even as a hash that can be guessed. */
const handleOf = ({ token }: Visit, { channel, address }: DeadAddress): string =>
  createHmac('sha256', token).update(`dead ${channel} ${address}`).digest('base64url');

function subjectOf({ ledger }: ConsoleParts, params: unknown): SubjectRow | null {
  return ledger.contacts.subjectByNumber((params as { subject: string }).subject);
}

function demandSubject(parts: ConsoleParts, params: unknown): SubjectRow {
  const subject = subjectOf(parts, params);
  if (subject === null)
    throw new InputError('no such subject', 'find it by its number or name', '没有该主体，请重新查找');
  return subject;
}

/** A contact of this very subject: an id of another's is none. */
function ownContact({ ledger }: ConsoleParts, subject: SubjectRow, params: unknown): number {
  const id = Number((params as { id: string }).id);
  if (ledger.contacts.extra(id)?.subjectId !== subject.id)
    throw new InputError('no such contact of this subject', 'open the page again', '没有该联系人，请刷新页面');
  return id;
}

function listPage(parts: ConsoleParts, visit: Visit, given: unknown): string {
  const { ledger } = parts;
  const { say } = visit;
  const { text } = queryOf(given, ['text']);
  const number = text === undefined ? null : parseIcpNumber(text);
  const sites =
    text === undefined
      ? []
      : ledger.sites.page({ text: number?.ok === true ? number.number.subject : text }, null, 200).rows;
  const subjects = [...new Map(sites.map((row) => [row.subjectId, row])).values()].slice(0, FOUND);
  const found = subjects.map((row) => {
    const subject = ledger.contacts.subject(row.subjectId);
    return [
      html`<a href="/contacts/${encodeURIComponent(subject?.subjectNumber ?? '')}">${subject?.subjectNumber ?? ''}</a>`,
      html`${openName(row.subjectName, row.subjectKind)}`,
      html`${row.province}`,
    ];
  });
  const dead = ledger.contacts
    .allDead(DEAD_ROWS)
    .map((one) => [
      html`${wordOf(visit, 'channel', one.channel)}`,
      html`${maskText(one.address)}`,
      timeHtml(one.since),
      html`${one.code} ${maskText(one.reason)}`,
      visit.may('operator')
        ? visit.form(
            '/contacts/revive',
            html`<input type="hidden" name="which" value="${handleOf(visit, one)}"><button class="plain small">${say('重新启用', 'Use again')}</button>`,
          )
        : '',
    ]);
  return html`<form method="get" action="/contacts" class="filters" role="search"><p class="grow"><label for="f-text">${say('主体名称、备案号或域名', 'Subject, number or domain')}</label><input id="f-text" name="text" type="search" value="${text ?? ''}" required></p><p><button>${say('查询', 'Search')}</button></p></form>
!${text === undefined ? '' : tableHtml([say('主体备案号', 'Number'), say('主体', 'Subject'), say('省份', 'Province')], found, say('没有找到。', 'None found.'), say('主体', 'Subjects'))}
<h2>${say('停用的地址', 'Addresses given up')}</h2><p class="soft">${say('被永久拒收的地址：须在备案资料中更正。', 'Refused for good: the filing’s contact data needs mending (R4.1).')}</p>
!${tableHtml([say('渠道', 'Channel'), say('地址', 'Address'), say('自', 'Since'), say('原因', 'Why'), ''], dead, say('没有。', 'None.'), say('停用的地址', 'Given up'))}`;
}

/** What an extra contact is told of: everything, or the one case an owner named it for. */
function scopeHtml({ cases }: Ledger, { say }: Visit, { caseId }: ExtraContact): string {
  const code = caseId === null ? undefined : cases.get(caseId)?.code;
  return code === undefined
    ? html`${say('全部备案', 'all filings')}`
    : html`<a href="/cases/${code}">${say('整改单', 'case')} ${code}</a>`;
}

function subjectPage({ ledger }: ConsoleParts, visit: Visit, subject: SubjectRow, clear: boolean): string {
  const { say } = visit;
  const phoneOf = (text: string | null): string => (text === null ? '—' : clear ? text : maskPhone(text));
  const mailOf = (text: string | null): string => (text === null ? '—' : clear ? text : maskEmail(text));
  const name = (text: string | null): string => (text === null ? '—' : clear ? text : maskName(text));
  const base = `/contacts/${encodeURIComponent(subject.subjectNumber)}`;
  const persons = ledger.contacts
    .ofSubject(subject.id)
    .map((person) => [
      html`${person.role === 'subject-head' ? say('主体负责人', 'subject head') : say('网站负责人', 'site head')}`,
      html`<a href="/sites/${person.siteId}">${ledger.sites.firstHost(person.siteId)}</a>`,
      html`${name(person.name)}`,
      html`${phoneOf(person.phone)}`,
      html`${mailOf(person.email)}`,
    ]);
  const extras = ledger.contacts
    .extras(subject.id)
    .map((extra) => [
      html`${name(extra.name)}`,
      scopeHtml(ledger, visit, extra),
      html`${phoneOf(extra.phone)} ${extra.phone === null ? '' : extra.phoneVerifiedAt === null ? say('未验证', 'unverified') : say('已验证', 'verified')}`,
      html`${mailOf(extra.email)} ${extra.email === null ? '' : extra.emailVerifiedAt === null ? say('未验证', 'unverified') : say('已验证', 'verified')}`,
      visit.may('operator')
        ? html`!${visit.form(`${base}/${extra.id}/resend`, html`<button class="plain small">${say('重发验证', 'Ask again')}</button>`, 'class="inline"')}!${visit.form(`${base}/${extra.id}/remove`, html`<button class="plain small">${say('删除', 'Remove')}</button>`, 'class="inline"')}`
        : '',
    ]);
  const add = `${base}/add`;
  const unmask = `${base}/unmask`;
  const field = (id: string, label: string, attributes: string): string =>
    html`<p><label for="add-${id}">${label}</label><input id="add-${id}" name="${id}" value="${visit.typed(add, id)}" !${attributes}></p>`;
  return html`<p class="lead"><strong>${clear ? subject.name : openName(subject.name, subject.kind)}</strong> · ${subject.subjectNumber} · ${subject.province}</p>
<h2>${say('备案负责人', 'Persons of the filings')}</h2>!${tableHtml([say('角色', 'Role'), say('网站', 'Site'), say('姓名', 'Name'), say('电话', 'Phone'), say('邮箱', 'Mail')], persons, say('没有。', 'None.'), say('备案负责人', 'Persons'))}
<h2>${say('其他通知联系人', 'Extra contacts')}</h2>!${tableHtml([say('姓名', 'Name'), say('告知范围', 'Told of'), say('电话', 'Phone'), say('邮箱', 'Mail'), ''], extras, say('没有。', 'None.'), say('其他联系人', 'Extra contacts'))}
!${visit.may('operator') ? html`<details !${visit.typed(add, 'name') === '' ? '' : 'open'}><summary>${say('添加联系人', 'Add a contact')}</summary>!${visit.form(add, html`!${field('name', say('姓名', 'Name'), 'required maxlength="60"')}!${field('email', say('邮箱', 'Mail'), 'type="email" maxlength="200"')}!${field('phone', say('手机号', 'Mobile'), 'type="tel" maxlength="30"')}<p><button>${say('添加并发送验证', 'Add, and ask it to say yes')}</button></p>`)}</details>` : ''}
!${clear ? '' : unmaskHtml(visit, unmask)}`;
}
