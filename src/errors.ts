/** Something the user gave us is wrong: said in one line, with the remedy, exit code 2. */
export class InputError extends Error {
  readonly remedy: string;
  /** The same for people who read Chinese and have no command line: what is wrong, and what to do. */
  readonly zh: string | null;

  constructor(message: string, remedy: string, zh: string | null = null) {
    super(message);
    this.name = 'InputError';
    this.remedy = remedy;
    this.zh = zh;
  }
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** The system code (`ECONNREFUSED` …) of whatever was thrown, or ''. */
export function codeOf(error: unknown): string {
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  if (typeof error !== 'object' || error === null) return '';
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? '' : codeOf(cause);
}
