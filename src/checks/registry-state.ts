import { compareNames } from '../facts/holder-name.ts';
import { commonCodes, conclude, finding } from './conclude.ts';
import { daysUntilDate } from './days.ts';
import type { CheckDefinition, CheckInput, Judgement } from './types.ts';

/** Registry state 管局备案状态 (R15, R4.1): does the bureau's own list say the same of the number and its holder? */
export const registryState: CheckDefinition = {
  id: 'registry-state',
  version: 1,
  title: { zh: '管局备案状态核对', en: "State in the bureau's list" },
  rules: ['R15', 'R4.1', 'R4.7'],
  needs: ['names'],
  concerns: 'subject',
  codes: {
    ...commonCodes,
    'other-holder': {
      severity: 'fail',
      title: {
        zh: '管局登记的备案号 {number} 主办单位为“{holder}”，与本服务商资料不一致',
        en: "The bureau's list gives {number} to {holder}",
      },
      remedy: {
        zh: '主办单位名称已变更的，请办理变更备案；号码不属于您的，请联系备案客服更正。',
        en: 'Change the filing if the organiser was renamed; ask the provider if the number is not yours.',
      },
    },
    'holder-unreadable': {
      severity: 'inconclusive',
      title: {
        zh: '管局登记的主办单位（{holder}）无法比对，暂不判定',
        en: "The holder in the bureau's list ({holder}) cannot be compared",
      },
      remedy: { zh: '无需操作。', en: 'Nothing to do.' },
    },
    'revoked-at-bureau': {
      severity: 'warn',
      title: {
        zh: '管局 {asOf} 的名单显示备案号 {number} 已注销',
        en: "The bureau's list of {asOf} says {number} is revoked",
      },
      remedy: {
        zh: '注销后的备案号不能恢复，需要重新备案；如有疑问请联系备案客服。',
        en: 'Admins: patrol bureau apply ends the re-checks; a revoked number never comes back.',
      },
    },
    'list-too-old': {
      severity: 'note',
      title: {
        zh: '管局名单（{asOf}）过旧，未核对主办单位',
        en: "The bureau's list of {asOf} is too old to judge the holder",
      },
      remedy: { zh: '无需操作。', en: 'Admins: patrol bureau import a newer list.' },
    },
    'filing-not-updated': {
      severity: 'warn',
      title: {
        zh: '管局 {asOf} 的名单中主办单位为“{holder}”，本服务商的备案数据早于该名单，无法核对',
        en: "The bureau's list of {asOf} names {holder}, and the filing was not imported since: it may have been renamed",
      },
      remedy: { zh: '无需操作，由服务商更新数据。', en: 'Admins: import the filings again.' },
    },
    'not-listed': {
      severity: 'note',
      title: {
        zh: '管局名单中没有备案号 {number}（或未导入名单）',
        en: "The bureau's list does not hold {number}, or none was imported",
      },
      remedy: { zh: '无需操作。', en: 'Admins: patrol bureau import FILE.' },
    },
    'not-observed': {
      severity: 'inconclusive',
      title: { zh: '未能读取主体信息（{reason}），暂不判定', en: 'The subject could not be read ({reason})' },
      remedy: { zh: '无需操作。', en: 'Nothing to do.' },
    },
  },
  appliesTo: (filing) => filing.service === 'site',
  judge,
};

/** An older list says nothing of today's name. */
const MAX_AGE_DAYS = 180;

function judge({ filing, artifacts, reference, observedAt }: CheckInput): Judgement {
  const { names } = artifacts;
  if (names === undefined || !names.ok)
    return { ...conclude([finding(registryState, 'not-observed', { params: { reason: 'no names' } })]), settled: true };
  const number = filing.siteNumber;
  // Of the site's own row and its subject's the newer one speaks; but a number revoked never comes back with its subject (R15).
  const own = reference.bureauNumber(number);
  const record =
    own?.state === 'revoked'
      ? own
      : [own, reference.bureauNumber(filing.subjectNumber)]
          .filter((one) => one !== null)
          .toSorted((a, b) => b.asOf.localeCompare(a.asOf))[0];
  if (record === undefined) return conclude([finding(registryState, 'not-listed', { params: { number } })]);
  const { holder, state, asOf } = record;
  const evidence = [{ label: `bureau's list of ${asOf}`, value: `${state}, ${holder ?? '-'}` }];
  if (state === 'revoked')
    return conclude([finding(registryState, 'revoked-at-bureau', { params: { number, asOf }, evidence })]);
  if (holder === null) return conclude([]);
  const compared = compareNames(holder, names.value.subjectName);
  if (compared === 'same') return conclude([]);
  const old =
    daysUntilDate(asOf, observedAt) < -MAX_AGE_DAYS ||
    (filing.approvedAt !== null && asOf < filing.approvedAt) ||
    // The list may still know the subject by an earlier name.
    asOf < names.value.subjectNameSince;
  if (old) return conclude([finding(registryState, 'list-too-old', { params: { number, asOf }, evidence })]);
  const stale = names.value.confirmedOn < asOf;
  const code = compared !== 'different' ? 'holder-unreadable' : stale ? 'filing-not-updated' : 'other-holder';
  return { ...conclude([finding(registryState, code, { params: { number, holder, asOf }, evidence })]), settled: true };
}
