import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCheck } from '../../src/checks/conclude.ts';
import { domainExpiry } from '../../src/checks/domain-expiry.ts';
import { emptyShell } from '../../src/checks/empty-shell.ts';
import { reachability } from '../../src/checks/reachability.ts';
import { gatherSite } from '../../src/gather/gather-site.ts';
import { checkInput, filingOf } from '../support/check-input.ts';
import {
  addressReply,
  type DnsAnswer,
  type DnsQuestion,
  TYPE,
  wireAddress,
  wireName,
  wireRecord,
  wireReply,
} from '../support/dns-server.ts';
import { FULL, figure } from '../support/figures.ts';
import { type HostileNet, hostileNet } from '../support/hostile-net.ts';
import { SeededRandom } from '../world/random.ts';

const RESOLVERS = 3;
/** A mainland node of ours, and an address that is nobody's of ours. */
const OURS = '47.92.0.10';
const ELSEWHERE = '45.33.32.156';

const honest = (question: DnsQuestion, truth: string): Buffer => addressReply(question, [truth]);
const a = (question: DnsQuestion, address: string, name = question.name): Buffer =>
  wireRecord(name, TYPE.A, wireAddress(address));
const forged = (question: DnsQuestion): Buffer[] => [a(question, '8.7.198.45')];
const cname = (from: string, to: string): Buffer => wireRecord(from, TYPE.CNAME, wireName(to));

/** One way a resolver, or somebody on the way, misbehaves. `truth` is what an honest one would say. */
type Fault = (question: DnsQuestion, truth: string) => DnsAnswer;

/** Faults that can be told from an answer: on every resolver at once they may hide the truth, never turn it round. */
const FAULTS: Record<string, Fault> = {
  'wrong id, then the truth': (q, t) => [wireReply(q, { id: q.id ^ 1, answers: forged(q) }), honest(q, t)],
  'wrong id only': (q) => [wireReply(q, { id: q.id ^ 1, answers: forged(q) })],
  'another question, then the truth': (q, t) => [
    wireReply(q, { question: { name: 'other.cn', type: q.type }, answers: [a(q, '8.7.198.45', 'other.cn')] }),
    honest(q, t),
  ],
  'another question only': (q) => [wireReply(q, { question: { name: 'other.cn', type: q.type }, answers: forged(q) })],
  'another type': (q) => [wireReply(q, { question: { name: q.name, type: 16 }, answers: forged(q) })],
  'another class': (q) => [wireReply(q, { question: { name: q.name, type: q.type, cls: 3 }, answers: forged(q) })],
  'no question': (q) => [wireReply(q, { question: null, answers: forged(q) })],
  'QR=0, then the truth': (q, t) => [wireReply(q, { flags: 0x0100, answers: forged(q) }), honest(q, t)],
  'QR=0 only': (q) => [wireReply(q, { flags: 0x0100, answers: forged(q) })],
  'another opcode': (q) => [wireReply(q, { flags: 0xa980, answers: forged(q) })],
  'truncated, TCP silent': (q) => (q.overTcp ? 'hang' : [wireReply(q, { flags: 0x8380 })]),
  'truncated, TCP closes': (q) => (q.overTcp ? 'close' : [wireReply(q, { flags: 0x8380 })]),
  'truncated, TCP tells': (q, t) =>
    q.overTcp ? [honest(q, t)] : [wireReply(q, { flags: 0x8380, answers: forged(q) })],
  'truncated in TCP too': (q) => [wireReply(q, { flags: 0x8380, answers: forged(q) })],
  'TCP with a wrong id': (q) =>
    q.overTcp ? [wireReply(q, { id: q.id ^ 1, answers: forged(q) })] : [wireReply(q, { flags: 0x8380 })],
  SERVFAIL: (q) => [wireReply(q, { rcode: 2 })],
  REFUSED: (q) => [wireReply(q, { rcode: 5 })],
  FORMERR: (q) => [wireReply(q, { rcode: 1 })],
  NOTIMP: (q) => [wireReply(q, { rcode: 4 })],
  'code 15': (q) => [wireReply(q, { rcode: 15 })],
  'SERVFAIL with an answer': (q) => [wireReply(q, { rcode: 2, answers: forged(q) })],
  silence: () => 'hang',
  'a CNAME to itself': (q) => [wireReply(q, { answers: [cname(q.name, q.name)] })],
  'a CNAME circle of two': (q) => [wireReply(q, { answers: [cname(q.name, 'b.cn'), cname('b.cn', q.name)] })],
  'a chain of fifty': (q) => [
    wireReply(q, {
      answers: Array.from({ length: 50 }, (_, i) => cname(i === 0 ? q.name : `n${i}.cn`, `n${i + 1}.cn`)),
    }),
  ],
  'a chain without end, a step an answer': (q) => [
    wireReply(q, { answers: [cname(q.name, `x${q.name}`.slice(0, 200))] }),
  ],
  'Teredo for AAAA': (q) =>
    q.type === TYPE.AAAA
      ? [wireReply(q, { answers: [wireRecord(q.name, TYPE.AAAA, wireAddress('2001::4137:9e76'))] })]
      : 'hang',
  'an A record of three bytes': (q) => [
    wireReply(q, { answers: [wireRecord(q.name, TYPE.A, Buffer.from([8, 7, 1]))] }),
  ],
  'an AAAA record of four bytes': (q) => [
    wireReply(q, { answers: [wireRecord(q.name, TYPE.AAAA, Buffer.from([8, 7, 1, 9]))] }),
  ],
  'a record longer than the packet': (q) => [
    wireReply(q, { answers: [wireRecord(q.name, q.type, Buffer.alloc(4)).subarray(0, -2)] }),
  ],
  'more records promised than given': (q) => [wireReply(q, { answerCount: 9 })],
  'a compression pointer to itself': (q) => {
    const reply = wireReply(q, { answers: [wireRecord(Buffer.from([0xc0, 0]), q.type, Buffer.alloc(4))] });
    const at = reply.length - 16;
    reply.writeUInt16BE(0xc000 | at, at);
    return [reply];
  },
  'compression pointers in a circle': (q) => {
    const reply = wireReply(q, { answers: [Buffer.from([0xc0, 0, 0xc0, 0]), Buffer.alloc(10)], answerCount: 1 });
    const at = reply.length - 14;
    reply.writeUInt16BE(0xc000 | (at + 2), at);
    reply.writeUInt16BE(0xc000 | at, at + 2);
    return [reply];
  },
  'a pointer behind the packet': (q) => [
    wireReply(q, { answers: [wireRecord(Buffer.from([0xff, 0xff]), q.type, Buffer.alloc(4))] }),
  ],
  'a label of 63 without end': (q) => [
    Buffer.concat([
      wireReply(q, { answerCount: 1 }),
      ...Array.from({ length: 20 }, () => Buffer.concat([Buffer.from([63]), Buffer.alloc(63, 97)])),
    ]),
  ],
  'sixty kilobytes of rubbish': (q) => [
    Buffer.concat([wireReply(q, { answerCount: 2000 }), Buffer.alloc(q.overTcp ? 60_000 : 8000, 0xc0)]),
  ],
  'three bytes': () => [Buffer.from([1, 2, 3])],
  'the header only': (q) => [wireReply(q, { question: null })],
  'the question sent back': (q) => [q.message],
  'the answer of another name': (q) => [wireReply(q, { answers: [a(q, '8.7.198.45', 'other.cn')] })],
  'the truth under another name’s CNAME': (q, t) => [wireReply(q, { answers: [cname('other.cn', q.name), a(q, t)] })],
  'an answer of class CHAOS': (q) => [
    wireReply(q, { answers: [wireRecord(q.name, TYPE.A, wireAddress('8.7.198.45'), 3)] }),
  ],
  'the loopback address': (q) => (q.type === TYPE.A ? [addressReply(q, ['127.0.0.1'])] : [addressReply(q, [])]),
  'a private address': (q) => (q.type === TYPE.A ? [addressReply(q, ['10.1.2.3'])] : [addressReply(q, [])]),
  'an address of nowhere': (q) => (q.type === TYPE.A ? [addressReply(q, ['0.0.0.0'])] : [addressReply(q, [])]),
};

