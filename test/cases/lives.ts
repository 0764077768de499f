/** What happens to a site, in words: `found`, `pass`, `extend 5`, `appeal`, `accept`, `refuse`, `approve`, `decline` … */
export type Deed = [when: string, deed: string];

/** One life: what happens on which day, and every state and notice that must follow. */
export interface Life {
  name: string;
  check?: string;
  overrides?: object;
  deeds: Deed[];
  until: string;
  /** The last day of the deadline at the end. */
  deadline: string;
  /** `MM-DD HH:MM` in Beijing; "all" is mail, SMS and in-site to both persons. */
  diary: string[];
}

const MARCH = ['03-02 10:00 opened → open', '03-02 10:10 found to all'];
const REMINDED = ['03-10 09:10 reminder to all', '03-14 09:10 reminder to all', '03-16 09:10 reminder to all'];

/** What people do to a case that is found on a Monday in March, and what follows. */
export const LIVES: Life[] = [
  {
    name: 'put right the next day',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-03 09:00', 'pass'],
    ],
    until: '2026-04-30 00:00',
    deadline: '2026-03-17',
    diary: [...MARCH, '03-03 10:00 recheck-passed → resolved', '03-03 10:00 resolved to all'],
  },
  {
    name: 'put right before anyone was told: nobody hears of it',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-02 10:05', 'pass'],
      ['2026-03-02 10:06', 'look'],
    ],
    until: '2026-04-30 00:00',
    deadline: '2026-03-17',
    diary: ['03-02 10:00 opened → open', '03-02 10:06 recheck-passed → resolved'],
  },
  {
    name: 'found at night: mail at once, SMS in the morning after a fresh look',
    deeds: [['2026-03-02 23:30', 'found']],
    until: '2026-03-03 12:00',
    deadline: '2026-03-17',
    diary: [
      '03-02 23:30 opened → open',
      '03-02 23:40 found to both by mail, and in-site',
      '03-03 08:00 found to both by SMS',
    ],
  },
  {
    name: 'put right in the night: the SMS is not sent any more',
    deeds: [
      ['2026-03-02 23:30', 'found'],
      ['2026-03-03 02:00', 'pass'],
    ],
    until: '2026-03-10 12:00',
    deadline: '2026-03-17',
    diary: [
      '03-02 23:30 opened → open',
      '03-02 23:40 found to both by mail, and in-site',
      '03-03 08:00 recheck-passed → resolved',
      '03-03 08:00 resolved to both by mail, and in-site',
    ],
  },
  {
    name: 'no leap day in 2026',
    deeds: [['2026-02-14 10:00', 'found']],
    until: '2026-03-02 12:00',
    deadline: '2026-03-01',
    diary: [
      '02-14 10:00 opened → open',
      '02-14 10:10 found to all',
      '02-22 09:10 reminder to all',
      '02-26 09:10 reminder to all',
      '02-28 09:10 reminder to all',
      '03-02 00:00 deadline-passed → overdue',
      '03-02 00:00 enforcement-asked → enforcement-asked',
      '03-02 00:10 overdue to both by mail, and in-site',
      '03-02 08:00 overdue to both by SMS',
    ],
  },
  {
    name: 'a second extension is refused',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-05 10:00', 'extend 3'],
      ['2026-03-06 10:00', 'extend 2'],
    ],
    until: '2026-03-08 12:00',
    deadline: '2026-03-20',
    diary: [
      ...MARCH,
      '03-05 10:00 extension-granted → extended',
      '03-05 10:00 extended to all',
      '03-06 10:00 extension-refused to both by mail, and in-site',
    ],
  },
  {
    name: 'six days of extension are refused',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-05 10:00', 'extend 6'],
    ],
    until: '2026-03-08 12:00',
    deadline: '2026-03-17',
    diary: [...MARCH, '03-05 10:00 extension-refused to both by mail, and in-site'],
  },
  {
    name: 'extended after the first reminder: the ladder starts anew for the new deadline',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-11 10:00', 'extend 5'],
    ],
    until: '2026-03-25 12:00',
    deadline: '2026-03-24',
    diary: [
      ...MARCH,
      '03-10 09:10 reminder to all',
      '03-11 10:00 extension-granted → extended',
      '03-11 10:00 extended to all',
      '03-17 09:10 reminder to all',
      '03-21 09:10 reminder to all',
      '03-23 09:10 reminder to all',
      '03-25 00:00 deadline-passed → overdue',
      '03-25 00:00 enforcement-asked → enforcement-asked',
      '03-25 00:10 overdue to both by mail, and in-site',
      '03-25 08:00 overdue to both by SMS',
    ],
  },
  {
    name: 'put right at the last hour: the look before the deadline passes',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-17 23:30', 'pass'],
    ],
    until: '2026-06-30 00:00',
    deadline: '2026-03-17',
    diary: [
      ...MARCH,
      ...REMINDED,
      '03-18 00:00 recheck-passed → resolved',
      '03-18 00:00 resolved to both by mail, and in-site',
      '03-18 08:00 resolved to both by SMS',
    ],
  },
  {
    name: 'cannot be observed at the deadline: nothing follows until a look fails',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-16 12:00', 'inconclusive'],
      ['2026-03-20 12:00', 'fail'],
    ],
    until: '2026-03-21 00:00',
    deadline: '2026-03-17',
    diary: [
      ...MARCH,
      ...REMINDED,
      '03-20 12:15 deadline-passed → overdue',
      '03-20 12:15 enforcement-asked → enforcement-asked',
      '03-20 12:25 overdue to all',
    ],
  },
  {
    name: 'cannot be observed at a reminder: told a day late by mail, as of the last confirmation, and not by SMS',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-09 12:00', 'inconclusive'],
      ['2026-03-12 12:00', 'fail'],
    ],
    until: '2026-03-13 12:00',
    deadline: '2026-03-17',
    diary: [...MARCH, '03-11 09:10 reminder to both by mail, and in-site'],
  },
  {
    name: 'waived: the owner hears that it is withdrawn',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-04 10:00', 'waive'],
    ],
    until: '2026-06-30 00:00',
    deadline: '2026-03-17',
    diary: [...MARCH, '03-04 10:00 waived → closed', '03-04 10:00 withdrawn to all'],
  },
  {
    name: 'deadline moved by an admin',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-04 10:00', 'move 2026-03-31'],
    ],
    until: '2026-03-29 12:00',
    deadline: '2026-03-31',
    diary: [
      ...MARCH,
      '03-04 10:00 deadline-moved → extended',
      '03-04 10:00 extended to all',
      '03-24 09:10 reminder to all',
      '03-28 09:10 reminder to all',
    ],
  },
  {
    name: 'the filing leaves: access cancelled elsewhere',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-04 10:00', 'leave cancelled'],
    ],
    until: '2026-06-30 00:00',
    deadline: '2026-03-17',
    diary: [...MARCH, '03-04 10:00 filing-left → closed'],
  },
  {
    name: 'a lapsed domain: its own programme, fifteen days',
    check: 'domain-expiry',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-10 12:00', 'pass'],
    ],
    until: '2026-06-30 00:00',
    deadline: '2026-03-17',
    diary: [
      ...MARCH,
      '03-10 09:10 reminder to all',
      '03-11 10:00 recheck-passed → resolved',
      '03-11 10:00 resolved to all',
    ],
  },
  {
    name: 'a warning puts it right',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-04 09:00', 'warn'],
    ],
    until: '2026-06-30 00:00',
    deadline: '2026-03-17',
    diary: [...MARCH, '03-04 10:00 recheck-passed → resolved', '03-04 10:00 resolved to all'],
  },
  {
    name: 'the owner asks for a look: resolved within the hour',
    deeds: [
      ['2026-03-02 10:00', 'found'],
      ['2026-03-04 15:00', 'pass'],
      ['2026-03-04 15:10', 'recheck'],
    ],
    until: '2026-06-30 00:00',
    deadline: '2026-03-17',
    diary: [...MARCH, '03-04 15:10 recheck-passed → resolved', '03-04 15:10 resolved to all'],
  },
];
