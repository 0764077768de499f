import { Secret, TOTP } from 'otpauth';

const PERIOD_S = 30;
/** Steps before and after the present one that are taken: phones' clocks differ. */
const WINDOW = 1;

const totpOf = (secret: string, name: string): TOTP =>
  new TOTP({ issuer: 'beian-patrol', label: name, secret: Secret.fromBase32(secret), period: PERIOD_S, digits: 6 });

/** A fresh secret (base32, 160 bits). */
export const newTotpSecret = (): string => new Secret({ size: 20 }).base32;

/** What an authenticator reads from a QR code. */
export const totpUri = (secret: string, name: string): string => totpOf(secret, name).toString();

/**
 * The time step a code belongs to; null when it is wrong, or its step was used (`usedStep`): a code seen over a shoulder opens
 * nothing a second time.
 */
export function totpStep(secret: string, code: string, usedStep: number | null, now: number): number | null {
  const token = code.normalize('NFKC').replace(/\D/g, '');
  if (token.length !== 6) return null;
  const delta = totpOf(secret, '').validate({ token, timestamp: now, window: WINDOW });
  if (delta === null) return null;
  const step = Math.floor(now / 1000 / PERIOD_S) + delta;
  return usedStep !== null && step <= usedStep ? null : step;
}
