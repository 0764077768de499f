/** Remedies of rows and files that were not taken, in Chinese; `$1` … stand for what the sentence names. */
const REMEDIES: [RegExp, string][] = [
  [
    /^the same number stands in an earlier row with other data: keep one of them$/,
    '前面已有同一备案号但内容不同的行，请只保留一行',
  ],
  [/^(\S+) is no IP address: write 47\.93\.0\.1;2408::1$/, '$1 不是 IP 地址，请按 47.93.0.1;2408::1 填写'],
  [
    /^write the number with its digits, like 京公网安备11010502030143号, or leave it empty$/,
    '请填写完整号码，如 京公网安备11010502030143号，或留空',
  ],
  [
    /^close the quotation mark that opens here; rows behind it were not read$/,
    '从这里开始的引号没有闭合，其后的行没有读取',
  ],
  [
    /^the row has (\S+) cells, the heading (\S+): quote cells that hold the separator$/,
    '本行有 $1 格，表头有 $2 格：含分隔符的单元格请加引号',
  ],
  [/^write one JSON object on the line$/, '每行请写一个 JSON 对象'],
  [/^give the number, like 京ICP备12345678号-1$/, '请填写备案号，如 京ICP备12345678号-1'],
  [
    /^write province, ICP备 or ICP证, digits, 号 and the suffix: 京ICP备12345678号-1$/,
    '请按“省份简称＋ICP备＋数字＋号＋序号”填写：京ICP备12345678号-1',
  ],
  [/^keep only the number: (\S+)$/, '请只保留备案号：$1'],
  [/^replace the masked digits by the real ones$/, '请把打码的数字换成真实数字'],
  [/^a serial has 6 to 10 digits, this one has (\S+)$/, '编号应为 6 到 10 位数字，现在是 $1 位'],
  [
    /^use a provider id or name of config\/providers \(patrol ranges list\)$/,
    '请填写网段表中的服务商名称或编号（见“网段”页）',
  ],
  [/^shorten the name to 200 characters$/, '名称请不超过 200 字'],
  [/^remove the control characters$/, '请删除不可见的控制字符'],
  [/^the site number belongs to (\S+): mend one of the two$/, '网站备案号属于 $1，请更正其中一个'],
  [/^write 京ICP证030173号, or leave it empty$/, '请按 京ICP证030173号 填写，或留空'],
  [/^write the province in Chinese, like 广东, or leave it empty$/, '请填写省份中文名，如 广东，或留空'],
  [
    /^the number is of (\S+): mend one of the two, or leave the province empty$/,
    '备案号属于 $1，请更正其中一个，或把省份留空',
  ],
  [/^give at least one domain, several separated by ;$/, '请至少填写一个域名，多个用 ; 分隔'],
  [/^a site has at most (\S+) domains, this row has (\S+)$/, '一个网站最多 $1 个域名，本行有 $2 个'],
  [/^this is an e-mail address: write the domain$/, '这是邮箱地址，请填写域名'],
  [/^this is an IP address: write the domain$/, '这是 IP 地址，请填写域名'],
  [/^no wildcards: write the filed domain itself$/, '不能用通配符，请填写备案的域名'],
  [
    /^this is no domain: write letters, digits, hyphens and dots, like example\.cn$/,
    '这不是域名，请按 example.cn 填写',
  ],
  [
    /^this is a public suffix: write the whole domain, like example\.com\.cn$/,
    '这只是域名后缀，请填写完整域名，如 example.com.cn',
  ],
  [/^write the date as YYYY-MM-DD, or leave it empty$/, '日期请按 YYYY-MM-DD 填写，或留空'],
  [/^write active, access-cancelled or revoked \(.*\)$/, '请填写 正常、取消接入 或 注销'],
  [/^write individual, company, .*$/, '请填写 个人、企业、事业单位、政府机关、社会团体 或 其他'],
  [/^write ecs, virtual-host, .*$/, '请填写接入产品，如 云服务器、虚拟主机、轻量服务器、负载均衡、OSS、CDN'],
  [/^write field and number, like (.+)$/, '请按“类别:批准文号”填写，如 $1'],
];

/** A remedy of an import in Chinese; one that is not known stays in English. */
export function remedyZh(remedy: string): string {
  // Of one value among several: `a@b.cn: this is …`.
  const about = /^(.{1,80}?): (?=this is |no wildcards|write field)/.exec(remedy)?.[0] ?? '';
  const text = remedy.slice(about.length);
  const found = REMEDIES.find(([pattern]) => pattern.test(text));
  return found === undefined ? remedy : `${about.replace(/: $/, '：')}${text.replace(found[0], found[1])}`;
}
