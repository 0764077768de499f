import { findIcpNumbers, foldText } from '../filing/site-number.ts';

/** Real (not placeholder) numbers in text that a person does not see: scripts, comments, hidden parts. */
export function numbersInSource(text: string): string[] {
  const numbers: string[] = [];
  for (const window of windowsAround(text)) {
    for (const { placeholder, number } of findIcpNumbers(foldText(window)))
      if (!placeholder) numbers.push(number.canonical);
  }
  return numbers;
}

/** The pieces of a long text in which a number can stand: cheap to find, and scripts may be megabytes. */
function* windowsAround(text: string): Generator<string> {
  const pattern = /icp/gi;
  let last = -1;
  for (let hit = pattern.exec(text); hit !== null; hit = pattern.exec(text)) {
    if (hit.index < last) continue;
    last = hit.index + 200;
    const raw = text.slice(Math.max(0, hit.index - 60), last);
    yield raw
      .replace(/\\u([0-9a-fA-F]{4})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
      .replace(/<[^>]{0,120}>/g, '');
  }
}
