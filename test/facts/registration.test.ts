import { describe, expect, it } from 'vitest';
import { readRegistration } from '../../src/facts/registration.ts';
import { parseRegistryDate, registryInstant } from '../../src/facts/registry-date.ts';

const CNNIC = `Domain Name: example.cn
ROID: 20030311s10001s00033735-cn
Domain Status: clientDeleteProhibited
Domain Status: serverHold
Registrant: 示例科技有限公司
Registrant Contact Email: x@example.cn
Sponsoring Registrar: 阿里云计算有限公司（万网）
Name Server: ns1.example.cn
Registration Time: 2003-03-17 12:20:05
Expiration Time: 2027-03-17 12:48:36
DNSSEC: unsigned
`;

const VERISIGN_TERMS = `
NOTICE: The expiration date displayed in this record is the date the registrar's sponsorship is set to expire.

TERMS OF USE: You are not authorized to access or query our Whois database through processes that are high-volume and
automated; VeriSign may restrict your access. Queries in excess are blocked, rate limited or refused.
`;

describe('WHOIS', () => {
  it('reads a CNNIC record, dates in Beijing time', () => {
    expect(readRegistration(CNNIC)).toEqual({
      protocol: 'whois',
      domain: 'example.cn',
      found: true,
      expiresAt: '2027-03-17T12:48:36+08:00',
      createdAt: '2003-03-17T12:20:05+08:00',
      registrar: '阿里云计算有限公司（万网）',
      registrant: '示例科技有限公司',
      statuses: ['clientDeleteProhibited', 'serverHold'],
    });
  });

  it.each([
    ['No matching record.', false],
    [
      `No match for "NOBODY-HAS-THIS.COM".\n>>> Last update of whois database: 2022-07-03T03:50:56Z <<<\n${VERISIGN_TERMS}`,
      false,
    ],
    ['Domain not found.', false],
    ['The queried object does not exist: DOMAIN NOT FOUND', false],
    ['the Domain Name you apply can not be registered online. Please consult your Domain Name registrar', false],
    ['Queried interval is too short.', 'refused'],
    ['Your access is too fast,please try again later.', 'refused'],
    ['WHOIS LIMIT EXCEEDED - SEE WWW.PIR.ORG/WHOIS FOR DETAILS', 'refused'],
    ['% Too many requests, please wait\nNo entries found', 'refused'],
    ['Excessive querying, grace period of 30 seconds.', 'refused'],
    ['Daily limit reached. No match', 'refused'],
    ['Number of queries per hour reached. domain not found', 'refused'],
    ['Domain not found: database connection lost', 'refused'],
    ['Not Found - service is down for maintenance', 'refused'],
    ['HTTP/1.1 404 Not Found', 'refused'],
    ['Error: Invalid domain name', 'refused'],
    ['该域名未注册或查询次数超限', 'refused'],
    ['', 'refused'],
    ['\u0000\u0001garbage', 'refused'],
    ['<html><head><title>502 Bad Gateway</title></head></html>', 'refused'],
    ['{"broken', 'refused'],
  ])('%j is %s', (text, found) => expect(readRegistration(text)).toMatchObject({ found, expiresAt: null }));

  it('keeps a record whose legal terms speak of refusals', () => {
    expect(readRegistration(`${CNNIC}${VERISIGN_TERMS}`)).toMatchObject({ found: true });
  });

  it('does not believe an answer about another domain', () => {
    expect(readRegistration(CNNIC, 'example.cn').found).toBe(true);
    expect(readRegistration(CNNIC, 'other.cn')).toMatchObject({ found: 'refused', expiresAt: null });
  });

  it('takes the registry expiry before the registrar one, and billing dates last', () => {
    const text =
      'Domain Name: a.com\nRenewal Date: 2020-01-01\nRegistrar Registration Expiration Date: 2026-01-01\nRegistry Expiry Date: 2027-01-01\nRegistrar: R\n';
    expect(readRegistration(text).expiresAt).toBe('2027-01-01');
  });

  it('takes an expiry before the creation for a misreading', () => {
    expect(
      readRegistration('Domain Name: a.com\nCreation Date: 2020-01-01\nExpiration Date: 2019-01-01\nRegistrar: R\n')
        .expiresAt,
    ).toBeNull();
  });

  it('treats a redacted holder as unknown', () => {
    const text = CNNIC.replace('示例科技有限公司', 'REDACTED FOR PRIVACY');
    expect(readRegistration(text).registrant).toBeNull();
  });

  it('does not take a look-alike host listing for the domain', () => {
    const text = `   Server Name: EXAMPLE.COM.EVIL.ORG\n   Registrar: EVIL INC.\n\n   Domain Name: EXAMPLE.COM\n   Registrar: GOOD INC.\n   Expiration Date: 13-sep-2028\n`;
    expect(readRegistration(text)).toMatchObject({ registrar: 'GOOD INC.', expiresAt: '2028-09-13' });
  });
});