/** Well-formed lies: nobody can tell one from an answer, so only a minority of resolvers may tell them. */
const LIES: Record<string, Fault> = {
  'an address elsewhere': (q) => [addressReply(q, ['8.7.198.45'])],
  'no such name': (q) => [wireReply(q, { rcode: 3 })],
  'no address': (q) => [wireReply(q)],
  'a CNAME elsewhere': (q) => [
    wireReply(q, { answers: [cname(q.name, 'parked.example'), a(q, '8.7.198.45', 'parked.example')] }),
  ],
};

interface Site {
  truth: string;
  /** What each resolver does; null: honest. */
  faults: (Fault | null)[];
  names: string[];
}

const sites = new Map<string, Site>();
let net: HostileNet;
beforeAll(async () => {
  net = await hostileNet({
    resolvers: RESOLVERS,
    answer: (question, resolver) => {
      const site = sites.get(question.name.replace(/^www\./, ''));
      if (site === undefined)
        return question.name.startsWith('x')
          ? [wireReply(question, { answers: [cname(question.name, `x${question.name}`.slice(0, 200))] })]
          : [wireReply(question, { rcode: 3 })];
      return (site.faults[resolver] ?? ((q: DnsQuestion, t: string) => [honest(q, t)]))(question, site.truth);
    },
    addressReply,
    dialer: { target: () => ({ host: '127.0.0.1', port: 1 }) },
    overrides: { dns: { timeoutMs: 150, tries: 2 } },
  });
});
afterAll(() => net.close());

let made = 0;
const site = (truth: string, faults: (Fault | null)[], names: string[]): string => {
  const host = `s${made++}.cn`;
  sites.set(host, { truth, faults, names });
  return host;
};

