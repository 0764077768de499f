import type { Finding } from '../../src/checks/types.ts';
import type { CaseWorld } from './case-world.ts';
import { personsOf } from './portal-world.ts';

/** Draws a page as a JPEG; null where there is no browser. */
export type Draw = (markup: string) => Promise<Buffer | null>;

const FILED = '47.92.93.239';
const ELSEWHERE = '128.32.16.190';

/** A home page whose footer shows the number without a link. */
const homeOf = (index: number, number: string): string =>
  `<!DOCTYPE html><html lang="zh-CN"><meta charset="utf-8"><title>某某官网${index}</title><body style="margin:0;height:1600px;position:relative;font-family:sans-serif"><h1 style="padding:40px">某某官网${index}</h1><footer style="position:absolute;bottom:0;width:100%;text-align:center;background:#eee"><p>Copyright &copy; 2026 北京某某科技有限公司 版权所有</p><p>${number}</p></footer></body></html>`;

const shell = (domain: string): Finding[] =>
  [
    { code: 'no-host-resolves-here', about: null, evidence: [] },
    ...[domain, `www.${domain}`].map((host) => ({
      code: 'resolves-elsewhere',
      about: host,
      evidence: ['223.5.5.5', '119.29.29.29'].map((resolver) => ({
        label: `${host} @${resolver}`,
        value: `answer: ${ELSEWHERE}`,
      })),
    })),
  ].map((one) => ({
    ...one,
    severity: 'fail' as const,
    params: { host: one.about ?? domain, provider: 'aliyun', address: ELSEWHERE, hosts: 2 },
  }));

/**
 * Sites with cases their owners were told of, with evidence as real looks keep it: the first an empty shell, the others with a number
 * that is not linked. Gives their ids.
 */
export async function setPortalScene(world: CaseWorld, sites: number, draw: Draw): Promise<number[]> {
  const ids: number[] = [];
  for (let index = 1; index <= sites; index++) {
    const siteId = world.addSite(index, { addresses: [FILED], persons: personsOf(index) });
    ids.push(siteId);
    if (index === 1) world.set(siteId, 'empty-shell', 'fail', shell(`site-${index}.cn`));
    else {
      const number = `京ICP备${2021000000 + index}号-1`;
      const home = homeOf(index, number);
      const picture = await draw(home);
      world.evidence.set(siteId, [
        { kind: 'page', name: `page http://site-${index}.cn/`, base64: Buffer.from(home).toString('base64') },
        ...(picture === null
          ? []
          : [{ kind: 'screenshot' as const, name: 'screenshot', base64: picture.toString('base64') }]),
      ]);
      const params = { number, expected: number, shown: number };
      const evidence = [
        { label: 'text', value: number },
        { label: 'link', value: '-' },
      ];
      world.set(siteId, 'icp-footer', 'fail', [
        { code: 'not-linked', severity: 'fail', about: null, params, evidence },
      ]);
    }
    world.look(siteId);
  }
  return ids;
}
