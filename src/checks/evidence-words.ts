import type { Evidence } from './types.ts';

/** What evidence is called in Chinese; other labels are hosts, addresses and the words that were found. */
const LABELS: Record<string, string> = {
  body: '正文',
  copyright: '版权声明',
  'drawn by': '浏览器',
  holder: '域名持有者',
  'last visit': '最近访问',
  link: '链接',
  opened: '开通日期',
  page: '页面',
  registrar: '注册商',
  registry: '注册局',
  ruling: '人工研判',
  screenshot: '截图',
  status: '状态',
  subject: '备案主体',
  text: '页面文字',
  title: '标题',
  url: '网址',
  words: '词语',
};

/** Labels that are made of something and a word of ours. */
const MADE: [RegExp, string][] = [
  [/^(\S+) @(\S+)$/, '$1（解析服务器 $2）'],
  [/^bureau's list of (\S+)$/, '管局名单（$1）'],
  [/^(.+) ×(\d+) \(title\)$/, '$1 ×$2（标题）'],
];

/** Why something could not be reached, and what registries call a state. */
const WORDS: [RegExp, string][] = [
  [/connection-refused/g, '连接被拒绝'],
  [/\btimeout\b/g, '连接超时'],
  [/\breset\b/g, '连接被重置'],
  [/\btls\b/g, 'HTTPS 握手失败'],
  [/no-address/g, '没有解析地址'],
  [/protocol-error/g, '返回内容不符合 HTTP 协议'],
  [/too-many-redirects/g, '重定向次数过多'],
  [/bad-redirect/g, '重定向地址有误'],
];

/** EPP states as people in China call them (R17.9). */
const STATES: Record<string, string> = {
  ok: '正常',
  active: '正常',
  inactive: '未启用解析',
  redemptionperiod: '赎回期',
  pendingdelete: '待删除',
  pendingrestore: '赎回处理中',
  serverhold: '注册局暂停解析',
  clienthold: '注册商暂停解析',
  autorenewperiod: '自动续费期',
  pendingtransfer: '转移中',
};

const OUTCOMES: [RegExp, string][] = [
  [/^answer: /, '解析到 '],
  [/^nxdomain: .*/, '域名不存在'],
  [/^no-?data: .*/, '没有解析记录'],
  // A hop of a page: its code says it, the system's own words help nobody.
  [
    /^(\S+) (connection-refused|timeout|reset|tls|no-address|protocol-error|too-many-redirects|bad-redirect): .*/,
    '$1 $2',
  ],
  [/^alive, -$/, '有效'],
  [/^alive, /, '有效，主办单位：'],
  [/^revoked, .*/, '已注销'],
  [/ \((\d+) visible characters, [0-9a-f]+\)$/, '（可见文字 $1 字）'],
  [/^(confirmed|dismissed) by (\S+): /, '$1（$2）：'],
  [/^confirmed/, '已确认'],
  [/^dismissed/, '已排除'],
  [/^-$/, '（无）'],
];

/** A state of a registry in Chinese; one that is not known stays as it is. */
export const stateZh = (status: string): string => STATES[status.toLowerCase().replace(/[\s_-]/g, '')] ?? status;

/** Reasons in Chinese, wherever they stand in a text. */
export const reasonZh = (text: string): string =>
  WORDS.reduce((said, [pattern, words]) => said.replace(pattern, words), text);

/** A line of evidence in Chinese; what is somebody else's words stays as it was found. */
export function evidenceZh({ label, value }: Evidence): Evidence {
  const made = MADE.find(([pattern]) => pattern.test(label));
  const registry = /^expires (\S+); status (.*?); registrar (.*)$/.exec(value);
  const told =
    registry === null
      ? OUTCOMES.reduce((said, [pattern, words]) => said.replace(pattern, words), value)
      : `到期日 ${registry[1]?.slice(0, 10)}；状态 ${(registry[2] ?? '').split(', ').map(stateZh).join('、')}；注册商 ${registry[3]}`;
  return {
    label: made === undefined ? (LABELS[label] ?? label) : label.replace(made[0], made[1]),
    value: reasonZh(told),
  };
}

/** Evidence that tells how we looked, not what was there: of no use to an owner. */
export const isHowWeLooked = ({ label }: Evidence): boolean => label === 'drawn by' || label === 'screenshot';
