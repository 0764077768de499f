import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { exchangeKey, SEALED } from '../../db/client.ts';
import { createSealer, parseDataKey } from '../../db/seal.ts';
import { loadConfig } from '../../src/config.ts';
import { openConfiguredLedger } from '../../src/jobs/open-configured.ts';
import { findPerson } from '../../src/privacy/person.ts';
import { CaseWorld } from '../support/case-world.ts';

const KEY = randomBytes(32).toString('base64');
const PERSONAL = ['13800000001', '13800000002', 'zhang@owner.example', 'li@owner.example', '张三', '李四'];
const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});
const pathOf = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'beian-seal-'));
  folders.push(folder);
  return join(folder, 'ledger.db');
};

/** A case told to two people over both channels. */
async function told(path: string, dataKey: string | null): Promise<{ sms: string[]; mails: string[] }> {
  const world = await CaseWorld.open('2026-11-23 10:00', { ledger: { path, dataKey } }, undefined, {
    keepLedger: true,
  });
  const siteId = world.addSite(1);
  world.set(siteId, 'empty-shell', 'fail');
  world.look(siteId);
  await world.until('2026-11-23 12:00');
  const to = (id: 'sms' | 'email'): string[] => world.channels[id].sent.map(({ message }) => message.recipient).sort();
  const result = { sms: to('sms'), mails: to('email') };
  expect(
    world.ledger.contacts
      .ofSite(siteId)
      .map(({ phone }) => phone)
      .sort(),
  ).toEqual(['13800000001', '13800000002']);
  world.ledger.connection.sqlite.pragma('wal_checkpoint(TRUNCATE)');
  world.close();
  return result;
}
const inFile = (path: string): string[] => {
  const bytes = readFileSync(path);
  return PERSONAL.filter((text) => bytes.includes(text));
};

describe('contact data sealed by a key outside the database', () => {
  it('nothing personal stands in the file, and everything works as without', async () => {
    const [open, sealed] = [pathOf(), pathOf()];
    const plain = await told(open, null);
    expect(inFile(open).length).toBeGreaterThan(4);
    expect(await told(sealed, KEY)).toEqual(plain);
    expect(inFile(sealed)).toEqual([]);
  });

  it('a ledger written before there was a key is sealed when it is opened with one', async () => {
    const path = pathOf();
    await told(path, null);
    const ledger = openConfiguredLedger(loadConfig({ env: { PATROL_DATA_KEY: KEY }, overrides: { ledger: { path } } }));
    for (const [table, columns] of Object.entries(SEALED))
      for (const column of columns)
        expect(
          ledger.connection.sqlite
            .prepare(
              `SELECT count(*) AS n FROM ${table} WHERE ${column} IS NOT NULL AND ${column} NOT LIKE 'sealed1:%'`,
            )
            .pluck()
            .get(),
        ).toBe(0);
    expect(ledger.outbox.messages(null, 10).map(({ recipient }) => recipient)).toContain('li@owner.example');
    ledger.connection.sqlite.exec('VACUUM');
    ledger.connection.sqlite.pragma('wal_checkpoint(TRUNCATE)');
    ledger.close();
    expect(inFile(path)).toEqual([]);
  });

  it.each([
    ['no key', {}, /is sealed, and there is no key/],
    ['another key', { PATROL_DATA_KEY: randomBytes(32).toString('hex') }, /sealed with another key/],
    ['a key that is none', { PATROL_DATA_KEY: 'short' }, /32 bytes/],
  ])('%s: refused at the start', async (_, env, reason) => {
    const path = pathOf();
    await told(path, KEY);
    expect(() => openConfiguredLedger(loadConfig({ env, overrides: { ledger: { path } } }))).toThrow(reason);
  });

  it('the same text has one seal, another text another; an altered seal is refused', () => {
    const { seal, unseal } = createSealer(parseDataKey(KEY));
    const one = seal('13800000001') as string;
    expect([seal('13800000001'), seal(one), unseal(one)]).toEqual([one, one, '13800000001']);
    expect(seal('13800000002')).not.toBe(one);
    expect(() => unseal(`${one.slice(0, -2)}AA`)).toThrow(/altered/);
    expect([seal(null), unseal(null), unseal('plain')]).toEqual([null, null, 'plain']);
  });
});

describe('the key is exchanged', () => {
  it('for another, for none: everything reads as before, the old key opens nothing, and nobody may be at work', async () => {
    const path = pathOf();
    await told(path, KEY);
    const other = randomBytes(32).toString('hex');
    const openBy = (dataKey: string | null) =>
      openConfiguredLedger(
        loadConfig({ env: dataKey === null ? {} : { PATROL_DATA_KEY: dataKey }, overrides: { ledger: { path } } }),
      );
    const ledger = openBy(KEY);
    const told1 = ledger.outbox.messages(null, 100);
    const beside = openBy(KEY);
    const keys = { from: parseDataKey(KEY), to: parseDataKey(other) };
    expect(() => exchangeKey(ledger.connection, keys)).toThrow(/in use/);
    beside.close();
    // Somebody's text that looks like a seal is text.
    ledger.connection.sqlite
      .prepare(
        "INSERT INTO inbound_messages (source, external_id, mobile, body, received_at, outcome, detail) VALUES ('x', '1', '13900000009', seal('sealed1:x'), 1, 'unknown', '')",
      )
      .run();
    expect(exchangeKey(ledger.connection, keys)).toMatchObject({ compacted: true, changed: expect.any(Number) });
    ledger.close();
    expect(() => openBy(KEY)).toThrow(/sealed with another key/);
    const again = openBy(other);
    expect(again.outbox.messages(null, 100)).toEqual(told1);
    // Looked up by the new seals.
    expect(findPerson(again, { phone: '13800000001' }).messages.length).toBeGreaterThan(0);
    expect(findPerson(again, { phone: '13900000009' }).inbound.map(({ body }) => body)).toEqual(['sealed1:x']);
    exchangeKey(again.connection, { from: parseDataKey(other), to: null });
    again.close();
    const open = openBy(null);
    expect(open.outbox.messages(null, 100)).toEqual(told1);
    expect(open.connection.sqlite.pragma('journal_mode', { simple: true })).toBe('wal');
    open.close();
    expect(inFile(path).length).toBeGreaterThan(4);
  });

  it('what an older version left open is sealed when this one first opens the ledger', async () => {
    const path = pathOf();
    await told(path, KEY);
    const config = loadConfig({ env: { PATROL_DATA_KEY: KEY }, overrides: { ledger: { path } } });
    const ledger = openConfiguredLedger(config);
    const { sqlite } = ledger.connection;
    sqlite.exec("DELETE FROM marks WHERE key = 'data-key-columns'; UPDATE in_site_messages SET body = unseal(body)");
    ledger.close();
    const again = openConfiguredLedger(config);
    expect(
      again.connection.sqlite
        .prepare("SELECT count(*) FROM in_site_messages WHERE body NOT LIKE 'sealed1:%'")
        .pluck()
        .get(),
    ).toBe(0);
    again.close();
  });
});
