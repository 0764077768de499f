import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { icpFooter } from '../../src/checks/icp-footer.ts';
import { readPage } from '../../src/facts/page-reader.ts';
import { readRegistration } from '../../src/facts/registration.ts';
import { sniffCharset } from '../../src/gather/charset.ts';
import { checkInput, filingOf, pageArtifact } from '../support/check-input.ts';
import { rangesForTests } from '../world/harness.ts';

const CORPUS = resolve(import.meta.dirname, '../../../shared/corpus');
const lines = <T>(file: string): T[] =>
  readFileSync(join(CORPUS, file), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
const NEEDED = 0.97;

interface FooterLabel {
  id: string;
  icp_numbers: string[];
  own_numbers: string[];
  placeholder_numbers: string[];
  links_to_miit: boolean | 'legacy';
  in_footer: boolean;
}

interface RegistrationLabel {
  file: string;
  found: boolean | 'refused';
  expires: string | null;
  created: string | null;
  registrar: string | null;
  statuses: string[];
}

// Third-party material is not part of the repository: measured where it lies beside it, said by npm test where it does not.
describe.runIf(existsSync(CORPUS))('material others wrote', () => {
  const pages = existsSync(CORPUS)
    ? lines<FooterLabel>('footers/labels.jsonl').map((label) => {
        const bytes = readFileSync(join(CORPUS, `footers/${label.id}.html`));
        return { label, facts: readPage(new TextDecoder(sniffCharset(null, bytes, true)).decode(bytes)) };
      })
    : [];
  const judge = (facts: (typeof pages)[number]['facts'], siteNumber: string) => {
    const host = 'example.cn';
    return icpFooter.judge(
      checkInput({ filing: filingOf({ siteNumber }), artifacts: { page: pageArtifact(facts, host) } }),
    );
  };

  it('footers: numbers, links and positions agree with the labels', () => {
    const score = (agrees: (page: (typeof pages)[number]) => boolean): number =>
      pages.filter(agrees).length / pages.length;
    const real = ({ facts }: (typeof pages)[number]) => facts.icpNumbers.filter(({ placeholder }) => !placeholder);
    const numbers = score(
      (page) =>
        real(page)
          .map(({ number }) => number)
          .sort()
          .join() === [...new Set(page.label.icp_numbers)].sort().join(),
    );
    const links = score((page) => {
      const kinds = real(page).map(({ link }) => link);
      return (
        (kinds.includes('miit') ? true : kinds.includes('retired') ? 'legacy' : false) === page.label.links_to_miit
      );
    });
    const positions = score((page) => real(page).some(({ inFooter }) => inFooter) === page.label.in_footer);
    console.info(
      `footers (${pages.length}): numbers ${percent(numbers)}, links ${percent(links)}, positions ${percent(positions)}`,
    );
    expect(Math.min(numbers, links, positions)).toBeGreaterThanOrEqual(NEEDED);
  });

  it('no own, linked number is accused', () => {
    for (const { label, facts } of pages) {
      if (label.links_to_miit === false) continue;
      const verdicts = label.own_numbers.map((number) => judge(facts, number).verdict);
      expect.soft(verdicts, label.id).not.toContain('fail');
    }
  });

  it('no page without its number passes', () => {
    for (const { label, facts } of pages) {
      expect.soft(judge(facts, '藏ICP备19087653号-7').verdict, label.id).not.toBe('pass');
      if (label.own_numbers.length === 0)
        for (const number of label.placeholder_numbers)
          expect
            .soft(
              judge(facts, number.replace(/\D/g, '') === '' ? '京ICP备19087653号' : '京ICP备19087653号-1').verdict,
              label.id,
            )
            .not.toBe('pass');
    }
  });

  it('registrations: found, dates, registrar and statuses agree', () => {
    const labels = lines<RegistrationLabel>('registrations/labels.jsonl');
    const rows = labels.map((label) => ({
      label,
      facts: readRegistration(readFileSync(join(CORPUS, 'registrations', label.file), 'utf8')),
    }));
    const score = (agrees: (row: (typeof rows)[number]) => boolean): number => rows.filter(agrees).length / rows.length;
    const found = score(({ label, facts }) => facts.found === label.found);
    const dates = score(
      ({ label, facts }) =>
        (facts.expiresAt?.slice(0, 10) ?? null) === label.expires &&
        (facts.createdAt?.slice(0, 10) ?? null) === label.created,
    );
    const rest = score(
      ({ label, facts }) => facts.registrar === label.registrar && facts.statuses.join() === label.statuses.join(),
    );
    console.info(
      `registrations (${rows.length}): found ${percent(found)}, dates ${percent(dates)}, registrar and statuses ${percent(rest)}`,
    );
    expect(Math.min(found, dates, rest)).toBeGreaterThanOrEqual(NEEDED);
    for (const { label, facts } of rows) if (label.found !== true) expect(facts.expiresAt, label.file).toBeNull();
  });

  it('addresses: mainland or not agrees, and known CNAME suffixes are found', () => {
    const { table } = rangesForTests();
    const addresses = lines<{ ip: string; mainland: boolean }>('ips.jsonl');
    const right =
      addresses.filter(({ ip, mainland }) => table.whoseAddress(ip)?.mainland === mainland).length / addresses.length;
    const names = lines<{ suffix: string }>('cnames.jsonl');
    const known = names.filter(({ suffix }) => table.whoseName(`a.b.${suffix}`) !== null).length / names.length;
    console.info(
      `addresses (${addresses.length}): mainland ${percent(right)}; CNAME suffixes (${names.length}): ${percent(known)}`,
    );
    expect(Math.min(right, known)).toBeGreaterThanOrEqual(NEEDED);
  });
});

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
