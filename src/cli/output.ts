import { styleText } from 'node:util';
import type { Verdict } from '../checks/types.ts';

/** Exit codes of every command. */
export const EXIT = { ok: 0, failOn: 1, badInput: 2 } as const;

/** Print to standard output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Print one JSON document. */
export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

type Style = Parameters<typeof styleText>[0];

/** Colour where a person looks; plain where a program reads (honours NO_COLOR). */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout });
}

const VERDICT_STYLE: Record<Verdict, Style> = { pass: 'green', warn: 'yellow', fail: 'red', inconclusive: 'gray' };

/** A verdict in its colour. */
export function paintVerdict(verdict: Verdict | null): string {
  return verdict === null ? '-' : paint(VERDICT_STYLE[verdict], verdict);
}

/** Columns a terminal needs for a text: Chinese characters take two. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text.replace(/\u001b\[[0-9;]*m/g, '')) {
    width += /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/.test(
      character,
    )
      ? 2
      : 1;
  }
  return width;
}

/** A table with aligned columns; the heads stand first. */
export function table(heads: string[], rows: string[][]): string {
  const all = [heads, ...rows];
  const widths = heads.map((_, column) => Math.max(...all.map((row) => widthOf(row[column] ?? ''))));
  return all
    .map((row, index) => {
      const line = row
        .map((cell, column) => cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) - widthOf(cell))))
        .join('  ')
        .trimEnd();
      return index === 0 ? paint('bold', line) : line;
    })
    .join('\n');
}

/** A deadline as people say it: the end of a Beijing day is 24:00 of that day, as in every notice. */
export function deadlineText(instant: number): string {
  const before = beijing(instant - 1);
  return before.endsWith('23:59') ? `${before.slice(0, 10)} 24:00` : beijing(instant);
}

/** An instant as Beijing time, `2026-11-22 10:30`. */
export function beijing(instant: number | null): string {
  if (instant === null) return '-';
  return new Date(instant + 8 * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
}
