import { evidenceZh, reasonZh } from '../../checks/evidence-words.ts';
import { findCheck } from '../../checks/index.ts';
import type { Evidence } from '../../checks/types.ts';
import { CASE_ACTS } from '../case-acts.ts';
import type { Visit } from './kit.ts';

/** Words of ours as people read them in Chinese; in English they are read as they are. */
const ZH: Record<string, Record<string, string>> = {
  channel: {
    email: '邮件',
    sms: '短信',
    'in-site': '站内信',
    wecom: '企业微信',
    dingtalk: '钉钉',
    feishu: '飞书',
    webhook: '回调',
  },
  notice: {
    found: '整改通知',
    reminder: '到期提醒',
    extended: '延期通过',
    'extension-refused': '延期未通过',
    overdue: '逾期通知',
    enforced: '限制访问通知',
    cancelled: '取消接入通知',
    resolved: '整改通过',
    withdrawn: '撤回通知',
    'appeal-received': '申诉受理',
    'appeal-accepted': '申诉成立',
    'appeal-refused': '申诉不成立',
    renewal: '续费提醒',
    'early-warning': '预警',
    'review-open': '年度核查开始',
    'review-reminder': '年度核查提醒',
    'review-reported': '年度核查已上报',
    'review-refused': '年度核查回复无效',
    'review-publicity': '年度核查公示',
    'review-revocation': '年度核查注销',
    'order-stale': '订单提醒',
    'order-deleted': '订单删除',
    'order-invalid': '订单失效',
    'violation-found': '违规通知',
    'violation-suspended': '违规暂停服务',
    'violation-resumed': '恢复服务',
    'violation-closed': '违规关闭服务',
    'contact-verification': '联系人验证',
    'admin-alert': '管理员告警',
    'admin-digest': '管理员日报',
  },
  delivery: {
    planned: '待发',
    enclosed: '已写入消息',
    failed: '失败',
    cancelled: '已取消',
    sending: '发送中',
    retry: '待重试',
    unknown: '结果未知',
    accepted: '已提交',
    delivered: '已送达',
    'dry-run': '试运行',
  },
  next: {
    reminder: '到期提醒',
    deadline: '期限',
    'ask-enforcement': '请示限制访问',
    'ask-cancellation': '请示取消接入',
    'appeal-nudge': '申诉催办',
    'appeal-late': '申诉超期',
    look: '例行复查',
  },
  dns: {
    answer: '有应答',
    nxdomain: '域名不存在',
    'no-data': '无记录',
    servfail: '解析失败',
    refused: '被拒绝',
    timeout: '超时',
    invalid: '应答无效',
    loop: 'CNAME 循环',
    untrusted: '解析器不可信',
  },
  portal: {
    opened: '已查看整改页面',
    'code-given-out': '出具临时案件码',
    'contact-named': '添加通知联系人',
    'contact-verified': '通知联系人已验证',
    'contact-removed': '删除通知联系人',
  },
  link: { miit: '工信部', retired: '旧网址', other: '其他网址', none: '没有链接' },
  stage: { screen: '初筛', confirm: '确认' },
  attempt: {
    wire: '开始发送',
    send: '发送',
    again: '再次发送',
    put: '写入站内信',
    lookup: '查询结果',
    receipt: '回执',
    wait: '等待',
    end: '结束',
    lease: '发送进程中断',
    abandon: '放弃查询',
    'by hand': '人工',
    accepted: '已提交',
    delivered: '已送达',
    refused: '被拒绝',
    failed: '失败',
    unknown: '结果未知',
    sending: '发送中',
    retry: '待重试',
    temporary: '暂时失败',
    absent: '未查到',
  },
  evidence: {
    'artifacts.json': '判定所依据的数据',
    'dns packets': 'DNS 报文',
    screenshot: '截图',
  },
  audit: {
    'sign-in': '登录',
    'sign-out': '退出',
    language: '切换语言',
    'change password': '修改密码',
    'show authenticator secret': '查看验证器密钥',
    'switch authenticator on': '启用验证器',
    'switch authenticator off': '停用验证器',
    rescan: '复查网站',
    'rescan selection': '复查所选网站',
    'rescan filter': '复查筛选结果',
    'preview rescan': '预览复查',
    'save view': '保存视图',
    'delete view': '删除视图',
    unmask: '查看完整信息',
    'download evidence': '下载证据',
    'bulk act': '批量办理',
    'preview bulk act': '预览批量办理',
    'give out portal code': '出具临时案件码',
    'add contact': '添加联系人',
    'remove contact': '删除联系人',
    'resend verification': '重发验证',
    'revive address': '恢复地址',
    'resend notice': '重发通知',
    import: '导入备案',
    'make API key': '新建密钥',
    'revoke API key': '吊销密钥',
    'add webhook': '新建回调',
    'remove webhook': '删除回调',
    queue: '队列操作',
    'export sites': '导出网站',
    'export cases': '导出整改单',
    'role by the identity provider': '身份系统调整角色',
    'account by the identity provider': '身份系统新建账号',
  },
  act: { 'restrict-access': '限制访问', 'restore-access': '恢复访问', 'cancel-access': '取消接入' },
  enforcement: {
    waiting: '等待',
    sending: '提交中',
    pending: '处理中',
    done: '完成',
    failed: '失败',
    cancelled: '已取消',
    'dry-run': '试运行',
  },
};

