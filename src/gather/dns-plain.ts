/** The two commonest messages of DNS, written and read without a library's objects: a question, and a plain answer to it. */

/** A plain answer: its code, and the addresses it gives for the very name asked. */
export interface PlainAnswer {
  rcode: number;
  addresses: string[];
}

const HEADER_BYTES = 12;
/** A name that points at the question's. */
const POINTER_TO_QUESTION = 0xc00c;
const [A, IN] = [1, 1];
const RECORD_BYTES = 16;

/** A recursive question for a name in ASCII; null where the name cannot be asked for like this. */
export function encodeQuestion(id: number, name: string, type: number): Buffer | null {
  if (name === '' || name.length > 253) return null;
  const message = Buffer.allocUnsafe(HEADER_BYTES + name.length + 2 + 4);
  message.writeUInt16BE(id, 0);
  message.writeUInt16BE(0x0100, 2);
  message.writeUInt16BE(1, 4);
  message.fill(0, 6, HEADER_BYTES);
  let lengthAt = HEADER_BYTES;
  let at = HEADER_BYTES + 1;
  for (let index = 0; index <= name.length; index++) {
    const code = index === name.length ? 46 : name.charCodeAt(index);
    if (code > 126 || code < 33) return null;
    if (code === 46) {
      const length = at - lengthAt - 1;
      if (length === 0 || length > 63) return null;
      message[lengthAt] = length;
      lengthAt = at;
      message[at++] = 0;
    } else message[at++] = code;
  }
  message.writeUInt16BE(type, at);
  message.writeUInt16BE(IN, at + 2);
  return message;
}

/**
 * Read an answer that repeats our question byte for byte and holds nothing but addresses (IPv4) of that very name, or nothing at all. Null
 * for any other, also for one that is cut: it is to be read by the library.
 */
export function readPlainAnswer(message: Buffer, question: Buffer): PlainAnswer | null {
  const body = question.length;
  if (message.length < body) return null;
  const flags = message.readUInt16BE(2);
  // An answer (QR), to a standard query, whole.
  if ((flags & 0xfa00) !== 0x8000) return null;
  const count = message.readUInt16BE(6);
  if (message.readUInt16BE(4) !== 1 || message.readUInt32BE(8) !== 0) return null;
  if (message.length !== body + count * RECORD_BYTES) return null;
  if (message.compare(question, HEADER_BYTES, body, HEADER_BYTES, body) !== 0) return null;
  const addresses: string[] = [];
  for (let at = body; at < message.length; at += RECORD_BYTES) {
    if (message.readUInt16BE(at) !== POINTER_TO_QUESTION || message.readUInt16BE(at + 2) !== A) return null;
    if (message.readUInt16BE(at + 4) !== IN || message.readUInt16BE(at + 10) !== 4) return null;
    addresses.push(`${message[at + 12]}.${message[at + 13]}.${message[at + 14]}.${message[at + 15]}`);
  }
  return { rcode: flags & 0xf, addresses };
}
