/** `node scripts/write-docs.ts`: writes the parts of docs/ that follow from the code (codes of the checks, oddities). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checks } from '../src/checks/index.ts';
import { ROOT } from '../src/config.ts';
import { oddities } from '../test/world/world.ts';

const MARK = '<!-- codes: written by scripts/write-docs.ts -->';

/** The codes table of a check. */
export function codesTable(check: (typeof checks)[number]): string {
  const rows = Object.entries(check.codes).map(
    ([code, { severity, title, remedy }]) =>
      `| \`${code}\` | ${severity} | ${title.en} | ${cell(title.zh)} | ${cell(remedy.zh)} |`,
  );
  return `| code | severity | meaning | 通知文字 | 整改办法 |\n| --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replace(/<a .*<\/a>/, (markup) => `\`${markup}\``);

/** The page of oddities. */
export function odditiesPage(): string {
  const rows = oddities.map(({ id, about, truth }) => {
    const said = Object.entries(truth ?? {}).map(
      ([check, { verdict, codes }]) => `${check}: ${verdict}${codes.length > 0 ? ` (${codes.join(', ')})` : ''}`,
    );
    return `| \`${id}\` | ${about} | ${said.join('; ') || 'everything passes'} |`;
  });
  return `# The oddities of the little internet\n\n${oddities.length} kinds of sites, each with what every check must say of it (checks not named: pass). Tests sweep all of them on\nboth queues and allow no difference. Written by \`node scripts/write-docs.ts\`; \`test/world/oddities-*.ts\` is the source.\n\n| id | what is strange | truth |\n| --- | --- | --- |\n${rows.join('\n')}\n`;
}

if (import.meta.main) {
  writeFileSync(join(ROOT, 'docs/oddities.md'), odditiesPage());
  for (const check of checks) {
    const file = join(ROOT, `docs/checks/${check.id}.md`);
    if (!existsSync(file)) continue;
    const [head = ''] = readFileSync(file, 'utf8').split(MARK);
    writeFileSync(file, `${head}${MARK}\n\n${codesTable(check)}`);
  }
}
