/** One line of a chart: a value at each x. */
export interface Line {
  name: string;
  points: readonly { x: number; y: number }[];
}

/** What a chart shows. */
export interface Chart {
  title: string;
  xLabel: string;
  yLabel: string;
  lines: readonly Line[];
  /** Powers of ten on an axis. */
  logX?: boolean;
  logY?: boolean;
}

const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [720, 300, 64, 16, 34, 44];
const COLOURS = ['#0b5cad', '#b35900', '#116329', '#8a2be2', '#c62828'];
const escapeXml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
const short = (value: number): string =>
  Math.abs(value) >= 10_000
    ? Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(value)
    : String(Math.round(value * 100) / 100);

/** A line chart as one SVG of its own: axes from zero (or by powers of ten), at most five lines, a legend. */
export function lineChartSvg({ title, xLabel, yLabel, lines, logX = false, logY = false }: Chart): string {
  const all = lines.flatMap(({ points }) => points);
  const axis = (values: number[], log: boolean, from: number, to: number) => {
    const low = log ? Math.min(...values) : Math.min(0, ...values);
    const high = Math.max(...values, log ? low * 10 : low + 1e-9);
    // Steps of 1, 2 or 5 by a power of ten.
    const rough = (high - low) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * ([1, 2, 5].find((one) => one * power >= rough) ?? 10);
    const steps = Math.ceil((high - low) / step);
    const [a, b] = log ? [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))] : [low, low + steps * step];
    const place = (value: number): number => from + (((log ? Math.log10(value) : value) - a) / (b - a)) * (to - from);
    const ticks = log
      ? Array.from({ length: b - a + 1 }, (_, index) => 10 ** (a + index))
      : Array.from({ length: steps + 1 }, (_, index) => a + index * step);
    return { place, ticks };
  };
  const x = axis(
    all.map((point) => point.x),
    logX,
    LEFT,
    WIDTH - RIGHT,
  );
  const y = axis(
    all.map((point) => point.y),
    logY,
    HEIGHT - BOTTOM,
    TOP,
  );
  const fixed = (value: number): string => value.toFixed(1);
  const text = (tx: number, ty: number, content: string, more = ''): string =>
    `<text x="${fixed(tx)}" y="${fixed(ty)}" ${more}>${escapeXml(content)}</text>`;
  const parts = [
    ...y.ticks.map(
      (tick) =>
        `<path class="grid" d="M${LEFT} ${fixed(y.place(tick))}H${WIDTH - RIGHT}"/>${text(LEFT - 6, y.place(tick) + 4, short(tick), 'text-anchor="end"')}`,
    ),
    ...x.ticks.map((tick) => text(x.place(tick), HEIGHT - BOTTOM + 16, short(tick), 'text-anchor="middle"')),
    ...lines.map(
      ({ points }, index) =>
        `<path class="line" stroke="${COLOURS[index % COLOURS.length]}" d="${points.map((point, nth) => `${nth === 0 ? 'M' : 'L'}${fixed(x.place(point.x))} ${fixed(y.place(point.y))}`).join('')}"/>`,
    ),
    ...lines.map(({ name }, index) =>
      text(LEFT + 8 + index * 130, TOP - 6, `— ${name}`, `style="fill:${COLOURS[index % COLOURS.length]}" class="key"`),
    ),
    text(8, 16, `${title} (${yLabel})`, 'class="title"'),
    text(WIDTH - RIGHT, HEIGHT - 8, xLabel, 'text-anchor="end"'),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${escapeXml(title).replace(/"/g, '&quot;')}"><style>text{font:11px system-ui,sans-serif;fill:#57606a}.title{font-size:13px;font-weight:600;fill:#1f2328}.key{font-weight:600}.grid{stroke:#d0d7de;fill:none}.line{fill:none;stroke-width:1.5}</style><rect width="100%" height="100%" fill="#fff"/>${parts.join('')}</svg>\n`;
}
