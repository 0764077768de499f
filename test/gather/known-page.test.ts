import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gatherSite } from '../../src/gather/gather-site.ts';
import { bodyKey, filledIn, type ProvedPage, type SamePage } from '../../src/gather/known-page.ts';
import { gatherPage, type PageLook } from '../../src/gather/page.ts';
import { readerVersion } from '../../src/gather/reader-version.ts';
import type { Artifact, PageDocument, PageValue } from '../../src/gather/types.ts';
import { addressReply, wireReply } from '../support/dns-server.ts';
import { type HostileNet, hostileNet } from '../support/hostile-net.ts';
import { listen, stop } from '../support/listen.ts';

const OWN = '京ICP备2021000001号-1';
const OTHER = '京ICP备2021000002号-1';
const HTML = 'text/html; charset=utf-8';
const pageOf = (number: string, title = '公司'): string =>
  `<!DOCTYPE html><html><head><title>${title}</title></head><body>${'<p>公司新闻</p>'.repeat(200)}
<footer><p><a href="https://beian.miit.gov.cn/">${number}</a></p></footer></body></html>`;

/** What the server answers, whoever asks. */
let served: { body: Buffer; contentType: string; encoding?: string };
const server = createServer((_, response) => {
  const { body, contentType, encoding } = served;
  response.writeHead(200, {
    'content-type': contentType,
    'content-length': body.length,
    ...(encoding !== undefined && { 'content-encoding': encoding }),
  });
  response.end(body);
});
let net: HostileNet;
beforeAll(async () => {
  const port = await listen(server);
  net = await hostileNet({
    answer: (question) => [
      question.name === 'site.example' ? addressReply(question, ['47.92.0.1']) : wireReply(question, { rcode: 3 }),
    ],
    addressReply,
    dialer: { target: () => ({ host: '127.0.0.1', port }) },
  });
});
afterAll(async () => {
  await net.close();
  await stop(server);
});

const look = (known: string | null, siteNumber = OWN): Promise<PageLook> =>
  gatherPage(['site.example'], { ...net.context.page('screen'), siteNumber, known });
const documentOf = (page: Artifact<PageValue> | null): PageDocument | null =>
  page?.ok === true ? page.value.document : null;
const shownBy = (page: Artifact<PageValue> | null): string[] =>
  (documentOf(page)?.facts.icpNumbers ?? []).map(({ number }) => number);

/** Read a page once; gives what was observed and what is to be kept of it. */
async function readOnce(body: Buffer, encoding?: string): Promise<{ first: Artifact<PageValue>; kept: ProvedPage }> {
  served = { body, contentType: HTML, ...(encoding !== undefined && { encoding }) };
  const { page, proved } = await look(null);
  if (proved === undefined || proved === null) throw new Error('nothing was proved');
  return { first: page, kept: proved };
}

