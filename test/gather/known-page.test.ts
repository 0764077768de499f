import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bodyKey, type KnownPage } from '../../src/gather/known-page.ts';
import { gatherPage, type PageLook } from '../../src/gather/page.ts';
import { readerVersion } from '../../src/gather/reader-version.ts';
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

const look = (known: KnownPage | null, siteNumber = OWN): Promise<PageLook> =>
  gatherPage(['site.example'], { ...net.context.page('screen'), siteNumber, known });
const titleOf = ({ page }: PageLook): string | undefined => (page.ok ? page.value.document?.facts.title : undefined);
const shownBy = ({ page }: PageLook): string[] =>
  page.ok ? (page.value.document?.facts.icpNumbers ?? []).map(({ number }) => number) : [];

/** Read a page once; gives what is known of it, marked, so that facts taken from there are told from facts read. */
async function readOnce(body: Buffer, encoding?: string): Promise<KnownPage> {
  served = { body, contentType: HTML, ...(encoding !== undefined && { encoding }) };
  const { proved } = await look(null);
  if (proved === undefined) throw new Error('nothing was proved');
  return { ...proved, proof: proved.proof.replace('"title":"', '"title":"从前读过') };
}

describe('a page that was read before', () => {
  it.each([
    ['as it is', (page: string) => Buffer.from(page), undefined],
    ['packed', (page: string) => gzipSync(page), 'gzip'],
  ])('is known by its bytes: %s', async (_, pack, encoding) => {
    const known = await readOnce(pack(pageOf(OWN)), encoding);
    const again = await look(known);
    expect(titleOf(again)).toMatch(/^从前读过/);
    expect(shownBy(again)).toEqual([OWN]);
    // Nothing new to keep; how it was reached is seen anew.
    expect(again.proved).toBeUndefined();
    expect(again.page.ok && again.page.value.attempts[0]?.hops[0]).toMatchObject({ status: 200, address: '47.92.0.1' });
  });

  it('gives the same facts as reading it', async () => {
    served = { body: Buffer.from(pageOf(OWN)), contentType: HTML };
    const first = await look(null);
    const again = await look(first.proved ?? null);
    const documentOf = ({ page }: PageLook) => (page.ok ? page.value.document : null);
    expect(documentOf(again)).toEqual(documentOf(first));
    expect(documentOf(again)).not.toBeNull();
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
      'the number is another',
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
    const known = await readOnce(Buffer.from(pageOf(OWN)));
    const { body } = served;
    const { siteNumber = OWN, version } = change();
    const source = { encoding: '', contentType: HTML, siteNumber: OWN };
    expect(bodyKey(body, { ...source, readerVersion: readerVersion() })).toBe(known.key);
    const key = version === undefined ? known.key : bodyKey(body, { ...source, readerVersion: version });
    const again = await look({ ...known, key }, siteNumber);
    // A proof reads no title, the whole page does.
    expect(['', '公司']).toContain(titleOf(again));
  });

  it('is read again when what was kept of it cannot be read', async () => {
    const known = await readOnce(Buffer.from(pageOf(OWN)));
    const again = await look({ ...known, proof: known.proof.slice(0, -5) });
    expect([titleOf(again), shownBy(again)]).toEqual(['', [OWN]]);
  });

  it('that loses its number is seen to have lost it', async () => {
    const known = await readOnce(Buffer.from(pageOf(OWN)));
    served = { body: Buffer.from(pageOf('')), contentType: HTML };
    const again = await look(known);
    expect([titleOf(again), shownBy(again), again.proved]).toEqual(['公司', [], undefined]);
  });
});
