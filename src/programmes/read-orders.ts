import { domainToASCII } from 'node:url';
import { z } from 'zod';
import { beijingDate } from '../calendar/beijing-time.ts';
import { readDateText } from '../filing/read-date.ts';
import { registrableDomain } from '../filing/registrable-domain.ts';
import type { OrderRow } from '../ledger/orders-store.ts';
import { ORDER_KINDS, type OrderKind } from './order-clock.ts';

/** What exports call the kinds. */
const KIND_NAMES: Record<string, OrderKind> = {
  首次备案: 'first',
  新增网站: 'add-site',
  '新增网站（原备案在本服务商）': 'add-site',
  '新增网站（原备案不在本服务商）': 'add-site-elsewhere',
  接入备案: 'access',
  变更备案: 'change',
  取消接入: 'cancel-access',
  注销备案: 'revoke',
  认领备案: 'claim',
};

const DATE = 'write a date of the calendar, like 2026-11-20';
const date = z.string(DATE).transform((given, context) => {
  const read = readDateText(given);
  if (read === null) context.addIssue(DATE);
  return read ?? '';
});
const text = z.string().trim().max(200);

const KINDS = `write one of ${ORDER_KINDS.join(', ')}, or ${Object.keys(KIND_NAMES).slice(0, 2).join(', ')} …`;

const shape = z.object({
  order_number: z.string('give the number of the order').trim().min(1, 'give the number of the order').max(200),
  kind: z
    .string(KINDS)
    .transform((name) => KIND_NAMES[name.trim()] ?? name.trim())
    .pipe(z.enum(ORDER_KINDS, KINDS)),
  subject_number: text.nullish(),
  subject_name: text.nullish(),
  domains: z
    .union([z.array(text), z.string().transform((list) => list.split(/[;,；，\s]+/).filter(Boolean))])
    .nullish(),
  contact_name: text.nullish(),
  contact_phone: text.nullish(),
  contact_email: text.nullish(),
  created_on: date,
  touched_on: date.nullish(),
  state: z
    .string()
    .transform(
      (name) =>
        ({ 未完成: 'open', 进行中: 'open', 已提交: 'done', 已完成: 'done', 审核中: 'done' })[name.trim()] ??
        name.trim(),
    )
    .pipe(z.enum(['open', 'done'], 'write open or done (未完成, 进行中 / 已提交, 已完成, 审核中)'))
    .nullish(),
});

/** What exports call the columns, beside the names of the API. */
const HEADS: Record<string, string> = {
  订单号: 'order_number',
  订单编号: 'order_number',
  备案类型: 'kind',
  订单类型: 'kind',
  主体备案号: 'subject_number',
  主办单位名称: 'subject_name',
  域名: 'domains',
  联系人: 'contact_name',
  联系电话: 'contact_phone',
  手机: 'contact_phone',
  邮箱: 'contact_email',
  创建日期: 'created_on',
  更新日期: 'touched_on',
  状态: 'state',
};

/** What every table of orders must have, as its heads may be called. */
export const ORDER_COLUMNS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  ['order_number', 'kind', 'created_on'].map((field) => [
    field,
    [field, ...Object.keys(HEADS).filter((head) => HEADS[head] === field)],
  ]),
);

/** The columns a table lacks, for the person who made it; null when it has all. */
export function missingColumns(
  heads: readonly string[],
  wanted: Readonly<Record<string, readonly string[]>>,
): string | null {
  const given = new Set(heads.map((head) => head.trim()));
  const missing = Object.values(wanted).filter((names) => !names.some((name) => given.has(name)));
  return missing.length === 0
    ? null
    : `no column for ${missing.map((names) => names.slice(0, 2).join(' / ')).join(', ')} among: ${[...given].join(' | ')}`;
}

/** What is wrong with one row, for the person who sent it. */
export interface RowFault {
  row: number;
  field: string;
  /** What stands there, where that helps. */
  value?: string;
  remedy: string;
}

/** Read one order as pushed or imported at `now`; dates after today are no dates of an order. */
export function readOrder(
  given: unknown,
  row: number,
  now: number,
): { ok: true; order: OrderRow } | { ok: false; fault: RowFault } {
  // Spreadsheets and JSON give numbers where texts are meant.
  const empty = (value: unknown): unknown => (value === '' ? null : typeof value === 'number' ? String(value) : value);
  const cleaned =
    typeof given === 'object' && given !== null
      ? Object.fromEntries(Object.entries(given).map(([key, value]) => [HEADS[key.trim()] ?? key.trim(), empty(value)]))
      : given;
  const result = shape.safeParse(cleaned);
  if (!result.success) {
    const issue = result.error.issues[0];
    const field = issue?.path.join('.') || '(row)';
    const value = String((cleaned as Record<string, unknown> | null)?.[field] ?? '').slice(0, 100);
    return { ok: false, fault: { row, field, value, remedy: issue?.message ?? 'mend the row' } };
  }
  const one = result.data;
  for (const field of ['created_on', 'touched_on'] as const)
    if ((one[field] ?? '') > beijingDate(now))
      return {
        ok: false,
        fault: { row, field, value: one[field] ?? '', remedy: 'it is in the future: give the real date' },
      };
  const domains = (one.domains ?? []).map((domain) => domain.toLowerCase());
  const wrong = domains.find((domain) => registrableDomain(domainToASCII(domain)) === null);
  if (wrong !== undefined)
    return {
      ok: false,
      fault: { row, field: 'domains', value: wrong, remedy: 'this is no domain: write it like example.cn' },
    };
  const order: OrderRow = {
    orderNumber: one.order_number,
    kind: one.kind,
    subjectNumber: one.subject_number ?? null,
    subjectName: one.subject_name ?? '',
    domains,
    contact: { name: one.contact_name ?? null, phone: one.contact_phone ?? null, email: one.contact_email ?? null },
    createdOn: one.created_on,
    touchedOn: one.touched_on ?? one.created_on,
    state: one.state ?? null,
  };
  return { ok: true, order };
}
