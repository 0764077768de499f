import type { FiledPerson } from '../facts/filed.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import { DAY_MS, dateInstant, daysUntilDate } from './days.ts';
import type { CheckDefinition, CheckInput, Finding, Judgement } from './types.ts';

const UPDATE = {
  zh: '请在备案系统办理变更备案，上传{role}的有效证件。',
  en: 'Change the filing and upload a valid document of the {role}.',
};
const ROLES = { 'subject-head': '主体负责人', 'site-head': '网站负责人' } as const;

/** Identity documents 负责人证件 (R4.1, R5): do the heads' documents still hold? The subject head's concern the subject (R4.7). */
export const identityDocuments: CheckDefinition = {
  id: 'identity-documents',
  version: 1,
  title: { zh: '负责人证件有效期核查', en: 'Identity documents' },
  rules: ['R4.1', 'R4.7', 'R5'],
  needs: ['persons'],
  codes: {
    ...commonCodes,
    'subject-document-expired': {
      severity: 'fail',
      concerns: 'subject',
      title: { zh: '主体负责人的证件已于 {until} 过期', en: "The subject head's document expired on {until}" },
      remedy: UPDATE,
    },
    'site-document-expired': {
      severity: 'fail',
      title: { zh: '网站负责人的证件已于 {until} 过期', en: "The site head's document expired on {until}" },
      remedy: UPDATE,
    },
    'expiry-not-updated': {
      severity: 'warn',
      title: {
        zh: '{role}登记的证件有效期 {until} 已过，此后备案数据未更新，无法核对是否已换证',
        en: 'The document of the {role} expired on {until}, and the filing was not imported since: it may have been renewed',
      },
      remedy: { zh: '无需操作，由服务商更新数据。', en: 'Admins: import the filings again.' },
    },
    'document-expiring': {
      severity: 'warn',
      earlyWarning: true,
      brief: '负责人证件即将到期',
      title: {
        zh: '{role}的证件将于 {until} 到期（剩余 {daysLeft} 天）',
        en: 'The document of the {role} expires on {until} ({daysLeft} days left)',
      },
      remedy: UPDATE,
    },
    'not-known': {
      severity: 'note',
      title: {
        zh: '{role}的证件有效期未导入，未核查',
        en: 'The import gives no expiry date for the document of the {role}',
      },
      remedy: {
        zh: '无需操作。',
        en: 'Admins: import subject_head_document_expires_at and site_head_document_expires_at.',
      },
    },
    'not-observed': {
      severity: 'inconclusive',
      title: {
        zh: '备案中没有负责人信息（{reason}），暂不判定',
        en: 'The ledger knows no head of this filing ({reason})',
      },
      remedy: { zh: '无需操作。', en: 'Admins: import the heads of the filing.' },
    },
  },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

function judge(input: CheckInput): Judgement {
  const { persons } = input.artifacts;
  if (persons === undefined || !persons.ok)
    return {
      ...conclude([finding(identityDocuments, 'not-observed', { params: { reason: 'no persons' } })]),
      settled: true,
    };
  if (persons.value.persons.length === 0)
    return conclude([finding(identityDocuments, 'not-known', { params: { role: '负责人' } })]);
  const findings = persons.value.persons.flatMap((person) => judgeDocument(person, persons.value.confirmedAt, input));
  const near = findings.some(({ code }) => code === 'document-expiring');
  return conclude(findings, near ? input.observedAt + DAY_MS : undefined);
}

function judgeDocument(
  { role, documentExpiresAt }: FiledPerson,
  confirmedAt: number,
  { observedAt, policy }: CheckInput,
): Finding[] {
  const about = role;
  const who = ROLES[role];
  if (documentExpiresAt === null) return [finding(identityDocuments, 'not-known', { about, params: { role: who } })];
  if (documentExpiresAt === 'long-term') return [];
  // A document holds to the end of its last day.
  const daysLeft = daysUntilDate(documentExpiresAt, observedAt);
  const params = { role: who, until: documentExpiresAt, daysLeft };
  if (daysLeft < 0) {
    // Renewed since the row was last imported? Then nobody told us.
    if (confirmedAt < dateInstant(documentExpiresAt) + DAY_MS)
      return [finding(identityDocuments, 'expiry-not-updated', { about, params })];
    const code = role === 'subject-head' ? 'subject-document-expired' : 'site-document-expired';
    return [finding(identityDocuments, code, { about, params })];
  }
  return daysLeft < policy.windows.documentDays
    ? [finding(identityDocuments, 'document-expiring', { about, params })]
    : [];
}
