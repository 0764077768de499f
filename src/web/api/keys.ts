import { randomBytes } from 'node:crypto';
import { InputError } from '../../errors.ts';
import { type AdminRole, ROLES } from '../../ledger/admins-store.ts';
import type { ApiKey, ApiStore } from '../../ledger/api-store.ts';
import { hashOf } from '../../notify/one-time-secret.ts';

/** What a key may open, and the least role an admin has who gives it away. */
export const SCOPES = {
  'filings:read': { role: 'viewer', zh: '网站及核查结果、证据', en: 'sites with their verdicts and evidence' },
  'filings:write': { role: 'operator', zh: '新增和更新备案', en: 'insert and update filings' },
  'rescans:write': { role: 'operator', zh: '请求复查', en: 'ask for sites to be looked at again' },
  'cases:read': { role: 'viewer', zh: '整改单及处理记录', en: 'cases with findings, history, notices and acts' },
  'cases:write': { role: 'operator', zh: '复查、延期、申诉、备注', en: 're-checks, extensions, appeals, notes' },
  'cases:decide': {
    role: 'approver',
    zh: '批准、驳回、审核申诉、结案、恢复、调整期限',
    en: 'approve, decline, judge, waive, restore, move deadlines',
  },
  'notices:read': { role: 'viewer', zh: '通知及发送结果（脱敏）', en: 'notices and their fate, masked' },
  'messages:read': {
    role: 'operator',
    zh: '站内信（含姓名）',
    en: 'in-site messages of subjects, with the names in them',
  },
  'messages:write': { role: 'operator', zh: '标记站内信已读', en: 'mark in-site messages read' },
  'orders:read': { role: 'viewer', zh: '备案订单', en: 'filing orders' },
  'orders:write': { role: 'operator', zh: '推送备案订单', en: 'push filing orders' },
  'violations:read': { role: 'viewer', zh: '内容违规', en: 'content violations' },
  'violations:write': { role: 'operator', zh: '上报内容违规', en: 'report content violations' },
  'inbound-sms:write': { role: 'operator', zh: '转交上行短信', en: 'hand over SMS that came in' },
  'webhooks:read': { role: 'viewer', zh: '整改单事件', en: 'webhooks, and the feed of case events' },
  'personal:read': {
    role: 'operator',
    zh: '完整的负责人信息，每次调用记入审计',
    en: 'persons and addresses in clear, each call in the audit log',
  },
} as const satisfies Record<string, { role: AdminRole; zh: string; en: string }>;

export type Scope = keyof typeof SCOPES;

const MAX_NAME = 60;

/** Read a list of scopes. Throws InputError naming those that are none, or above a role. */
export function readScopes(given: readonly string[], role: AdminRole): Scope[] {
  if (given.length === 0)
    throw new InputError(
      'the key opens nothing',
      `give scopes: ${Object.keys(SCOPES).join(', ')}`,
      '请至少选择一项权限',
    );
  return given.map((one) => {
    if (!Object.hasOwn(SCOPES, one))
      throw new InputError(
        `no scope ${one}`,
        `give some of: ${Object.keys(SCOPES).join(', ')}`,
        `没有权限 ${one}，请从列表中选择`,
      );
    const scope = one as Scope;
    if (ROLES.indexOf(SCOPES[scope].role) > ROLES.indexOf(role))
      throw new InputError(
        `scope ${one} is above your role`,
        `it takes a ${SCOPES[scope].role}`,
        '您的角色不能授予该权限',
      );
    return scope;
  });
}

/** Make a key: it is told once, and kept by its hash. Throws InputError where the name is taken or the scopes cannot be given. */
export function makeKey(
  store: ApiStore,
  given: { name: string; scopes: readonly string[]; by: string; role: AdminRole; expiresAt: number | null },
  now: number,
): { key: string; id: number } {
  const name = given.name.trim();
  if (name === '' || name.length > MAX_NAME)
    throw new InputError(
      'the key needs a name',
      `of at most ${MAX_NAME} characters`,
      `请填写名称，最多 ${MAX_NAME} 字`,
    );
  if (store.keyByName(name) !== null)
    throw new InputError(`a key is called ${name} already`, 'give another name', '已有同名密钥，请换一个名称');
  if (given.expiresAt !== null && !(given.expiresAt > now))
    throw new InputError('the key would be over already', 'give a later date', '有效期已过，请填更晚的日期');
  const scopes = readScopes([...new Set(given.scopes)], given.role);
  // Recognisable, so that scanners of repositories find one that got lost.
  const key = `bpk_${randomBytes(32).toString('base64url')}`;
  const id = store.insertKey({ name, scopes, createdBy: given.by, expiresAt: given.expiresAt }, hashOf(key), now);
  return { key, id };
}

/** The key behind what a call carries; null where there is none, or it is over. */
export function keyBehind(store: ApiStore, given: string, now: number): ApiKey | null {
  const key = given.length > 100 ? null : store.keyByHash(hashOf(given));
  if (key === null || key.revokedAt !== null || (key.expiresAt !== null && key.expiresAt <= now)) return null;
  return key;
}
