import { beijingDate } from '../calendar/beijing-time.ts';
import { isNumberGone } from '../facts/dead-number.ts';
import type {
  BureauRecord,
  FiledDetails,
  FiledNames,
  FiledPerson,
  FiledPersons,
  SiteDetails,
  SubjectDetails,
} from '../facts/filed.ts';
import { normaliseName } from '../facts/holder-name.ts';
import { emailOf } from '../filing/addresses.ts';
import { filedMobile, phoneForm } from '../filing/phone.ts';
import type { Statements } from './statements.ts';

interface FiledRow {
  siteName: string;
  subjectName: string;
  subjectId: number;
  subjectKind: string;
  leaseEndsAt: string | null;
  serverId: string | null;
  details: string;
  subjectDetails: string;
  confirmedAt: number;
  subjectNameSince: number;
}

interface PersonRow {
  role: 'subject-head' | 'site-head';
  name: string | null;
  phone: string | null;
  email: string | null;
  mobile: string | null;
  documentExpiresAt: string | null;
}

/** What an import writes where a row has no name. */
const NOT_GIVEN = '（未提供）';

/** What the ledger knows of a filing beside its addresses, as facts for the checks. */
export class FiledStore {
  readonly #db: Statements;

  constructor(db: Statements) {
    this.#db = db;
  }

  #row(siteId: number): FiledRow | undefined {
    return this.#db.get<FiledRow>('filedSite', siteId);
  }

  /** Details of a site; null when there is no such site. */
  details(siteId: number): FiledDetails | null {
    const row = this.#row(siteId);
    if (row === undefined) return null;
    const { domainHolder: _, ...details } = JSON.parse(row.details) as SiteDetails;
    const sitesOnServer =
      row.serverId === null ? null : (this.#db.get<{ count: number }>('sitesOnServer', row.serverId)?.count ?? null);
    const seenAt = this.#db.get<{ at: number | null }>('lastReached', siteId, siteId, siteId)?.at ?? null;
    return { ...details, leaseEndsAt: row.leaseEndsAt, sitesOnServer, confirmedAt: row.confirmedAt, seenAt };
  }

  /** Names of a filing; null when there is no such site. */
  names(siteId: number): FiledNames | null {
    const row = this.#row(siteId);
    if (row === undefined) return null;
    const given = (name: string): string => (name === NOT_GIVEN ? '' : name);
    const { domainHolder } = JSON.parse(row.details) as SiteDetails;
    const { legalRepresentative, insiders } = JSON.parse(row.subjectDetails) as SubjectDetails;
    const persons = this.#persons(siteId);
    const nameOf = (role: PersonRow['role']): string | null => persons.find((one) => one.role === role)?.name ?? null;
    return {
      siteName: given(row.siteName),
      subjectName: given(row.subjectName),
      legalRepresentative: legalRepresentative ?? null,
      insiders: insiders ?? [],
      subjectHead: nameOf('subject-head'),
      siteHead: nameOf('site-head'),
      domainHolder: domainHolder ?? null,
      subjectNameSince: beijingDate(row.subjectNameSince),
      confirmedOn: beijingDate(row.confirmedAt),
    };
  }

  #persons(siteId: number): PersonRow[] {
    return this.#db.all<PersonRow>('filedPersons', siteId);
  }

  /** Persons of a filing without the persons; `provinceOf` tells a mobile number's. Null when there is no such site. */
  persons(siteId: number, provinceOf: (mobile: string) => string | null): FiledPersons | null {
    const row = this.#row(siteId);
    if (row === undefined) return null;
    const rows = this.#persons(siteId);
    const { legalRepresentative } = JSON.parse(row.subjectDetails) as SubjectDetails;
    const subjectHead = rows.find(({ role }) => role === 'subject-head');
    const siteHead = rows.find(({ role }) => role === 'site-head');
    const isLegal = (person: PersonRow | undefined): boolean | null =>
      legalRepresentative === undefined || person === undefined || person.name === null
        ? null
        : normaliseName(person.name) === normaliseName(legalRepresentative);
    const sameMobile = siteHead?.mobile !== null && siteHead?.mobile === subjectHead?.mobile;
    const sameHead =
      subjectHead?.name === undefined ||
      subjectHead.name === null ||
      siteHead?.name === undefined ||
      siteHead.name === null
        ? null
        : normaliseName(subjectHead.name) !== normaliseName(siteHead.name)
          ? false
          : // Two people may share a name: only the same number too makes them one.
            sameMobile || null;
    return {
      confirmedAt: row.confirmedAt,
      persons: rows.map((person) => this.#person(person, row.subjectId, provinceOf)),
      sameHead,
      headsShareMobile: sameHead === false && sameMobile,
      subjectHeadIsLegalRepresentative: isLegal(subjectHead),
      siteHeadIsLegalRepresentative: isLegal(siteHead),
    };
  }

  #person(person: PersonRow, subjectId: number, provinceOf: (mobile: string) => string | null): FiledPerson {
    const { role, name, phone, email, documentExpiresAt } = person;
    const mobile = person.mobile ?? filedMobile(phone);
    const address = emailOf(email);
    const count = (query: 'mobileOfOthers' | 'headOfOthers', ...given: (string | number)[]): number =>
      this.#db.get<{ count: number }>(query, ...given)?.count ?? 0;
    return {
      role,
      phone: phoneForm(phone),
      mobileProvince: mobile === null ? null : provinceOf(mobile),
      email: (email ?? '').trim() === '' ? 'missing' : address === null ? 'invalid' : 'valid',
      phoneDelivery: mobile === null ? 'ok' : this.#phoneDelivery(mobile),
      emailDead: address !== null && this.#db.get('deadGet', 'email', address) !== undefined,
      mobileOfOtherSubjects: mobile === null ? 0 : count('mobileOfOthers', mobile, subjectId),
      servesOtherSubjects: mobile === null || name === null ? 0 : count('headOfOthers', mobile, name, role, subjectId),
      documentExpiresAt,
    };
  }

  /** What delivery learned: a number given up for another reason (a blacklist, a phone switched off) may well be answered. */
  #phoneDelivery(mobile: string): FiledPerson['phoneDelivery'] {
    const dead = this.#db.get<{ code: string; reason: string }>('deadGet', 'sms', mobile);
    if (dead === undefined) return 'ok';
    return isNumberGone(dead) ? 'no-such-number' : 'undelivered';
  }

  /** What the bureau's list says of a number (canonical), or null. */
  bureauNumber(number: string): BureauRecord | null {
    return this.#db.get<BureauRecord>('bureauNumber', number) ?? null;
  }
}
