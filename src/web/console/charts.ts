import { html } from 'ghtml';

/** A row of figures; `tone` is its class in the style sheet. */
export interface Series {
  name: string;
  tone: string;
  values: number[];
}

const WIDTH = 560;
const HEIGHT = 180;
const LEFT = 44;
const BOTTOM = 24;

/** One bar of shares, with its figures beneath: read without seeing colours. */
export function barsSvg(series: Series[], title: string): string {
  const all = series.reduce((sum, { values }) => sum + (values[0] ?? 0), 0);
  if (all === 0) return '';
  let x = 0;
  const parts = series.map(({ tone, values }) => {
    const width = ((values[0] ?? 0) / all) * WIDTH;
    const part = html`<rect class="tone-${tone}" x="${x.toFixed(1)}" y="0" width="${width.toFixed(1)}" height="28"/>`;
    x += width;
    return part;
  });
  const told = series.map(({ name, values }) => `${name} ${(values[0] ?? 0).toLocaleString('en')}`).join('，');
  return html`<figure><svg viewBox="0 0 ${WIDTH} 28" role="img" aria-label="${title}：${told}" preserveAspectRatio="none" class="bar">!${parts.join('')}</svg><figcaption>!${legend(series, ({ values }) => ` ${(values[0] ?? 0).toLocaleString('en')}`)}</figcaption></figure>`;
}

/** Lines over the same labels. Values are drawn from zero to the largest. */
export function trendSvg(series: Series[], labels: string[], title: string): string {
  const top = Math.max(1, ...series.flatMap(({ values }) => values));
  const stepX = (WIDTH - LEFT - 8) / Math.max(1, labels.length - 1);
  const y = (value: number): number => 8 + (HEIGHT - BOTTOM - 8) * (1 - value / top);
  const grid = [0, 0.5, 1].map((share) => {
    const value = top * share;
    return html`<line class="grid-line" x1="${LEFT}" x2="${WIDTH - 8}" y1="${y(value)}" y2="${y(value)}"/><text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${value.toFixed(top < 10 ? 1 : 0)}</text>`;
  });
  const lines = series.map(({ tone, values }) => {
    const points = values.map((value, index) => `${(LEFT + index * stepX).toFixed(1)},${y(value).toFixed(1)}`);
    return html`<polyline class="line tone-${tone}" points="${points.join(' ')}"/>`;
  });
  const told = series.map(({ name, values }) => `${name} ${(values.at(-1) ?? 0).toFixed(1)}`).join('，');
  return html`<figure><svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}：${told}">!${grid.join('')}!${lines.join('')}
<text x="${LEFT}" y="${HEIGHT - 6}">${labels[0] ?? ''}</text><text x="${WIDTH - 8}" y="${HEIGHT - 6}" text-anchor="end">${labels.at(-1) ?? ''}</text></svg>
<figcaption>!${legend(series, ({ values }) => ` ${(values.at(-1) ?? 0).toFixed(1)}`)}</figcaption></figure>`;
}

const legend = (series: Series[], figure: (one: Series) => string): string =>
  series
    .map(
      (one) =>
        html`<span class="key"><span class="swatch tone-${one.tone}" aria-hidden="true"></span>${one.name}${figure(one)}</span>`,
    )
    .join(' ');
