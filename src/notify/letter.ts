/** One labelled line of a letter: 整改期限, 备案号 …; `strong` stands out. */
export interface Fact {
  label: string;
  value: string;
  strong?: boolean;
}

/** A part of a letter: one case, one explanation. */
export interface Block {
  heading: string;
  facts?: Fact[];
  paragraphs?: string[];
  /** Numbered: what is wrong, with its evidence, and how it is put right. */
  findings?: { title: string; evidence: Fact[]; remedy: string; records?: string[] }[];
  /** Numbered steps. */
  steps?: string[];
}

/** What a notice says, before it is text or HTML: both say the same because both come from here. */
export interface Letter {
  subject: string;
  greeting: string;
  lead: string;
  blocks: Block[];
  /** A button of the mail; links never go into an SMS. */
  link?: { label: string; url: string };
  footer: string[];
}

/** The letter as plain text. */
export function letterText(letter: Letter): string {
  const lines = [letter.greeting, '', letter.lead, ''];
  for (const block of letter.blocks) {
    lines.push(`【${block.heading}】`);
    for (const { label, value } of block.facts ?? []) lines.push(`${label}：${value}`);
    for (const paragraph of block.paragraphs ?? []) lines.push(paragraph);
    for (const [index, { title, evidence, remedy, records = [] }] of (block.findings ?? []).entries()) {
      lines.push(`${index + 1}. ${title}`);
      for (const { label, value } of evidence) lines.push(`   ${label}：${value}`);
      const { before, code, after } = splitRemedy(remedy);
      lines.push(`   如何整改：${before}`, ...(code === null ? [] : [code]), ...(after === '' ? [] : [after]));
      if (records.length > 0) lines.push('   要设置的解析记录：', ...records.map((record) => `   ${record}`));
    }
    for (const [index, step] of (block.steps ?? []).entries()) lines.push(`${index + 1}. ${step}`);
    lines.push('');
  }
  if (letter.link !== undefined) lines.push(`${letter.link.label}：${letter.link.url}`, '');
  return [...lines, ...letter.footer].join('\n').trim() + '\n';
}

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);

// Colours hold a contrast of 4.5:1 and more on their grounds; fonts are the phone's own.
const FONT =
  "font-family:-apple-system,BlinkMacSystemFont,'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',sans-serif";
const BREAK = 'word-break:break-word;overflow-wrap:anywhere';

/** The letter as HTML for a mail: one column, inline styles, no pictures, no script, nothing fetched from anywhere. */
export function letterHtml(letter: Letter): string {
  const blocks = letter.blocks.map(blockHtml).join('\n');
  const link =
    letter.link === undefined
      ? ''
      : `<p style="margin:20px 0"><a href="${escaped(letter.link.url)}" style="display:inline-block;background:#0b5cad;color:#ffffff;text-decoration:none;padding:12px 20px;border-radius:6px;font-size:16px">${escaped(letter.link.label)}</a></p>`;
  const footer = letter.footer.map((line) => `<p style="margin:4px 0">${escaped(line)}</p>`).join('\n');
  return `<!DOCTYPE html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(letter.subject)}</title>
</head>
<body style="margin:0;padding:0;background:#f2f4f7">
<div style="max-width:640px;margin:0 auto;padding:16px;background:#ffffff;color:#1f2328;font-size:16px;line-height:1.7;${FONT};${BREAK}">
<h1 style="font-size:19px;line-height:1.45;margin:8px 0 16px">${escaped(letter.subject)}</h1>
<p style="margin:0 0 8px">${escaped(letter.greeting)}</p>
<p style="margin:0 0 16px">${escaped(letter.lead)}</p>
${blocks}
${link}
<div style="border-top:1px solid #d0d7de;margin-top:24px;padding-top:12px;color:#57606a;font-size:14px">
${footer}
</div>
</div>
</body>
</html>
`;
}

/** A remedy's HTML to paste, apart from the words around it. */
export function splitRemedy(remedy: string): { before: string; code: string | null; after: string } {
  const match = /<(\w+)[\s\S]*<\/\1>/.exec(remedy);
  if (match === null) return { before: remedy, code: null, after: '' };
  return { before: remedy.slice(0, match.index), code: match[0], after: remedy.slice(match.index + match[0].length) };
}

const BOX = `background:#f6f8fa;border:1px solid #d0d7de;border-radius:6px;padding:10px;margin:6px 0;font-size:14px;${BREAK}`;

function remedyHtml(remedy: string): string {
  const { before, code, after } = splitRemedy(remedy);
  const box =
    code === null ? '' : `<div style="${BOX};font-family:ui-monospace,Menlo,Consolas,monospace">${escaped(code)}</div>`;
  return `${escaped(before)}${box}${escaped(after)}`;
}

const recordsHtml = (records: readonly string[]): string =>
  records.length === 0
    ? ''
    : `<div style="${BOX}"><span style="color:#57606a">要设置的解析记录：</span>${records.map((record) => `<div>${escaped(record)}</div>`).join('')}</div>`;

function blockHtml(block: Block): string {
  const parts: string[] = [];
  for (const { label, value, strong } of block.facts ?? []) {
    const style = strong === true ? 'font-weight:bold;color:#b42318;font-size:18px' : '';
    parts.push(
      `<div style="margin:6px 0"><span style="color:#57606a;font-size:14px">${escaped(label)}</span><br><span style="${style}">${escaped(value)}</span></div>`,
    );
  }
  for (const paragraph of block.paragraphs ?? []) parts.push(`<p style="margin:8px 0">${escaped(paragraph)}</p>`);
  if (block.findings !== undefined) {
    const items = block.findings.map(({ title, evidence, remedy, records = [] }) => {
      const rows = evidence.map(
        ({ label, value }) =>
          `<div><span style="color:#57606a">${escaped(label)}：</span><span style="font-family:ui-monospace,Menlo,Consolas,monospace">${escaped(value)}</span></div>`,
      );
      const shown =
        rows.length === 0
          ? ''
          : `<div style="background:#f6f8fa;border-radius:6px;padding:8px 10px;margin:6px 0;font-size:13px;${BREAK}">${rows.join('')}</div>`;
      return `<li style="margin:12px 0"><strong>${escaped(title)}</strong>${shown}<div style="margin-top:6px"><span style="color:#116329;font-weight:bold">如何整改：</span>${remedyHtml(remedy)}</div>${recordsHtml(records)}</li>`;
    });
    parts.push(`<ol style="padding-left:22px;margin:8px 0">${items.join('\n')}</ol>`);
  }
  if (block.steps !== undefined)
    parts.push(
      `<ol style="padding-left:22px;margin:8px 0">${block.steps.map((step) => `<li style="margin:6px 0">${escaped(step)}</li>`).join('')}</ol>`,
    );
  return `<section style="margin:0 0 18px;border-left:4px solid #0b5cad;padding:2px 0 2px 12px">
<h2 style="font-size:17px;margin:0 0 6px">${escaped(block.heading)}</h2>
${parts.join('\n')}
</section>`;
}
