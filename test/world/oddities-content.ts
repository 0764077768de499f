import { blind, type Draft, individual, type Oddity, type Tools, warn } from './oddity.ts';
import { footerLine } from './page-html.ts';

const content = (
  id: string,
  about: string,
  body: string,
  truth?: Oddity['truth'],
  prepare: (draft: Draft) => void = () => {},
  more: Partial<Oddity> = {},
): Oddity => ({
  id,
  about,
  alter: (draft: Draft, tools: Tools) => {
    prepare(draft);
    draft.web.body = tools.page(draft, footerLine(draft.siteNumber), { body: `${body}${draft.body.slice(0, 400)}` });
  },
  ...(truth === undefined ? {} : { truth }),
  ...more,
});

const CONTENT = (verdict: NonNullable<Oddity['truth']>[string]): Oddity['truth'] => ({ 'site-content': verdict });

/** What pages are about (R4.2, R9): every suspicion asks a human, so none of these fails by itself. */
export const contentOddities: Oddity[] = [
  content(
    'parked',
    'a parked domain for sale',
    '<h2>该域名正在出售</h2><p>有意购买此域名请联系</p>',
    CONTENT(warn('parked')),
  ),
  content(
    'default-nginx',
    'the default page of a server',
    '<h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully installed and working. Further configuration is required.</p>',
    CONTENT(warn('default-server')),
  ),
  content('defaced', 'taken over', '<h1>HACKED BY ghost team</h1>', CONTENT(warn('defaced')), (d) => {
    d.title = 'Hacked by ghost team';
  }),
  content(
    'gambling',
    'gambling words put into a company page',
    '<p>澳门新葡京 百家乐 时时彩 六合彩开奖 线上博彩</p>',
    CONTENT(warn('gambling-injected')),
  ),
  content(
    'individual-company',
    "an individual's filing, a company's page",
    '<p>公司简介</p><p>企业文化</p><p>诚聘英才</p><p>版权所有 锦程贸易有限公司</p>',
    CONTENT(warn('company-content')),
    individual,
  ),
  content(
    'individual-shop',
    "an individual's site that sells",
    '<p>加入购物车 立即购买 全场包邮 货到付款</p>',
    CONTENT(warn('commercial')),
    individual,
  ),
  content('individual-diary', "an individual's diary", '<p>今天去爬山，拍了很多照片。</p>', undefined, individual),
  {
    id: 'another-company',
    about: "a company's filing, another company's page",
    alter: (draft, tools) => {
      draft.title = '锦程贸易有限公司官网';
      draft.web.body = tools.page(draft, footerLine(draft.siteNumber));
    },
    truth: { 'site-content': warn('another-company') },
  },
  content(
    'news-unapproved',
    'political news without an approval',
    '<p>时政要闻 国际新闻 军事新闻 本网记者 新闻爆料</p>',
    CONTENT(warn('approval-missing')),
  ),
  content(
    'news-approved',
    'the same with the approval on the filing',
    '<p>时政要闻 国际新闻 军事新闻 本网记者 新闻爆料</p>',
    undefined,
    (d) => {
      d.columns['前置审批'] = '新闻:10120170001';
    },
  ),
  content(
    'news-shown',
    'the same, the page names its approval',
    '<p>时政要闻 国际新闻 军事新闻 本网记者 互联网新闻信息服务许可证 10120170001</p>',
  ),
  content('religion-beijing', 'religion, asked in Guangdong only', '<p>佛教协会 弘法利生 皈依三宝 在线念佛 寺院</p>'),
  {
    id: 'firewall-page',
    about: "a firewall's page in front of the site",
    alter: (draft) => {
      draft.web.body = '<html><head><title>安全验证</title></head><body>请完成安全验证后继续访问</body></html>';
    },
    truth: {
      'icp-footer': blind('needs-rendering'),
      'site-content': blind('not-observed'),
      'police-footer': blind('not-observed'),
    },
  },
];
