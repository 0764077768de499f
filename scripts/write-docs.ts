/** `node scripts/write-docs.ts`: writes the parts of docs/ that follow from the code (codes of the checks, oddities). */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MOVES, type Move, moveOf, STATES } from '../src/cases/moves.ts';
import { checks } from '../src/checks/index.ts';
import { ROOT } from '../src/config.ts';
import { SMS_TEMPLATES } from '../src/notify/sms-templates.ts';
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

/** The states and moves of a case: a diagram and two tables, from the one table of the code. */
export function casesPart(): string {
  const moves = (Object.keys(MOVES) as Move[]).map((move) => ({ move, ...moveOf(move) }));
  const name = (state: string): string => state.replaceAll('-', '_');
  const arrows = moves
    .filter(({ to }) => to !== 'same')
    .filter(({ move }) => move !== 'filing-left' && move !== 'went-live')
    .flatMap(({ move, from, to }) =>
      (from.length === 0 ? ['[*]'] : from).map((one) => `  ${name(one)} --> ${name(to)}: ${move}`),
    );
  const ends = Object.entries(STATES)
    .filter(([, { terminal }]) => terminal === true)
    .map(([state]) => `  ${name(state)} --> [*]`);
  const states = Object.entries(STATES).map(([state, { zh, en }]) => `| \`${state}\` | ${zh} | ${en} |`);
  const rows = moves.map(({ move, from, to, by, zh, en, rules, notice, act }) => {
    const origin =
      from.length === 0
        ? to === 'same'
          ? 'any state'
          : '(nothing)'
        : from.length > 9
          ? 'every state but the ends'
          : from.join(', ');
    return `| \`${move}\` ${zh} | ${origin} | ${to} | ${by.join(', ')} | ${en} | ${notice ?? ''} | ${act ?? ''} | ${rules.join(', ')} |`;
  });
  return `\`\`\`mermaid\nstateDiagram-v2\n${[...arrows, ...ends].join('\n')}\n\`\`\`\n\nLeft out of the picture: \`filing-left\` leads from every state to \`closed\` (R15), \`went-live\` from every state of a dry-run case to \`open\`.\n\n| state | | meaning |\n| --- | --- | --- |\n${states.join('\n')}\n\n| move | from | to | by | what happened | notice | act | rules |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}\n`;
}

/** The SMS texts to register. */
export function smsPart(): string {
  const rows = Object.entries(SMS_TEMPLATES).map(([key, { text }]) => `| \`${key}\` | ${text} |`);
  return `| template | text to register |\n| --- | --- |\n${rows.join('\n')}\n`;
}

const WRITTEN = '<!-- below: written by scripts/write-docs.ts -->';

function writeTail(file: string, tail: string): void {
  const path = join(ROOT, file);
  const [head = ''] = readFileSync(path, 'utf8').split(WRITTEN);
  writeFileSync(path, `${head}${WRITTEN}\n\n${tail}`);
}

if (import.meta.main) {
  writeTail('docs/cases.md', casesPart());
  writeTail('docs/notices.md', smsPart());
  writeFileSync(join(ROOT, 'docs/oddities.md'), odditiesPage());
  for (const check of checks) {
    const file = join(ROOT, `docs/checks/${check.id}.md`);
    if (!existsSync(file)) continue;
    const [head = ''] = readFileSync(file, 'utf8').split(MARK);
    writeFileSync(file, `${head}${MARK}\n\n${codesTable(check)}`);
  }
}
