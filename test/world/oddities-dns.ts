import { blind, fail, type Oddity, warn } from './oddity.ts';
import type { Truth } from './types.ts';

const unseen = { 'icp-footer': blind('not-observed'), reachability: blind('not-observed') };
const gone: Record<string, Truth> = {
  // The names lead elsewhere: that is the shell check's to say.
  'access-record': { verdict: 'pass', codes: [] },
  'icp-footer': blind('not-observed'),
  reachability: warn('unreachable'),
};

/** What names and addresses can do (R1, design §3). */
export const dnsOddities: Oddity[] = [
  {
    id: 'own-cdn-front',
    about: 'CNAME to a CDN front of ours whose nodes sit in a carrier network (R1.7)',
    alter: (d, t) => {
      d.apex = [{ cname: `${d.domain}.w.kunlunsl.com` }];
      d.extraNames.set(`${d.domain}.w.kunlunsl.com`, [{ a: [t.book.unlisted()] }]);
    },
  },
  {
    id: 'www-only',
    about: 'the apex has no address, www is here',
    alter: (d) => {
      d.www = d.apex;
      d.apex = [{ rcode: 0 }];
    },
  },
  {
    id: 'apex-only',
    about: 'www does not exist',
    alter: (d) => {
      d.www = [{ rcode: 3 }];
    },
  },
  {
    id: 'ipv6-only',
    about: 'only AAAA, in our mainland range',
    alter: (d, t) => {
      d.apex = [{ aaaa: [t.book.here6()] }];
      d.www = d.apex;
    },
  },
  {
    id: 'dual-stack',
    about: 'A and AAAA, both ours',
    alter: (d, t) => {
      d.apex = [{ a: d.apex[0]?.a ?? [], aaaa: [t.book.here6()] }];
    },
  },
  {
    id: 'many-addresses',
    about: 'eight addresses, all ours',
    alter: (d, t) => {
      d.apex = [{ a: Array.from({ length: 8 }, () => t.book.here()) }];
    },
  },
  {
    id: 'one-address-ours',
    about: 'one of three addresses is ours',
    alter: (d, t) => {
      d.apex = [{ a: [t.book.otherProvider(), t.book.here(), t.book.unlisted()] }];
    },
  },
  {
    id: 'truncated-udp',
    about: 'TC over UDP, the truth over TCP',
    alter: (d) => {
      d.apex = [{ ...d.apex[0], truncate: true }];
    },
  },
  {
    id: 'forged-noise',
    about: 'forged packets (id, question, QR=0, garbage) ahead of the answer',
    alter: (d) => {
      d.apex = [{ ...d.apex[0], noise: true }];
    },
  },
  {
    id: 'cname-chain-4',
    about: 'four CNAMEs, then ours',
    alter: (d) => {
      chain(d, 4);
    },
  },
  {
    id: 'first-resolver-silent',
    about: 'the first resolver is silent; two others agree at confirmation',
    slow: true,
    alter: (d) => {
      d.apex = [{ silent: true }, d.apex[0] ?? {}, d.apex[0] ?? {}];
      d.www = d.apex;
    },
  },
  {
    id: 'first-resolver-servfail',
    about: 'SERVFAIL at the first resolver only',
    slow: true,
    alter: (d) => {
      d.apex = [{ rcode: 2 }, d.apex[0] ?? {}, d.apex[0] ?? {}];
      d.www = d.apex;
    },
  },
  {
    id: 'first-resolver-refused',
    about: 'REFUSED at the first resolver only',
    slow: true,
    alter: (d) => {
      d.apex = [{ rcode: 5 }, d.apex[0] ?? {}, d.apex[0] ?? {}];
      d.www = d.apex;
    },
  },
  { id: 'idn-domain', about: 'a Chinese domain (punycode)', tld: 'xn--fiqs8s', alter: () => {} },
  {
    id: 'two-domains',
    about: 'two domains, both here',
    alter: (d) => {
      addDomain(d, d.apex);
    },
  },
  {
    id: 'shell-other-provider',
    about: 'resolves to another cloud',
    alter: (d, t) => {
      d.apex = [{ a: [t.book.otherProvider()] }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': fail('no-host-resolves-here', 'resolves-to-other-provider') },
  },
  {
    id: 'shell-overseas',
    about: 'resolves to our Hong Kong or overseas region',
    alter: (d, t) => {
      d.apex = [{ a: [t.book.overseas()] }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': fail('no-host-resolves-here', 'resolves-overseas') },
  },
  {
    id: 'shell-unlisted',
    about: 'resolves to an address in no list',
    alter: (d, t) => {
      d.apex = [{ a: [t.book.unlisted()] }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': fail('no-host-resolves-here', 'resolves-elsewhere') },
  },
  {
    id: 'shell-nxdomain',
    about: 'the name does not exist',
    alter: (d) => {
      d.apex = [{ rcode: 3 }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': fail('does-not-resolve', 'no-host-resolves-here'), ...gone },
  },
  {
    id: 'shell-no-data',
    about: 'the name exists without any address',
    alter: (d) => {
      d.apex = [{ rcode: 0 }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': fail('does-not-resolve', 'no-host-resolves-here'), ...gone },
  },
  {
    id: 'shell-other-cdn',
    about: 'CNAME to a CDN of another provider',
    alter: (d, t) => {
      d.apex = [{ cname: `${d.domain}.cdn.dnsv1.com` }];
      d.www = d.apex;
      d.extraNames.set(`${d.domain}.cdn.dnsv1.com`, [{ a: [t.book.unlisted()] }]);
    },
    truth: { 'empty-shell': fail('no-host-resolves-here', 'resolves-to-other-provider') },
  },
  {
    id: 'shell-overseas-bucket',
    about: 'CNAME to a bucket of ours in Hong Kong',
    alter: (d, t) => {
      d.apex = [{ cname: 'bucket.oss-cn-hongkong.aliyuncs.com' }];
      d.www = d.apex;
      d.extraNames.set('bucket.oss-cn-hongkong.aliyuncs.com', [{ a: [t.book.overseas()] }]);
    },
    truth: { 'empty-shell': fail('no-host-resolves-here', 'resolves-overseas') },
  },
  {
    id: 'two-strangers',
    about: 'resolvers name two different foreign clouds: still not us',
    alter: (d, t) => {
      d.apex = [{ a: [t.book.otherProvider()] }, { a: [t.book.unlisted()] }, { a: [t.book.otherProvider()] }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': fail('no-host-resolves-here', 'resolves-to-other-provider') },
  },
  {
    id: 'mixed-hosts',
    about: 'the apex here, www at another cloud (R1.8)',
    alter: (d, t) => {
      d.www = [{ a: [t.book.otherProvider()] }];
    },
    truth: { 'empty-shell': warn('mixed') },
  },
  {
    id: 'second-domain-away',
    about: 'the second domain resolves elsewhere',
    alter: (d, t) => {
      addDomain(d, [{ a: [t.book.otherProvider()] }]);
    },
    truth: { 'empty-shell': warn('mixed') },
  },
  {
    id: 'filed-address-differs',
    about: 'ours, but not the filed address (R17.6)',
    alter: (d, t) => {
      d.filedAddresses = [t.book.here()];
    },
    truth: { 'empty-shell': warn('filed-address-differs') },
  },
  {
    id: 'filed-address-agrees',
    about: 'the filed address is the one resolved',
    alter: (d) => {
      d.filedAddresses = d.apex[0]?.a ?? [];
    },
  },
  {
    id: 'all-resolvers-silent',
    about: 'nobody answers',
    slow: true,
    alter: (d) => {
      d.apex = [{ silent: true }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': blind('not-observed'), ...unseen },
  },
  {
    id: 'all-resolvers-servfail',
    about: 'SERVFAIL everywhere',
    slow: true,
    alter: (d) => {
      d.apex = [{ rcode: 2 }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': blind('not-observed'), ...unseen },
  },
  {
    id: 'resolvers-disagree',
    about: 'the first resolver says elsewhere, two say here',
    slow: true,
    alter: (d, t) => {
      d.apex = [{ a: [t.book.unlisted()] }, d.apex[0] ?? {}, d.apex[0] ?? {}];
      d.www = d.apex;
    },
    truth: { 'empty-shell': blind('resolvers-disagree') },
  },
  {
    id: 'private-answer',
    about: 'a private address: a hijack or a forged answer',
    slow: true,
    alter: (d) => {
      d.apex = [{ a: ['10.1.2.3'] }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': blind('bogus-answer'), ...unseen },
  },
  {
    id: 'metadata-answer',
    about: 'a cloud metadata address',
    slow: true,
    alter: (d) => {
      d.apex = [{ a: ['100.100.100.200'] }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': blind('bogus-answer'), ...unseen },
  },
  {
    id: 'teredo-answer',
    about: 'a Teredo AAAA, as forged answers carry',
    slow: true,
    alter: (d) => {
      d.apex = [{ aaaa: ['2001::1f0d:5211'] }];
      d.www = d.apex;
    },
    truth: { 'empty-shell': blind('bogus-answer'), ...unseen },
  },
  {
    id: 'cname-loop',
    about: 'a CNAME loop',
    slow: true,
    alter: (d) => {
      d.apex = [{ cname: `loop.${d.domain}` }];
      d.www = d.apex;
      d.extraNames.set(`loop.${d.domain}`, [{ cname: d.domain }]);
    },
    truth: { 'empty-shell': blind('not-observed'), ...unseen },
  },
  {
    id: 'cname-chain-12',
    about: 'a chain of twelve CNAMEs',
    slow: true,
    alter: (d) => {
      chain(d, 12);
      d.www = d.apex;
    },
    truth: { 'empty-shell': blind('not-observed'), ...unseen },
  },
  {
    id: 'unknown-provider',
    about: 'access provider without a mainland range list',
    slow: true,
    alter: (d) => {
      d.accessProvider = 'qiniu';
    },
    truth: { 'empty-shell': blind('no-range-list') },
  },
  {
    id: 'app-filing',
    about: 'an app (-2A): no home page to check (R17.4)',
    alter: (d) => {
      d.siteNumber = `${d.subjectNumber}-2A`;
    },
  },
  {
    id: 'mini-program-filing',
    about: 'a mini-program (-3X)',
    alter: (d) => {
      d.siteNumber = `${d.subjectNumber}-3X`;
    },
  },
  {
    id: 'access-cancelled',
    about: 'access was cancelled: not checked (R15)',
    alter: (d) => {
      d.state = 'access-cancelled';
    },
  },
  {
    id: 'revoked',
    about: 'revoked: not checked (R15)',
    alter: (d) => {
      d.state = 'revoked';
    },
  },
];

function chain(draft: Parameters<Oddity['alter']>[0], length: number): void {
  const end = draft.apex;
  for (let i = 1; i <= length; i++) {
    draft.extraNames.set(`c${i}.${draft.domain}`, i === length ? end : [{ cname: `c${i + 1}.${draft.domain}` }]);
  }
  draft.apex = [{ cname: `c1.${draft.domain}` }];
}

function addDomain(draft: Parameters<Oddity['alter']>[0], answers: Parameters<Oddity['alter']>[0]['apex']): void {
  const second = draft.domain.replace(/^([^.]+)/, '$1-two');
  draft.domains.push(second);
  draft.extraNames.set(second, answers);
  draft.extraNames.set(`www.${second}`, answers);
}
