import pino, { type Logger } from 'pino';

const MOBILE = /(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)/g;
const IDENTITY = /(?<!\d)(\d{3})\d{11}(\d{3}[\dXx])(?!\d)/g;
// Every sign that our mails can be addressed to, but those that stand before an address in a text (= / ? { | `).
const EMAIL = /([A-Za-z0-9._%+!#$&'*^~-])[A-Za-z0-9._%+!#$&'*^~-]*@([A-Za-z0-9.-]+\.[A-Za-z]{2,})/g;

/** Mask mobile numbers, identity numbers and e-mail addresses in a text; everything else stays. */
export function maskText(text: string): string {
  return text.replace(IDENTITY, '$1***********$2').replace(MOBILE, '$1****$2').replace(EMAIL, '$1***@$2');
}

/** A telephone number, however it is written: its first three and last four digits; of shorter ones the last two. */
export function maskPhone(phone: string): string {
  const digits = phone.replace(/\D/g, '');
  return digits.length < 7 ? '***' : `${digits.slice(0, 3)}****${digits.slice(digits.length < 11 ? -2 : -4)}`;
}

/** A mail address, however it is written: its first sign and its host. */
export function maskEmail(email: string): string {
  const at = email.lastIndexOf('@');
  return at < 1 ? '***' : `${[...email][0] ?? ''}***${email.slice(at)}`;
}

/** The first sign of a name: 张**. */
export const maskName = (name: string): string => `${[...name][0] ?? ''}**`;

/** Mask every string inside a value, to a depth of 6. */
export function maskValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return maskText(value);
  if (value === null || typeof value !== 'object' || depth > 6) return value;
  if (value instanceof Error)
    return { type: value.name, message: maskText(value.message), stack: maskText(value.stack ?? '') };
  if (Array.isArray(value)) return value.map((one) => maskValue(one, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, maskValue(one, depth + 1)]));
}

/** A logger that masks personal data before it leaves the process. `destination` is for tests. */
export function createLogger(level: string, destination?: { write: (line: string) => void }): Logger {
  const options: pino.LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }), log: (fields) => maskValue(fields) as Record<string, unknown> },
    hooks: {
      logMethod(parameters, method) {
        method.apply(this, parameters.map((one) => (typeof one === 'string' ? maskText(one) : one)) as never);
      },
    },
  };
  return destination === undefined
    ? pino(options, pino.destination(2))
    : pino(options, destination as pino.DestinationStream);
}

export type { Logger };
