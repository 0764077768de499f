/** Progress of long work on standard error: one live line on a terminal, a line every ten seconds elsewhere. */
export class ProgressLine {
  readonly #enabled: boolean;
  readonly #live: boolean;
  readonly #startedAtMs = performance.now();
  #lastAtMs = 0;

  constructor(enabled: boolean) {
    this.#enabled = enabled;
    this.#live = process.stderr.isTTY === true;
  }

  /** Show `done` of `total` with rate and time left; `note` is added behind. */
  show(what: string, done: number, total: number, note = ''): void {
    if (!this.#enabled) return;
    const nowMs = performance.now();
    if (nowMs - this.#lastAtMs < (this.#live ? 100 : 10_000)) return;
    this.#lastAtMs = nowMs;
    this.#write(what, done, total, note, nowMs);
  }

  #write(what: string, done: number, total: number, note: string, nowMs: number): void {
    const seconds = (nowMs - this.#startedAtMs) / 1000;
    const rate = seconds > 0 ? done / seconds : 0;
    const share = total > 0 ? Math.min(1, done / total) : 0;
    const left = rate > 0 && total > done ? `${formatSeconds((total - done) / rate)} left` : formatSeconds(seconds);
    const bar = `${'█'.repeat(Math.round(share * 20))}${'░'.repeat(20 - Math.round(share * 20))}`;
    const line = `${what} ${bar} ${done}/${total} · ${rate.toFixed(rate < 10 ? 1 : 0)}/s · ${left}${note === '' ? '' : ` · ${note}`}`;
    process.stderr.write(this.#live ? `\r\u001b[K${line}` : `${line}\n`);
  }

  /** Leave the line as it is and go on below. */
  end(what: string, done: number, total: number): void {
    if (!this.#enabled) return;
    this.#write(what, done, total, '', performance.now());
    if (this.#live) process.stderr.write('\n');
  }
}

function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}
