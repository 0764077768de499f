import { foldText } from './site-number.ts';

/** A mainland mobile number as gateways want it, `13800000000`; null for anything else. */
export function mobileOf(text: string | null): string | null {
  const digits = foldText(text ?? '')
    .replace(/[\s\-()]/g, '')
    .replace(/^(?:\+|0+)?86(?=1\d{10}$)/, '');
  return /^1[3-9]\d{9}$/.test(digits) ? digits : null;
}

/** An e-mail address that can be put into an envelope as it stands; null for anything else. */
export function emailOf(text: string | null): string | null {
  const address = (text ?? '').trim();
  return address.length <= 254 &&
    /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?\.)+[A-Za-z]{2,63}$/.test(
      address,
    )
    ? address
    : null;
}
