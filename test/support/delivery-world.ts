import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig, mergeSettings } from '../../src/config.ts';
import { type Consequences, openChannels } from '../../src/jobs/consequences.ts';
import type { Message } from '../../src/ledger/outbox-store.ts';
import { DELIVERY_POLICY } from '../../src/notify/outcome.ts';
import { SMS_TEMPLATES } from '../../src/notify/sms-templates.ts';
import { ACCESS_SECRET, type RunningAccessSystem, startAccessSystem } from '../world/access-system.ts';
import { MAIL_ACCOUNT, type MailServer, startMailServer } from '../world/mail-server.ts';
import { SMS_KEY, type SmsGateway, startSmsGateway } from '../world/sms-gateway.ts';
import { CaseWorld } from './case-world.ts';

/** Times short enough for tests where a real socket has to time out. */
const WIRE_TIMEOUT_MS = 1000;

/** Real wires: a mail server, an SMS gateway and an access system on loopback. */
export interface Wires {
  mail: MailServer;
  sms: SmsGateway;
  access: RunningAccessSystem;
  close: () => Promise<void>;
}

/** Start the wires; `folder` keeps their append-only logs. */
export async function startWires(provider: 'aliyun' | 'tencent', folder?: string): Promise<Wires> {
  const log = (name: string): { log?: string } => (folder === undefined ? {} : { log: join(folder, `${name}.log`) });
  const [mail, sms, access] = await Promise.all([
    startMailServer(log('mail')),
    startSmsGateway(provider, log('sms')),
    startAccessSystem(log('access')),
  ]);
  return {
    mail,
    sms,
    access,
    close: async () => void (await Promise.all([mail.close(), sms.close(), access.close()])),
  };
}

/** Settings that point everything at the wires. */
export function wireSettings(wires: Wires, provider: 'aliyun' | 'tencent'): object {
  const templates = Object.fromEntries(Object.keys(SMS_TEMPLATES).map((key, index) => [key, `SMS_${1000 + index}`]));
  return {
    notices: {
      live: true,
      signature: '某云备案',
      digestMs: 0,
      quietHours: { from: 0, to: 0 },
      email: {
        host: '127.0.0.1',
        port: wires.mail.port,
        secure: false,
        requireTls: true,
        rejectUnauthorized: false,
        user: MAIL_ACCOUNT.user,
        password: MAIL_ACCOUNT.password,
        from: { name: '某云备案', address: 'beian@cloud.example' },
        timeoutMs: WIRE_TIMEOUT_MS,
      },
      sms: {
        provider,
        endpoint: wires.sms.endpoint,
        protocol: 'http',
        keyId: SMS_KEY.id,
        keySecret: SMS_KEY.secret,
        signName: '某云备案',
        sdkAppId: '1400000001',
        templates,
        timeoutMs: WIRE_TIMEOUT_MS,
      },
    },
    enforcement: { live: true, url: wires.access.url, secret: ACCESS_SECRET, timeoutMs: WIRE_TIMEOUT_MS },
    confirm: { pauseMs: 0 },
    log: { level: 'silent' },
  };
}

/** A case world over real wires. */
export async function openDeliveryWorld(
  provider: 'aliyun' | 'tencent',
  overrides: object = {},
): Promise<{ world: CaseWorld; wires: Wires; close: () => Promise<void> }> {
  const wires = await startWires(provider);
  const settings = mergeSettings(wireSettings(wires, provider), overrides) as object;
  const folder = mkdtempSync(join(tmpdir(), 'beian-delivery-'));
  const config = loadConfig({
    env: {},
    overrides: mergeSettings(settings, { ledger: { path: join(folder, 'x.db') } }) as object,
  });
  const world = await CaseWorld.open('2026-11-23 10:00', settings, undefined, {
    channels: (now) => openChannels(config, now),
    realAccessSystem: true,
    policy: DELIVERY_POLICY,
  });
  wires.sms.clock = world.now;
  return {
    world,
    wires,
    close: async () => {
      world.close();
      await wires.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Messages of a channel to an address. */
export function messagesTo(
  world: { consequences: Consequences; ledger: CaseWorld['ledger'] },
  recipient: string,
): Message[] {
  return world.ledger.outbox.messages(null, 1000).filter((one) => one.recipient === recipient);
}