describe('RDAP', () => {
  const answer = {
    objectClassName: 'domain',
    ldhName: 'example.com',
    status: ['client transfer prohibited'],
    events: [
      { eventAction: 'registration', eventDate: '1997-09-15T04:00:00Z' },
      { eventAction: 'expiration', eventDate: '2028-09-14T04:00:00Z' },
      { eventAction: 'last update of RDAP database', eventDate: '2026-01-01T00:00:00Z' },
    ],
    entities: [
      {
        roles: ['registrar'],
        vcardArray: ['vcard', [['fn', {}, 'text', 'MarkMonitor Inc.']]],
        entities: [{ roles: ['abuse'], vcardArray: ['vcard', [['fn', {}, 'text', 'Abuse']]] }],
      },
      {
        roles: ['registrant'],
        vcardArray: [
          'vcard',
          [
            ['fn', {}, 'text', ''],
            ['org', {}, 'text', '示例公司'],
          ],
        ],
      },
    ],
  };

  it('reads a domain', () => {
    expect(readRegistration(JSON.stringify(answer))).toEqual({
      protocol: 'rdap',
      domain: 'example.com',
      found: true,
      expiresAt: '2028-09-14T04:00:00Z',
      createdAt: '1997-09-15T04:00:00Z',
      registrar: 'MarkMonitor Inc.',
      registrant: '示例公司',
      statuses: ['client transfer prohibited'],
    });
  });

  it.each([
    [{ errorCode: 404, title: 'Not Found' }, false],
    [{ errorCode: 404, title: 'No RDAP service is available for this domain' }, 'refused'],
    [{ errorCode: 404, title: 'Not Found', description: ['The requested URL was not found'] }, 'refused'],
    [{ errorCode: 404, title: 'No handler for path' }, 'refused'],
    [{ errorCode: 404, title: 'This server does not handle the TLD' }, 'refused'],
    [{ errorCode: 429, title: 'Too Many Requests' }, 'refused'],
    [{ errorCode: 400, title: 'Bad Request' }, 'refused'],
    [{ errorCode: 501 }, 'refused'],
    [{}, 'refused'],
    [{ objectClassName: 'entity', handle: 'x' }, 'refused'],
  ])('%j is %s', (json, found) => expect(readRegistration(JSON.stringify(json)).found).toBe(found));

  it('survives wrong types everywhere', () => {
    const odd = {
      objectClassName: 'domain',
      events: [null, 3, { eventAction: 5 }],
      entities: 'x',
      status: [1, null, 'active'],
    };
    expect(readRegistration(JSON.stringify(odd))).toMatchObject({ found: true, expiresAt: null, statuses: ['active'] });
  });
});

describe('dates', () => {
  it.each([
    ['2028-09-13T07:00:00+0000', '2028-09-13T07:00:00+00:00'],
    ['2028-09-13T07:00:00.0Z', '2028-09-13T07:00:00Z'],
    ['13-Sep-2028 17:17:40 UTC', '2028-09-13T17:17:40Z'],
    ['13-sep-2028', '2028-09-13'],
    ['2007. 03. 02.', '2007-03-02'],
    ['2012/08/31', '2012-08-31'],
    ['20121231', '2012-12-31'],
    ['31-12-2020', '2020-12-31'],
    ['31/12/2020', '2020-12-31'],
    ['12/05/2026', null],
    ['Fri Feb 03 15:34:57 GMT 2012', '2012-02-03T15:34:57Z'],
    ['2001-05-02/22:28:22', '2001-05-02T22:28:22Z'],
    ['2024-02-29', '2024-02-29'],
    ['2023-02-29', null],
    ['null', null],
    ['before Aug-1996', null],
    ['2020-13-01', null],
  ])('%s', (text, iso) => expect(parseRegistryDate(text)).toBe(iso));

  it('lets a bare date end with its day in the last time zone on earth', () => {
    expect(registryInstant('2026-01-01')).toBe(Date.parse('2026-01-02T11:59:59Z'));
    expect(registryInstant('2026-01-01T12:00:00+08:00')).toBe(Date.parse('2026-01-01T04:00:00Z'));
  });
});
