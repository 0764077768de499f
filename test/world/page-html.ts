import type { SeededRandom } from './random.ts';

/** The footer line of a healthy page. */
export function footerLine(number: string, href = 'https://beian.miit.gov.cn/'): string {
  return `<a href="${href}" target="_blank" rel="noopener">${number}</a>`;
}

const WORDS =
  '公司 产品 服务 新闻 客户 团队 技术 方案 市场 合作 发展 品质 创新 平台 数据 设计 教育 物流 健康 旅行 文化 生活 社区 城市 工程 设备 材料 农业 环保 能源'.split(
    ' ',
  );

/** Chinese filler text of about `characters` characters. */
export function filler(random: SeededRandom, characters: number): string {
  const parts: string[] = [];
  for (let length = 0; length < characters; ) {
    const sentence = `${Array.from({ length: 4 + random.int(6) }, () => random.pick(WORDS)).join('')}。`;
    parts.push(`<p>${sentence}</p>`);
    length += sentence.length;
  }
  return parts.join('\n');
}

/** A page with header, body and footer, as small company sites have. */
export function pageHtml(options: {
  title: string;
  body: string;
  footer: string;
  /** The police line, in a paragraph of its own. */
  police?: string;
  head?: string;
  charset?: string;
}): string {
  const { title, body, footer, police = '', head = '', charset = 'utf-8' } = options;
  return `<!DOCTYPE html>
<html lang="zh-CN">
<head><meta charset="${charset}"><title>${title}</title>${head}</head>
<body>
<div class="header"><h1>${title}</h1><ul class="nav"><li><a href="/">首页</a></li><li><a href="/about">关于我们</a></li></ul></div>
<div class="main">${body}</div>
<div class="page-tail"><p>Copyright &copy; 2016-2026 ${title} 版权所有</p><p>${footer}</p>${police === '' ? '' : `<p>${police}</p>`}</div>
</body></html>`;
}

/** A police number with emblem and link, as the rules want it (R12). */
export function policeLine(number: string, href?: string): string {
  const digits = number.replace(/\D/g, '');
  const link = href ?? `https://beian.mps.gov.cn/#/query/webSearch?code=${digits}`;
  return number === '' ? '' : `<a href="${link}"><img src="/img/ghs.png" alt="公安备案图标">${number}</a>`;
}
