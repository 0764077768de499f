import type { CodeDefinition } from './types.ts';

const CHANGE = {
  zh: '请在备案系统办理变更备案，填写{role}本人可接通的手机号码。',
  en: 'Change the filing and give a number the {role} answers.',
};

/** What the contacts check can find (R4.1, R5). */
export const contactCodes: Record<string, CodeDefinition> = {
  'phone-missing': {
    severity: 'warn',
    title: { zh: '{role}没有联系电话', en: 'The {role} has no phone number' },
    remedy: CHANGE,
  },
  'phone-invalid': {
    severity: 'fail',
    title: { zh: '{role}的联系电话格式不正确', en: 'The phone number of the {role} is none' },
    remedy: CHANGE,
  },
  'phone-unreadable': {
    severity: 'warn',
    title: {
      zh: '{role}的联系电话在导入数据中已脱敏或无法读取，未核查',
      en: 'The number of the {role} is masked or mangled in the import',
    },
    remedy: {
      zh: '无需操作，由服务商更正数据。',
      en: 'Admins: import numbers unmasked, and as text: a spreadsheet turns 13800138000 into 1.38E+10.',
    },
  },
  'phone-foreign': {
    severity: 'note',
    title: { zh: '{role}的联系电话为境外号码，未核查', en: 'The number of the {role} is foreign' },
    remedy: { zh: '无需操作。', en: 'Nothing to do.' },
  },
  'phone-undelivered': {
    severity: 'warn',
    title: {
      zh: '发往{role}手机的短信未能送达（短信网关返回）',
      en: 'SMS to the {role} do not arrive, says the gateway',
    },
    remedy: {
      zh: '请确认{role}的手机号码可以正常接收短信；已更换的请办理变更备案。',
      en: 'Check that the number takes SMS; change the filing if it is another now.',
    },
  },
  'phone-dead': {
    severity: 'fail',
    title: {
      zh: '{role}的手机号码为空号（短信网关返回）',
      en: 'The number of the {role} does not exist, says the SMS gateway',
    },
    remedy: CHANGE,
  },
  'email-invalid': {
    severity: 'warn',
    title: { zh: '{role}的电子邮箱格式不正确', en: 'The e-mail address of the {role} is none' },
    remedy: { zh: '请在备案系统更正电子邮箱。', en: 'Correct the address in the filing.' },
  },
  'email-dead': {
    severity: 'warn',
    title: { zh: '{role}的电子邮箱无法送达', en: 'Mail to the {role} comes back' },
    remedy: { zh: '请在备案系统更正为可正常接收邮件的邮箱。', en: 'Give an address that receives mail.' },
  },
  'mobile-not-local': {
    severity: 'fail',
    title: {
      zh: '{role}的手机号码归属{found}，{province}要求本省号码',
      en: 'The mobile number of the {role} is of {found}, {province} asks for its own',
    },
    remedy: {
      zh: '请变更备案，填写{province}的手机号码；确有原因的请联系备案客服说明。',
      en: 'Give a number of {province}.',
    },
  },
  'mobile-province-unknown': {
    severity: 'note',
    title: { zh: '{role}的手机号段归属未知，未核查', en: 'The segment of the number of the {role} is unknown' },
    remedy: { zh: '无需操作。', en: 'Admins: set data.mobileSegments to a current list.' },
  },
  'mobile-shared': {
    severity: 'warn',
    title: {
      zh: '{role}的手机号码同时用于另外 {count} 个主体',
      en: 'The mobile number of the {role} stands in {count} other subjects',
    },
    remedy: { zh: '请核对是否为负责人本人号码，并更正。', en: "Check that it is the person's own number." },
  },
  'site-head-serves-others': {
    severity: 'warn',
    asksHuman: true,
    title: {
      zh: '网站负责人同时担任另外 {count} 个主体的负责人，本省不允许',
      en: 'The site head serves {count} other subjects, which the province refuses',
    },
    remedy: { zh: '请变更网站负责人。', en: 'Name another site head.' },
  },
  'heads-same': {
    severity: 'fail',
    title: {
      zh: '主体负责人与网站负责人为同一人，本省要求不同',
      en: 'Subject head and site head are one person, the province wants two',
    },
    remedy: { zh: '请变更网站负责人为另一人。', en: 'Name another site head.' },
  },
  'heads-share-mobile': {
    severity: 'fail',
    title: {
      zh: '不同负责人使用了相同的手机号码，本省不允许',
      en: 'Different heads share a mobile number, which the province refuses',
    },
    remedy: { zh: '请为每位负责人填写本人的手机号码。', en: 'Give each head a number of their own.' },
  },
  'head-not-legal-representative': {
    severity: 'warn',
    concerns: 'subject',
    asksHuman: true,
    title: { zh: '主体负责人不是法定代表人', en: 'The subject head is not the legal representative' },
    remedy: {
      zh: '请变更主体负责人为法定代表人；本省允许授权的，请补充授权书。',
      en: 'Make the legal representative the subject head, or add a letter of authority where the province accepts one.',
    },
  },
  'finance-head-not-legal': {
    severity: 'warn',
    asksHuman: true,
    title: {
      zh: '名称含“{word}”，本省要求两位负责人均为法定代表人',
      en: 'The name holds {word}: both heads must be the legal representative',
    },
    remedy: { zh: '请把主体负责人和网站负责人变更为法定代表人。', en: 'Make the legal representative both heads.' },
  },
  'no-persons': {
    severity: 'note',
    title: { zh: '导入数据没有负责人信息，未核查', en: 'The import names no heads' },
    remedy: { zh: '无需操作。', en: 'Admins: import the heads with their numbers.' },
  },
  'not-observed': {
    severity: 'inconclusive',
    title: { zh: '未能读取负责人信息（{reason}），暂不判定', en: 'The heads could not be read ({reason})' },
    remedy: { zh: '无需操作。', en: 'Nothing to do.' },
  },
};
