/** An address as numbers: one word for IPv4, four for IPv6. IPv4-mapped IPv6 is IPv4. */
export type AddressWords = { family: 4; word: number } | { family: 6; words: [number, number, number, number] };

/** Parse an IPv4 address in strict dotted form; -1 when it is not one. */
export function parseIpv4(text: string): number {
  let value = 0;
  let octet = -1;
  let dots = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x2e) {
      if (octet === -1 || ++dots > 3) return -1;
      value = value * 256 + octet;
      octet = -1;
    } else if (code >= 0x30 && code <= 0x39) {
      if (octet === 0) return -1;
      octet = (octet === -1 ? 0 : octet * 10) + code - 0x30;
      if (octet > 255) return -1;
    } else return -1;
  }
  return dots === 3 && octet !== -1 ? value * 256 + octet : -1;
}

/** Parse an IPv6 address (no zone) into four words; null when it is none. Written out because it runs a million times a sweep. */
function parseIpv6(text: string): [number, number, number, number] | null {
  const groups: number[] = [];
  let gap = -1;
  let value = -1;
  let digits = 0;
  for (let i = 0; i <= text.length; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0x3a;
    const digit = hexDigit(code);
    if (digit >= 0) {
      if (++digits > 4) return null;
      value = (value === -1 ? 0 : value * 16) + digit;
    } else if (code === 0x3a) {
      if (value >= 0) {
        groups.push(value);
        if (i < text.length && text.charCodeAt(i + 1) === 0x3a) {
          if (gap >= 0) return null;
          gap = groups.length;
          i++;
        } else if (i === text.length - 1) return null;
      } else if (i === 0 && text.charCodeAt(1) === 0x3a) {
        gap = 0;
        i++;
      } else if (i < text.length) return null;
      value = -1;
      digits = 0;
    } else if (code === 0x2e) {
      const start = text.lastIndexOf(':', i) + 1;
      const v4 = parseIpv4(text.slice(start));
      if (v4 < 0) return null;
      groups.push(Math.floor(v4 / 0x10000), v4 % 0x10000);
      break;
    } else return null;
  }
  if (gap === -1 ? groups.length !== 8 : groups.length > 7) return null;
  if (gap >= 0) groups.splice(gap, 0, ...new Array<number>(8 - groups.length).fill(0));
  const word = (at: number): number => (groups[at] as number) * 0x10000 + (groups[at + 1] as number);
  return [word(0), word(2), word(4), word(6)];
}

function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

/** Parse any address; null when it is none. IPv4-mapped IPv6 is IPv4. */
export function parseAddress(text: string): AddressWords | null {
  const v4 = parseIpv4(text);
  if (v4 >= 0) return { family: 4, word: v4 };
  const words = parseIpv6(text);
  if (words === null) return null;
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) return { family: 4, word: words[3] };
  return { family: 6, words };
}

/** Parse a CIDR; null when malformed. Host bits set are an error the caller may report. */
export function parseCidr(text: string): { address: AddressWords; prefix: number; hostBits: boolean } | null {
  const slash = text.indexOf('/');
  const address = parseAddress(slash === -1 ? text : text.slice(0, slash));
  if (address === null) return null;
  const width = address.family === 4 ? 32 : 128;
  const suffix = slash === -1 ? String(width) : text.slice(slash + 1);
  if (!/^\d{1,3}$/.test(suffix) || Number(suffix) > width) return null;
  const prefix = Number(suffix);
  const words = address.family === 4 ? [address.word] : address.words;
  const hostBits = words.some((word, i) => (word & ~maskOf(prefix - i * 32)) >>> 0 !== 0);
  return { address, prefix, hostBits };
}

/** The mask of the first `bits` of a 32-bit word. */
export function maskOf(bits: number): number {
  if (bits <= 0) return 0;
  return bits >= 32 ? 0xffffffff : (0xffffffff << (32 - bits)) >>> 0;
}

/** Is a URL's host this very machine? */
export const isLoopbackHost = (hostname: string): boolean =>
  /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
