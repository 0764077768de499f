import { commonCodes } from './conclude.ts';
import type { CodeDefinition } from './types.ts';

const PASTE = '<a href="https://beian.miit.gov.cn/" target="_blank" rel="noopener">{expected}</a>';
const PASTE_SHOWN = '<a href="https://beian.miit.gov.cn/" target="_blank" rel="noopener">{number}</a>';

const again = { zh: '无需操作，系统会再次核查。', en: 'Nothing to do; it is looked at again.' };

/** What the footer check can find (R2; R2.4 gives the wording of the special verification). */
export const footerCodes: Record<string, CodeDefinition> = {
  ...commonCodes,
  'number-missing': {
    severity: 'fail',
    title: { zh: '首页未显示备案编号', en: 'The home page shows no filing number' },
    remedy: {
      zh: `请把这段代码放到首页最底部居中的位置（不会操作的，把代码发给帮您做网站的人即可）：${PASTE}`,
      en: `Put this at the bottom of the home page: ${PASTE}`,
    },
  },
  'wrong-number': {
    severity: 'fail',
    title: {
      zh: '首页显示的备案编号 {shown} 不是本网站的（应为 {expected}）',
      en: 'The page shows {shown}, which is not its number ({expected})',
    },
    remedy: { zh: `请删掉首页底部原来的 {shown}，换成这段代码：${PASTE}`, en: `Show the site's own number: ${PASTE}` },
  },
  'number-of-another': {
    severity: 'fail',
    title: {
      zh: '首页显示的备案编号 {shown} 属于其他主体（管局名单中有效），本网站应为 {expected}',
      en: "The page shows {shown}, alive in the bureau's list for somebody else ({expected} expected)",
    },
    remedy: {
      zh: `{shown} 是别人的备案号，请立即从首页删掉，换成这段代码：${PASTE}`,
      en: `Show the site's own number at once: ${PASTE}`,
    },
  },
  'wrong-suffix': {
    severity: 'fail',
    title: {
      zh: '首页显示的备案编号序号不符：{shown}（应为 {expected}）',
      en: 'The suffix is wrong: {shown} instead of {expected}',
    },
    remedy: { zh: `请删掉首页底部原来的 {shown}，换成这段代码：${PASTE}`, en: `Change it to: ${PASTE}` },
  },
  'app-number-shown': {
    severity: 'fail',
    title: {
      zh: '首页显示的是 APP/小程序备案号 {shown}（网站应为 {expected}）',
      en: 'The page shows the number of an app or mini-program: {shown}',
    },
    remedy: {
      zh: `{shown} 是 APP/小程序的备案号，请在首页底部换成网站的备案编号：${PASTE}`,
      en: `Show the site's number: ${PASTE}`,
    },
  },
  placeholder: {
    severity: 'fail',
    title: { zh: '首页显示的备案编号是占位示例（{shown}）', en: 'The page shows a placeholder ({shown})' },
    remedy: {
      zh: `请把首页底部的示例文字 {shown} 换成这段代码：${PASTE}`,
      en: `Replace it by the real number: ${PASTE}`,
    },
  },
  'licence-shown': {
    severity: 'warn',
    title: {
      zh: '首页仅显示经营许可证号 {shown}，未见备案编号 {expected}',
      en: 'Only a licence is shown ({shown}), not the filing number',
    },
    remedy: {
      zh: `请在首页底部加上备案编号（许可证号可以保留）：${PASTE}`,
      en: `Show the filing number too: ${PASTE}`,
    },
  },
  'not-linked': {
    severity: 'fail',
    title: { zh: '备案编号 {number} 未链接到工信部网站', en: 'The number {number} is not linked to the MIIT site' },
    remedy: {
      zh: `按规定，点首页底部的备案编号要能打开工信部网站。请用这段代码替换首页底部原来的备案编号（不会操作的，把代码发给帮您做网站的人即可）：${PASTE_SHOWN}`,
      en: `Link the number: ${PASTE_SHOWN}`,
    },
  },
  'wrong-link': {
    severity: 'fail',
    title: {
      zh: '备案编号 {number} 的链接未指向工信部网站（{href}）',
      en: 'The number {number} links to {href}, not to the MIIT site',
    },
    remedy: {
      zh: `点备案编号要能打开工信部网站。请用这段代码替换首页底部原来的备案编号：${PASTE_SHOWN}`,
      en: `Change the link: ${PASTE_SHOWN}`,
    },
  },
  'outdated-link': {
    severity: 'warn',
    title: {
      zh: '备案编号 {number} 仍链接到已停用的旧网址（{href}）',
      en: 'The number {number} links to a retired MIIT host ({href})',
    },
    remedy: {
      zh: `工信部的网址已更换。请用这段代码替换首页底部原来的备案编号：${PASTE_SHOWN}`,
      en: `Change the link: ${PASTE_SHOWN}`,
    },
  },
  'link-with-www': {
    severity: 'note',
    title: {
      zh: '链接使用了 www.beian.miit.gov.cn，该地址可能无法打开',
      en: 'The link uses www.beian.miit.gov.cn, which has been seen to fail',
    },
    remedy: { zh: `建议改为 https://beian.miit.gov.cn/：${PASTE_SHOWN}`, en: `Drop the www: ${PASTE_SHOWN}` },
  },
  'not-in-footer': {
    severity: 'warn',
    title: { zh: '备案编号 {number} 不在首页底部', en: 'The number {number} does not stand in the footer' },
    remedy: { zh: '请把备案编号放到首页底部居中位置。', en: 'Move the number to the bottom centre of the page.' },
  },
  hidden: {
    severity: 'fail',
    title: {
      zh: '备案编号 {number} 在源代码中但访客看不到（{place}）',
      en: 'The number {number} is in the source but not visible ({place})',
    },
    remedy: {
      zh: '请取消隐藏（注释、display:none 等），使备案编号在首页底部可见。',
      en: 'Make the number visible at the bottom of the page.',
    },
  },
  'redirected-off-site': {
    severity: 'inconclusive',
    title: {
      zh: '首页跳转到 {host}（不在本备案内），需人工核对',
      en: 'The home page leads to {host}, outside this filing',
    },
    remedy: {
      zh: '跳转后的网站须显示其自身的备案编号；如不再使用本域名，请变更或注销备案。',
      en: 'The site it leads to must show its own number (R17.2).',
    },
  },
  'needs-rendering': {
    severity: 'inconclusive',
    title: { zh: '页脚可能由脚本生成，暂不判定（{reason}）', en: 'The footer may be drawn by scripts ({reason})' },
    remedy: again,
  },
  'not-observed': {
    severity: 'inconclusive',
    title: { zh: '未能读取首页（{reason}），暂不判定', en: 'The home page could not be read ({reason})' },
    remedy: again,
  },
};