/** Look at hosts by every resolver and judge what came back. */
async function judge(hosts: string[]): Promise<Map<string, Record<string, string>>> {
  const verdicts = new Map<string, Record<string, string>>();
  const queue = [...hosts];
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (let host = queue.shift(); host !== undefined; host = queue.shift()) {
        const task = { hosts: [host, `www.${host}`], pageHosts: [host], want: ['dns' as const] };
        const { artifacts } = await gatherSite(task, 'confirm', net.context);
        const input = checkInput({ filing: filingOf({ domains: [host] }), artifacts });
        verdicts.set(host, {
          'empty-shell': runCheck(emptyShell, input).verdict,
          reachability: runCheck(reachability, input).verdict,
          'domain-expiry': runCheck(domainExpiry, input).verdict,
        });
      }
    }),
  );
  return verdicts;
}

/** Verdicts that say the opposite of the truth. */
async function falseVerdicts(hosts: string[]): Promise<unknown[]> {
  const verdicts = await judge(hosts);
  return hosts.flatMap((host) => {
    const { truth, names } = sites.get(host) as Site;
    const verdict = verdicts.get(host) ?? {};
    const wrong = truth === OURS ? 'fail' : 'pass';
    const accused = truth === OURS && (verdict['reachability'] === 'fail' || verdict['domain-expiry'] === 'fail');
    return verdict['empty-shell'] === wrong || accused ? [[truth === OURS ? 'ours' : 'elsewhere', names, verdict]] : [];
  });
}

describe('resolvers that misbehave', () => {
  it('honest ones are believed: the suite can see both verdicts', async () => {
    const hosts = [site(OURS, [], []), site(ELSEWHERE, [], [])];
    const verdicts = await judge(hosts);
    expect(hosts.map((host) => verdicts.get(host)?.['empty-shell'])).toEqual(['pass', 'fail']);
  });
  it.each([
    ['ours', OURS],
    ['elsewhere', ELSEWHERE],
  ])('every fault, on one, two and all resolvers: %s', async (_name, truth) => {
    const hosts = Object.entries(FAULTS).flatMap(([name, fault]) => [
      site(truth, [fault, null, null], [name]),
      site(truth, [null, fault, fault], [name, name]),
      site(truth, [fault, fault, fault], [name, name, name]),
    ]);
    expect(await falseVerdicts(hosts)).toEqual([]);
    figure({
      fault: `DNS: ${Object.keys(FAULTS).length} faults on one, two and all three resolvers (site ${_name})`,
      count: hosts.length,
      result: '0 false verdicts',
    });
  });
  it.each([
    ['ours', OURS],
    ['elsewhere', ELSEWHERE],
  ])('a poisoned minority: %s', async (_name, truth) => {
    // Of a site elsewhere a liar may say what it likes but our own address: that is what `no lie makes a shell ours` is about.
    const hosts = Object.entries(LIES).flatMap(([name, lie]) => [
      site(truth, [lie, null, null], [name]),
      site(truth, [null, lie, null], [name]),
      site(truth, [null, null, lie], [name]),
    ]);
    expect(await falseVerdicts(hosts)).toEqual([]);
    figure({
      fault: `DNS: one resolver of three lies (site ${_name})`,
      count: hosts.length,
      result: '0 false verdicts',
    });
  });
  it('a poisoned minority beside faults, mixed at random', async () => {
    const generator = new SeededRandom(20261122);
    const next = (): number => generator.next();
    const faults = Object.entries(FAULTS);
    const lies = Object.entries(LIES);
    const pick = <T>(list: T[]): T => list[Math.floor(next() * list.length)] as T;
    const hosts = Array.from({ length: FULL ? 6000 : 300 }, () => {
      const truth = next() < 0.5 ? OURS : ELSEWHERE;
      // At most one liar; the others are honest or broken.
      const liar = next() < 0.4 ? Math.floor(next() * RESOLVERS) : -1;
      const chosen = Array.from({ length: RESOLVERS }, (_, index) =>
        index === liar ? pick(lies) : next() < 0.5 ? pick(faults) : null,
      );
      return site(
        truth,
        chosen.map((one) => one?.[1] ?? null),
        chosen.map((one) => one?.[0] ?? 'honest'),
      );
    });
    expect(await falseVerdicts(hosts)).toEqual([]);
    figure({
      fault: 'DNS: random mixtures of honest, broken and (at most one) lying resolvers',
      count: hosts.length,
      result: '0 false verdicts',
    });
  });
  it('a storm of SERVFAIL and silence over many sites at once', async () => {
    const hosts = Array.from({ length: FULL ? 3000 : 300 }, (_, index) =>
      site(
        index % 2 === 0 ? OURS : ELSEWHERE,
        Array.from(
          { length: RESOLVERS },
          (__, resolver) => ((index + resolver) % 2 === 0 ? FAULTS['SERVFAIL'] : FAULTS['silence']) as Fault,
        ),
        ['storm'],
      ),
    );
    const verdicts = await judge(hosts);
    expect([...new Set(hosts.map((host) => verdicts.get(host)?.['empty-shell']))]).toEqual(['inconclusive']);
    figure({ fault: 'DNS: storm of SERVFAIL and silence', count: hosts.length, result: 'all inconclusive' });
  });
});
