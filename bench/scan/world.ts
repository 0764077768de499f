import { SeededRandom } from '../../test/world/random.ts';

/** A filing of the bench world: everything about it follows from its index, so that every process knows the same. */
export interface BenchFiling {
  index: number;
  domain: string;
  hosts: [string, string];
  subjectNumber: string;
  siteNumber: string;
  address: string;
  /** Port 80 redirects to https. */
  tls: boolean;
}

/** What the bench world is like. */
export interface BenchWorld {
  filings: number;
  /** Share of filings whose page is behind a redirect to https. */
  tlsShare: number;
}

/** A slow network: round trips, dead hosts, slow bodies. */
export interface Latency {
  rttMs: [number, number];
  deadShare: number;
  slowShare: number;
}

const chance = (index: number, salt: number): number => ((index * 2_654_435_761 + salt * 40_503) >>> 0) / 2 ** 32;

/** How a filing's host answers on a slow network. */
export function wireOf(index: number, latency: Latency | undefined): { rttMs: number; dead: boolean; slow: boolean } {
  if (latency === undefined) return { rttMs: 0, dead: false, slow: false };
  const [least, most] = latency.rttMs;
  return {
    rttMs: least + chance(index, 3) * (most - least),
    dead: chance(index, 1) < latency.deadShare,
    slow: chance(index, 2) < latency.slowShare,
  };
}

/** A filing by its index. Its addresses lie in a mainland range of the shipped list of Alibaba Cloud. */
export function benchFiling(index: number, { tlsShare }: Pick<BenchWorld, 'tlsShare'>): BenchFiling {
  const domain = `bench-${index}.cn`;
  const subjectNumber = `京ICP备${2_020_000_001 + index}号`;
  return {
    index,
    domain,
    hosts: [domain, `www.${domain}`],
    subjectNumber,
    siteNumber: `${subjectNumber}-1`,
    address: `47.92.${(index >> 8) & 255}.${index & 255 || 1}`,
    tls: (index * 7919) % 1000 < tlsShare * 1000,
  };
}

const WORDS =
  '产品中心解决方案新闻动态关于我们联系客户服务支持下载专区人才招聘技术文档公司简介企业文化荣誉资质合作伙伴行业应用'.split(
    '',
  );

/** A home page as Chinese companies have them: 20 to 150 KB of menus, lists, pictures and scripts, the number near the end. */
export function benchPage({ index, domain, siteNumber }: BenchFiling): string {
  const random = new SeededRandom(index + 1);
  const words = (count: number): string =>
    Array.from({ length: count }, () => WORDS[random.int(WORDS.length)]).join('');
  const size = 20_000 * (150_000 / 20_000) ** random.next();
  const parts = [
    `<!DOCTYPE html><html lang="zh-CN"><head><meta charset="utf-8"><title>${words(8)}有限公司</title><meta name="description" content="${words(60)}"><link rel="stylesheet" href="/static/css/main.css"><style>.nav{display:flex}.nav li a{color:#333;text-decoration:none}.banner{height:480px}</style><script>var _hmt=_hmt||[];(function(){var hm=document.createElement("script");hm.src="https://hm.example/hm.js?${index}";document.head.appendChild(hm)})();</script></head><body>`,
    `<header><ul class="nav">${Array.from({ length: 9 }, () => `<li><a href="/${random.int(99)}.html">${words(4)}</a></li>`).join('')}</ul></header><main>`,
  ];
  let bytes = 0;
  while (bytes < size * 0.9) {
    const part =
      random.next() < 0.12
        ? `<script>$(function(){var swiper=new Swiper(".s${random.int(99)}",{loop:true,autoplay:{delay:${random.int(9000)}},pagination:{el:".swiper-pagination"}});${'$(window).on("scroll",function(){if($(this).scrollTop()>100){$(".top").fadeIn()}else{$(".top").fadeOut()}});'.repeat(1 + random.int(6))}});</script>`
        : `<section class="block block-${random.int(30)}"><h2>${words(6)}</h2><ul>${Array.from({ length: 2 + random.int(8) }, () => `<li class="item"><a href="/news/${random.int(99_999)}.html" target="_blank" title="${words(14)}"><img src="/upload/${random.int(99_999)}.jpg" alt="${words(5)}" width="320" height="200"><span class="date">2026-0${1 + random.int(9)}-1${random.int(9)}</span><p>${words(20 + random.int(50))}</p></a></li>`).join('')}</ul></section>`;
    parts.push(part);
    bytes += Buffer.byteLength(part);
  }
  parts.push(
    `</main><footer class="footer"><div class="copyright"><p>版权所有 © 2026 ${words(8)}有限公司 ${domain}</p><p><a href="https://beian.miit.gov.cn/" target="_blank" rel="nofollow">${siteNumber}</a></p></div></footer><script src="/static/js/main.js"></script></body></html>`,
  );
  return parts.join('');
}