describe('a page that was read before', () => {
  it.each([
    ['as it is', (page: string) => Buffer.from(page), undefined],
    ['packed', (page: string) => gzipSync(page), 'gzip'],
  ])('is known by its bytes, and what was read of it filled in: %s', async (_, pack, encoding) => {
    const { first, kept } = await readOnce(pack(pageOf(OWN)), encoding);
    const again = await look(kept.key);
    // Without what the ledger keeps nothing was observed: nobody can take it for a page without a number.
    expect(again.page.ok ? 'observed' : again.page.failure).toMatchObject({ code: 'internal', ours: true });
    expect(again.proved).toBeUndefined();
    if (again.same === undefined) throw new Error('it was not known');
    const filled = filledIn(JSON.parse(JSON.stringify(again.same)) as SamePage, kept, OWN);
    expect(documentOf(filled)).toEqual(documentOf(first));
    expect(shownBy(filled)).toEqual([OWN]);
    // How it was reached was seen anew.
    expect(filled?.ok && filled.value.attempts[0]?.hops[0]).toMatchObject({ status: 200, address: '47.92.0.1' });
  });

  const changes: [string, () => { siteNumber?: string; version?: string }][] = [
    [
      'one byte of it is another',
      () => {
        served = { body: Buffer.from(pageOf(OWN).replace('<footer>', '<Footer>')), contentType: HTML };
        return {};
      },
    ],
    [
      'its number is another',
      () => {
        served = { body: Buffer.from(pageOf(OTHER)), contentType: HTML };
        return {};
      },
    ],
    [
      'the server calls it something else',
      () => {
        served = { body: served.body, contentType: 'text/html' };
        return {};
      },
    ],
    ['another number is looked for', () => ({ siteNumber: OTHER })],
    ['another version read it', () => ({ version: 'of old' })],
  ];
  it.each(changes)('is read again when %s', async (_, change) => {
    const { kept } = await readOnce(Buffer.from(pageOf(OWN)));
    const { body } = served;
    const { siteNumber = OWN, version } = change();
    const source = { encoding: '', contentType: HTML, siteNumber: OWN };
    expect(bodyKey(body, { ...source, readerVersion: readerVersion() })).toBe(kept.key);
    const key = version === undefined ? kept.key : bodyKey(body, { ...source, readerVersion: version });
    const again = await look(key, siteNumber);
    expect(again.same).toBeUndefined();
    expect(documentOf(again.page)?.facts.icpNumbers).toHaveLength(1);
  });

  it('is read in full where it is looked at again', async () => {
    const { kept } = await readOnce(Buffer.from(pageOf(OWN)));
    const task = { hosts: ['site.example'], pageHosts: ['site.example'], want: ['page' as const], siteNumber: OWN };
    const screened = await gatherSite({ ...task, known: kept.key }, 'screen', net.context);
    expect(screened.same?.key).toBe(kept.key);
    const confirmed = await gatherSite({ ...task, known: kept.key }, 'confirm', net.context);
    expect([confirmed.same, confirmed.proved]).toEqual([undefined, undefined]);
    const { page } = confirmed.artifacts;
    expect(page === undefined ? null : documentOf(page)?.facts.title).toBe('公司');
  });

  it('proves nothing to keep when it lost its number, or is too large to carry', async () => {
    const { kept } = await readOnce(Buffer.from(pageOf(OWN)));
    served = { body: Buffer.from(pageOf('')), contentType: HTML };
    const lost = await look(kept.key);
    expect([shownBy(lost.page), lost.same, lost.proved]).toEqual([[], undefined, null]);
    const many = Array.from({ length: 60 }, (_, nth) => `京ICP备2021${String(nth + 100_000)}号-1`);
    served = { body: Buffer.from(pageOf(`${many.join(' ')} ${OWN}`)), contentType: HTML };
    const large = await look(kept.key);
    expect(shownBy(large.page)).toContain(OWN);
    expect(large.proved).toBeNull();
  });

  it('says nothing of what is kept when no page came', async () => {
    const { page, proved, same } = await gatherPage(['nowhere.example'], {
      ...net.context.page('screen'),
      siteNumber: OWN,
      known: 'x',
    });
    expect([documentOf(page), proved, same]).toEqual([null, undefined, undefined]);
  });
});

describe('what the ledger keeps of a page', () => {
  const facts = (number: string): string =>
    JSON.stringify({ facts: { icpNumbers: [{ number, link: 'miit', inFooter: true, placeholder: false, href: '' }] } });
  const attempts: PageValue['attempts'] = [];
  const document = { url: 'http://a.cn/', host: 'a.cn', status: 200, contentType: null, charset: 'utf-8' };
  const same: SamePage = { key: 'k', observedAt: 1, tookMs: 1, attempts, document };
  const unusable: [string, Pick<ProvedPage, 'key' | 'proof'> | null][] = [
    ['nothing', null],
    ['another page', { key: 'other', proof: facts(OWN) }],
    ['another number', { key: 'k', proof: facts(OTHER) }],
    ['half of it', { key: 'k', proof: facts(OWN).slice(0, -5) }],
    ...['{}', '[]', '5', 'null', '{"facts":{}}', '{"facts":{"icpNumbers":7}}'].map(
      (proof): [string, Pick<ProvedPage, 'key' | 'proof'>] => [proof, { key: 'k', proof }],
    ),
  ];
  it.each(unusable)('is no observation when it is %s', (_, kept) => {
    expect(filledIn(same, kept, OWN)).toBeNull();
  });
  it('is one when it shows the number', () => {
    expect(filledIn(same, { key: 'k', proof: facts(OWN) }, OWN)).toMatchObject({ ok: true, observedAt: 1 });
  });
});

it('what reads pages has a version that a lock file is part of', () => {
  expect(readerVersion()).toBe(readerVersion());
  const root = mkdtempSync(join(tmpdir(), 'beian-reader-'));
  for (const folder of ['src/facts', 'src/filing', 'src/gather']) mkdirSync(join(root, folder), { recursive: true });
  // Without a lock file nobody knows what reads pages: no two processes agree.
  expect(readerVersion(root)).not.toBe(readerVersion(root));
  writeFileSync(join(root, 'package-lock.json'), '{}');
  const version = readerVersion(root);
  expect(readerVersion(root)).toBe(version);
  writeFileSync(join(root, 'src/facts/a.ts'), '');
  const other = readerVersion(root);
  writeFileSync(join(root, 'package-lock.json'), '{ }');
  expect(new Set([version, other, readerVersion(root)]).size).toBe(3);
  rmSync(root, { recursive: true });
});
