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
  [/the resolver does not answer for well-known names/g, '解析服务器连常见域名也不应答'],
  [/well-known pages cannot be read: the network is broken on our side/g, '常见网站也无法打开：本机网络故障'],
  [
    /well-known pages show something else: a captive portal or a filter stands between us and the sites/g,
    '常见网站打开的是别的内容：本机网络被劫持或需要认证',
  ],
  [/one address family was not observed/g, '只取得一种地址（IPv4 或 IPv6）'],
  [/the registry refused or gave no usable answer/g, '注册局拒绝查询或没有给出可用的回答'],
  [/the answer is a script, not a page/g, '返回的是脚本而不是网页'],
  [/the page was larger than the reading limit, or broke off/g, '页面超过读取上限或中途断开'],
  [/the page consists of frames/g, '页面由框架组成'],
  [/a frame of the site was not read/g, '网站的一个框架没有读取'],
  [/the page is drawn by scripts/g, '页面由脚本生成'],
  [/the page did not come to rest/g, '页面一直在变化'],
  [/the page is empty/g, '页面为空'],
  [/a firewall's page: /g, '防火墙拦截页：'],
  [/footer from (\S+)/g, '页脚由 $1 加载'],
  [/the page leads on to (\S+)/g, '页面转到 $1'],
  [/the home page leads to (\S+)/g, '首页跳转到 $1'],
  [/(\S+) could not be read/g, '$1 未能读取'],
  [/no page answered/g, '没有页面应答'],
  [/DNS was not observed/g, '未能取得解析结果'],
  [/CNAME of (\S+), address of (\S+)/g, 'CNAME 属于 $1，地址属于 $2'],
  [/no answer in (\d+) ms/g, '$1 毫秒内没有应答'],
  [/no answer over TCP/g, 'TCP 没有应答'],
  [/the filing names nobody/g, '备案资料没有姓名'],
  [/no (?:persons|names)/g, '导入数据没有负责人姓名'],
  [/no (?:host|domain)/g, '没有可核查的域名'],
  [/(\w+) was not gathered|not gathered/g, '本次没有采集'],
  [/render\.enabled is false/g, '未启用浏览器渲染'],
  [/nxdomain/g, '域名不存在'],
  [/servfail/g, '解析失败'],
  [/no-data/g, '没有记录'],
  [/connection-reset/g, '连接被重置'],
  [/tls-handshake/g, 'HTTPS 握手失败'],
  [/captive-network/g, '本机网络被劫持或需要认证'],
  [/network-unreachable/g, '网络不可达'],
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

/** What a resolver answered. */
const ANSWERS: [RegExp, string][] = [
  [/^answer: /, '解析到 '],
  [/^servfail: .*/s, '解析失败'],
  [/^refused: .*/s, '解析服务器拒绝'],
  [/^timeout: .*/s, '解析超时'],
  [/^untrusted: .*/s, '解析服务器不可信'],
  [/^nxdomain: .*/s, '域名不存在'],
  [/^no-?data: .*/s, '没有解析记录'],
  [/^invalid: .*/s, '解析应答无效'],
  [/^loop: .*/s, 'CNAME 循环'],
];

/** What the bureau's list says of a number. */
const BUREAU: [RegExp, string][] = [
  [/^alive, -$/, '有效'],
  [/^alive, /, '有效，主办单位：'],
  [/^revoked, .*/s, '已注销'],
];

/** What a human said of a suspicion. */
const RULINGS: [RegExp, string][] = [
  [/^confirmed by (\S+): /, '已确认（$1）：'],
  [/^dismissed by (\S+): /, '已排除（$1）：'],
];

/** A state of a registry in Chinese; one that is not known stays as it is. */
export const stateZh = (status: string): string => STATES[status.toLowerCase().replace(/[\s_-]/g, '')] ?? status;

/** Reasons in Chinese, wherever they stand in a text. */
export const reasonZh = (text: string): string =>
  WORDS.reduce((said, [pattern, words]) => said.replace(pattern, words), text);

const REGIONS = new Intl.DisplayNames(['zh-Hans-CN'], { type: 'region', fallback: 'code' });

/** Parameters of a finding in Chinese: reasons, states of a registry, where a region is. */
export function paramsZh(params: Readonly<Record<string, string | number>>): Record<string, string | number> {
  const words: Record<string, (text: string) => string> = {
    reason: reasonZh,
    status: stateZh,
    region: (region) => (/^[A-Z]{2}$/.test(region) ? (REGIONS.of(region) ?? region) : region),
  };
  return Object.fromEntries(Object.entries(params).map(([key, value]) => [key, words[key]?.(String(value)) ?? value]));
}

/**
 * A line of evidence in Chinese. Only what is ours by its label is put into other words, and only where it stands: what is somebody
 * else's (titles, texts, links, names, targets of a CNAME) stays as it was found (R16.3).
 */
export function evidenceZh({ label, value }: Evidence): Evidence {
  const made = MADE.find(([pattern]) => pattern.test(label));
  return {
    label: made === undefined ? (LABELS[label] ?? label) : label.replace(made[0], made[1]),
    value: value === '-' ? '（无）' : valueZh(label, value),
  };
}

function valueZh(label: string, value: string): string {
  const said = (table: [RegExp, string][]): string =>
    table.reduce((text, [pattern, words]) => (text === value ? text.replace(pattern, words) : text), value);
  if (/^\S+ @\S+$/.test(label)) return said(ANSWERS);
  if (label.startsWith("bureau's list of ")) return said(BUREAU);
  if (label === 'ruling') return said(RULINGS);
  if (label === 'page') return value.replace(/ \((\d+) visible characters, [0-9a-f]+\)$/, '（可见文字 $1 字）');
  // A hop of a page: its code says it, the system's own words help nobody.
  if (/^https?:\/\//.test(label))
    return value.replace(
      /^(\S+) (connection-refused|timeout|reset|tls|no-address|protocol-error|too-many-redirects|bad-redirect)(?:: .*)?$/s,
      (_, address: string, code: string) => `${address} ${reasonZh(code)}`,
    );
  const registry = label === 'registry' ? /^expires (\S+); status (.*?); registrar (.*)$/.exec(value) : null;
  return registry === null
    ? value
    : `到期日 ${registry[1]?.slice(0, 10)}；状态 ${(registry[2] ?? '').split(', ').map(stateZh).join('、')}；注册商 ${registry[3]}`;
}

/** Evidence that tells how we looked, not what was there: of no use to an owner. */
export const isHowWeLooked = ({ label }: Evidence): boolean => label === 'drawn by' || label === 'screenshot';