/** A line of evidence in the reader's language. */
export const evidenceOf = ({ admin }: Visit, evidence: Evidence): Evidence =>
  admin.language === 'zh' ? evidenceZh(evidence) : evidence;

/** Why something was not observed, in the reader's language. */
export const reasonOf = ({ say }: Visit, text: string): string => say(reasonZh(text), text);

/** A sentence kept in two languages; one of an older version, or somebody's own, in the one it has. */
export const saidOf = ({ say }: Visit, en: string | null, zh: string | null): string => say(zh ?? en ?? '', en ?? '');

/** Who did something, where the history has a name of ours for them. */
export function actorOf({ say }: Visit, { kind, name }: { kind: string; name: string }): string {
  if (kind === 'system') return '';
  const by = /^case code by (.+)$/.exec(name)?.[1];
  const via = /^via (.+)$/.exec(name)?.[1];
  const key = /^key:(.+)$/.exec(name)?.[1];
  if (by !== undefined) return say(`网站方（${by} 出具的案件码）`, `owner (by a code ${by} gave out)`);
  if (via !== undefined) return say(`网站方（${via} 代办）`, `owner (on whose word ${via} acted)`);
  if (key !== undefined) return say(`接口密钥 ${key}`, `API key ${key}`);
  if (kind === 'owner')
    return say(`网站方 ${name === 'in-site' ? '站内信' : name === 'case code' ? '案件码' : name}`, `owner ${name}`);
  return say(`管理员 ${name}`, `admin ${name}`);
}

/** What the audit log calls a deed: acts on cases by their own words, calls of the API and refused requests as they were made. */
export function auditText(visit: Visit, action: string): string {
  const act = /^case (.+)$/.exec(action)?.[1];
  if (act !== undefined && Object.hasOwn(CASE_ACTS, act))
    return visit.say(`整改单：${CASE_ACTS[act]?.zh ?? act}`, action);
  return wordOf(visit, 'audit', action);
}

/** Deeds the console writes down, as they stand in the audit log. */
export const AUDITED = [...Object.keys(ZH['audit'] ?? {}), ...Object.keys(CASE_ACTS).map((name) => `case ${name}`)];

/** A word of ours in the reader's language. */
export function wordOf({ say }: Visit, kind: string, word: string): string {
  return say(ZH[kind]?.[word] ?? word, word);
}

/** What a check is called. */
export const checkTitle = ({ admin }: Visit, checkId: string): string =>
  findCheck(checkId)?.title[admin.language] ?? checkId;
