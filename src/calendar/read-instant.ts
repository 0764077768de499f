/** `2026-11-22 10:00`, with seconds or without, is Beijing's time; an ISO instant has its own zone. Null where it is neither. */
export function instantOf(text: string): number | null {
  const local = /^(\d{4})[-/]?(\d\d)[-/]?(\d\d)[ T]?(\d\d):?(\d\d)(?::?(\d\d))?$/.exec(text.trim());
  const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)$/.test(text.trim());
  if (local === null && !iso) return null;
  const at =
    local === null
      ? Date.parse(text.trim())
      : Date.parse(`${local[1]}-${local[2]}-${local[3]}T${local[4]}:${local[5]}:${local[6] ?? '00'}+08:00`);
  return Number.isNaN(at) ? null : at;
}
