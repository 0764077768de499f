import type { ProviderList } from './types.ts';

/** Every way a filings file may name a provider (id, English or Chinese name, lower case) → id. */
export function providerNames(lists: readonly ProviderList[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const { id, name } of lists) {
    for (const one of [id, name.en, name.zh]) names.set(one.toLowerCase(), id);
  }
  const common: [string, string][] = [
    ['阿里云计算有限公司', 'aliyun'],
    ['alibaba', 'aliyun'],
    ['腾讯云计算（北京）有限责任公司', 'tencent'],
    ['华为云计算技术有限公司', 'huawei'],
    ['百度云', 'baidu'],
    ['百度智能云', 'baidu'],
    ['火山引擎', 'volcengine'],
    ['世纪互联', 'azure-china'],
  ];
  for (const [name, id] of common) if (!names.has(name)) names.set(name, id);
  return names;
}
