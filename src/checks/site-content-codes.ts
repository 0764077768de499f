import type { CodeDefinition } from './types.ts';

const suspicion = (zh: string, en: string, remedy: { zh: string; en: string }): CodeDefinition => ({
  severity: 'warn',
  asksHuman: true,
  title: { zh, en },
  remedy,
});
const PUT_UP = {
  zh: '请尽快上线与备案信息相符的网站内容；不再使用的，请注销该网站备案。',
  en: 'Put the site up that was filed, or revoke the filing if it is not used any more.',
};
const CLEAN = {
  zh: '网站可能被入侵：请立即清除被篡改的页面、查杀后门、修改密码，恢复原有内容。',
  en: 'The site may have been broken into: remove what was put in, find the back door, change passwords.',
};
const MATCH = {
  zh: '请修改网站内容使其与备案主体相符；网站确属单位的，请以单位名义办理变更备案。',
  en: 'Make the content match the subject, or file the site for the organisation that runs it.',
};

/** What the content check can find (R4.2, R9). All of it is suspicion: humans rule on it. */
export const contentCodes: Record<string, CodeDefinition> = {
  parked: suspicion(
    '首页疑似域名停放或出售页面（{words}）',
    'The page looks like a parked or for-sale domain ({words})',
    PUT_UP,
  ),
  'default-server': suspicion(
    '首页疑似服务器默认页面（{words}）',
    "The page looks like a server's default page ({words})",
    PUT_UP,
  ),
  'under-construction': suspicion(
    '首页疑似建设中或维护中（{words}）',
    'The page looks under construction ({words})',
    PUT_UP,
  ),
  suspended: suspicion('首页疑似已被停用（{words}）', 'The page looks suspended by its host ({words})', PUT_UP),
  defaced: suspicion('首页疑似被篡改（{words}）', 'The page looks defaced ({words})', CLEAN),
  'gambling-injected': suspicion(
    '首页疑似被植入赌博内容（{words}）',
    'The page seems to carry gambling words ({words})',
    CLEAN,
  ),
  'adult-injected': suspicion(
    '首页疑似被植入色情内容（{words}）',
    'The page seems to carry porn words ({words})',
    CLEAN,
  ),
  'company-content': suspicion(
    '个人备案的网站疑似为单位网站（{shown}）',
    "An individual's filing seems to run an organisation's site ({shown})",
    MATCH,
  ),
  'another-company': suspicion(
    '网站内容疑似属于其他单位（{shown}）',
    "The site seems to be another company's ({shown})",
    MATCH,
  ),
  commercial: suspicion(
    '个人备案的网站疑似涉及经营性内容（{words}）',
    "An individual's site seems to trade ({words})",
    {
      zh: '个人备案不能从事经营活动：请移除经营性内容，或以单位名义重新备案。',
      en: 'Remove the trade, or file the site for an organisation.',
    },
  ),
  'approval-missing': suspicion(
    '网站内容疑似涉及{field}，备案中没有前置审批（{document}）',
    'The content seems to need prior approval ({field}: {document})',
    {
      zh: '请办理{document}并在备案系统填写前置审批号；不涉及的请移除相关内容，或联系备案客服说明。',
      en: 'Get the approval and enter its number in the filing, or remove the content.',
    },
  ),
  'name-needs-approval': suspicion(
    '主办单位或网站名称疑似涉及{field}（{words}），备案中没有前置审批（{document}）',
    'The name touches a field that needs prior approval ({field}: {words})',
    {
      zh: '请办理{document}并在备案系统填写前置审批号；名称不涉及该业务的，请联系备案客服说明。',
      en: 'Get the approval and enter its number in the filing, or explain that the name does not touch the field.',
    },
  ),
  'approval-not-on-filing': {
    severity: 'note',
    title: {
      zh: '网页显示了{field}审批，备案中没有填写（{shown}）',
      en: 'The page names an approval ({field}) which the filing does not carry',
    },
    remedy: { zh: '请在备案系统补充前置审批号。', en: 'Enter the number in the filing.' },
  },
  'names-not-shown': {
    severity: 'note',
    title: {
      zh: '首页标题和署名中未见备案的网站名称（{siteName}）或主办单位（{subjectName}）',
      en: 'Neither title nor signature of the page names the site ({siteName}) or its organiser ({subjectName})',
    },
    remedy: {
      zh: '无需操作；建议首页标题与备案的网站名称一致。',
      en: 'Nothing to do: brands and short names are usual. A title like the filed name spares questions.',
    },
  },
  'not-observed': {
    severity: 'inconclusive',
    title: { zh: '未能读取首页内容（{reason}），暂不判定', en: 'The content could not be read ({reason})' },
    remedy: { zh: '无需操作，系统会再次核查。', en: 'Nothing to do; it is looked at again.' },
  },
};
