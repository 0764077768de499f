/** One way to break the worker: a piece of source that stands exactly once, what takes its place, and the suites that must notice. */
export interface Mutant {
  name: string;
  file: string;
  find: string;
  replace: string;
  suites: string[];
}

const HOSTILE = 'test/hostile';
const FAULTS = 'test/faults';

/** The mutation list: each must be caught by one of its suites (`npm run test:mutants`). */
export const MUTANTS: readonly Mutant[] = [
  {
    name: 'a message whose process died is sent again without asking',
    file: 'src/notify/deliverer.ts',
    find: "state: 'unknown',\n        code: 'lease',",
    replace: "state: 'retry',\n        code: 'lease',",
    suites: [`${FAULTS}/delivery-kill.test.ts`],
  },
  {
    name: 'the notice is not marked before the send',
    file: 'src/notify/deliverer.ts',
    find: "for (const { id } of admitted) outbox.setNotice(id, 'enclosed', null, messageId);",
    replace: '',
    suites: [`${FAULTS}/delivery-kill.test.ts`],
  },
  {
    name: 'an SMS of unknown fate counts as not sent',
    file: 'src/notify/channels/sms-aliyun.ts',
    find: "return { kind: 'unknown', code: system",
    replace: "return { kind: 'not-sent', code: system",
    suites: ['test/notify/delivery.test.ts', `${FAULTS}/chaos.test.ts`],
  },
  {
    name: 'a notice is no longer unique by case, stage, channel and recipient',
    file: 'db/migrations/0001_cases.sql',
    find: 'CREATE UNIQUE INDEX `notices_once`',
    replace: 'CREATE INDEX `notices_once`',
    suites: [`${FAULTS}/once.test.ts`],
  },
  {
    name: 'a slot may be taken twice',
    file: 'src/ledger/sweeps-store.ts',
    find: "const won = this.#db.run('slotInsert', schedule, slot, now) === 1;",
    replace: "const won = this.#db.run('slotInsert', schedule, slot, now) >= 0;",
    suites: [`${FAULTS}/once.test.ts`],
  },
  {
    name: 'no deadline for a page',
    file: 'src/gather/page.ts',
    find: 'signal: AbortSignal.timeout(options.totalTimeoutMs)',
    replace: 'signal: AbortSignal.timeout(86_400_000)',
    suites: [`${HOSTILE}/http.test.ts`],
  },
  {
    name: 'the peer is not checked after the connect',
    file: 'src/gather/dialer.ts',
    find: "if (!samePeer(socket.remoteAddress ?? '', target.host)) {",
    replace: 'if (target.host === null) {',
    suites: [`${HOSTILE}/address-guard.test.ts`],
  },
  {
    name: 'addresses of the inside are let through',
    file: 'src/gather/address-guard.ts',
    find: "if (parsed.range() !== 'unicast') return false;",
    replace: '',
    suites: [`${HOSTILE}/address-guard.test.ts`],
  },
  {
    name: 'IPv6 beyond what IANA gives out is let through',
    file: 'src/gather/address-guard.ts',
    find: 'if (parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL_IPV6, 3)) return false;',
    replace: '',
    suites: [`${HOSTILE}/address-guard.test.ts`],
  },
  {
    name: 'only the first address of a name is checked',
    file: 'src/gather/resolve-guarded.ts',
    find: 'const inside = addresses.find(',
    replace: 'const inside = addresses.slice(0, 1).find(',
    suites: [`${HOSTILE}/address-guard.test.ts`],
  },
  {
    name: 'an answer with QR=0 is believed',
    file: 'src/gather/dns-transport.ts',
    find: 'if ((flags & 0x8000) === 0 || ((flags >> 11) & 0xf) !== 0) return null;',
    replace: 'if (((flags >> 11) & 0xf) !== 0) return null;',
    suites: [`${HOSTILE}/dns.test.ts`],
  },
  {
    name: 'an answer to another question is believed',
    file: 'src/gather/dns-transport.ts',
    find: 'if (question.name.toLowerCase() !== name || question.type !== type || question.class !== Packet.CLASS.IN) return null;',
    replace: '',
    suites: [`${HOSTILE}/dns.test.ts`, 'test/gather/dns-question.test.ts'],
  },
  {
    name: 'records that cannot be read are no records',
    file: 'src/gather/dns-transport.ts',
    find: 'if (packet.answers.length !== message.readUInt16BE(6)) return invalid;',
    replace: '',
    suites: [`${HOSTILE}/dns.test.ts`],
  },
  {
    name: 'a page is known whatever its bytes are',
    file: 'src/gather/known-page.ts',
    find: '    .update(body)\n',
    replace: '',
    suites: ['test/gather/known-page.test.ts'],
  },
  {
    name: 'what is kept of a page need not show the number',
    file: 'src/gather/known-page.ts',
    find: 'if (!provesNumber(facts, siteNumber)) return null;',
    replace: '',
    suites: ['test/gather/known-page.test.ts'],
  },
  {
    name: 'what another version of the reader read is known',
    file: 'src/gather/known-page.ts',
    find: 'JSON.stringify([readerVersion, encoding,',
    replace: "JSON.stringify([readerVersion === '', encoding,",
    suites: ['test/gather/known-page.test.ts'],
  },
  {
    name: 'a gzip body cut short is a whole page',
    file: 'src/gather/decompress.ts',
    find: '(state.tail.length === 8 && state.tail.readUInt32LE(4) > state.output)',
    replace: 'false',
    suites: [`${HOSTILE}/http.test.ts`],
  },
  {
    name: 'stacked encodings are read as text',
    file: 'src/gather/decompress.ts',
    find: 'if (more.length > 0)',
    replace: 'if (more.length > 99)',
    suites: ['test/gather/decompress.test.ts'],
  },
  {
    name: 'a WHOIS date cut short is believed',
    file: 'src/gather/registration.ts',
    find: 'resolve(withoutCutLine(decode(Buffer.concat(chunks))))',
    replace: 'resolve(decode(Buffer.concat(chunks)))',
    suites: [`${HOSTILE}/registry.test.ts`],
  },
  {
    name: 'the clock is always believed',
    file: 'src/jobs/own-eyes.ts',
    find: 'if (doubt !== null && held === null && !guard.forgiven()) {',
    replace: 'if (doubt === undefined) {',
    suites: [`${FAULTS}/clock.test.ts`, `${HOSTILE}/mass-alarm.test.ts`],
  },
  {
    name: 'a range list may shrink',
    file: 'src/provider/footprint.ts',
    find: 'if (lost.length === 0) return null;',
    replace: 'if (lost.length < 99) return null;',
    suites: [`${HOSTILE}/mass-alarm.test.ts`],
  },
  {
    name: 'a captive portal is taken for the sites',
    file: 'src/gather/path-trust.ts',
    find: 'if (this.#pages.length === 0) return null;',
    replace: 'if (this.#pages.length >= 0) return null;',
    suites: [`${HOSTILE}/mass-alarm.test.ts`],
  },
  {
    name: 'resolvers that know names nobody has are listened to',
    file: 'src/gather/resolver-trust.ts',
    find: 'if (nonsense?.ok === true && nonsense.records.some(({ type }) => type === 1)) return false;',
    replace: '',
    suites: [`${HOSTILE}/mass-alarm.test.ts`],
  },
  {
    name: 'no fresh look before an act',
    file: 'src/cases/tick.ts',
    find: "if (kind === 'fails') {",
    replace: "if (kind === 'fails' || kind === 'stale') {",
    suites: ['test/cases/cases.test.ts', 'test/cases/hard-cases.test.ts', 'test/cases/second-thoughts.test.ts'],
  },
  {
    name: 'retention takes notices of open cases',
    file: 'db/queries-privacy.ts',
    find: 'c.id = n.case_id WHERE ${noticeOf} AND (c.closed_at IS NULL OR c.closed_at >= ?))`;',
    replace: 'c.id = n.case_id WHERE ${noticeOf} AND (c.closed_at >= ?))`;',
    suites: ['test/privacy/retention.test.ts'],
  },
  {
    name: 'retention goes by a clock in doubt',
    file: 'src/jobs/patrol.ts',
    find: 'if (this.#clock.doubt !== null) return;',
    replace: '',
    suites: ['test/privacy/retention.test.ts'],
  },
  {
    name: 'phone numbers are not masked in logs',
    file: 'src/log.ts',
    find: "if (typeof value === 'string') return maskText(value);",
    replace: "if (typeof value === 'string') return value;",
    suites: ['test/privacy/redaction.test.ts', 'test/ops/log.test.ts'],
  },
];
