const WIDTH = 760;
const LABEL_WIDTH = 270;
const VALUE_WIDTH = 120;
const BAR = 15;
const GAP = 3;
const ROW_GAP = 14;
const HEAD = 72;

/** Colours for a light and a dark page; the picture itself has no background. */
const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #24292f; }
    .title { font-size: 16px; font-weight: 600; }
    .quiet { fill: #57606a; font-size: 12px; }
    .axis { stroke: #8c959f; stroke-width: 1; }
    .mark { stroke: #cf222e; stroke-width: 2; }
    .series0 { fill: #0969da; }
    .series1 { fill: #9aa4af; }
    @media (prefers-color-scheme: dark) {
      text { fill: #e6edf3; }
      .quiet { fill: #9198a1; }
      .mark { stroke: #ff7b72; }
      .series0 { fill: #4493f8; }
      .series1 { fill: #656c76; }
    }`;

/**
 * A chart of lying bars, as the text of an SVG file that needs nothing else.
 * @param {object} chart
 * @param {string} chart.title
 * @param {string} chart.subtitle
 * @param {readonly [string, string]} chart.series what the first and the second bar of every row stand for
 * @param {readonly {label: string, values: readonly number[], texts: readonly string[], mark?: number | undefined}[]} chart.rows
 *   `values` have one scale in the whole chart; `texts` stand at the bars' ends; `mark` is a value to be reached
 * @param {string} [chart.markText] what the marks stand for
 */
export function barChart({ title, subtitle, series, rows, markText }) {
  const largest = Math.max(...rows.flatMap(({ values, mark = 0 }) => [...values, mark]));
  const scale = (WIDTH - LABEL_WIDTH - VALUE_WIDTH) / (largest > 0 ? largest : 1);
  const parts = [];
  let top = HEAD;
  for (const { label, values, texts, mark } of rows) {
    const height = values.length * (BAR + GAP) - GAP;
    parts.push(text(LABEL_WIDTH - 10, top + height / 2 + 4, label, 'text-anchor="end"'));
    values.forEach((value, index) => {
      const y = top + index * (BAR + GAP);
      const length = Math.max(1, value * scale);
      parts.push(rectangle(LABEL_WIDTH, y, length, BAR, `series${index}`));
      parts.push(text(LABEL_WIDTH + length + 6, y + BAR - 3, texts[index] ?? '', 'class="quiet"'));
    });
    if (mark !== undefined)
      parts.push(line(LABEL_WIDTH + mark * scale, top - 3, top + height + 3, 'mark'));
    top += height + ROW_GAP;
  }
  parts.push(line(LABEL_WIDTH, HEAD - 6, top - ROW_GAP + 6, 'axis'));
  const bottom = top + 4;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${bottom}" viewBox="0 0 ${WIDTH} ${bottom}" role="img">
  <title>${escapeText(title)}</title>
  <style>${STYLE}
  </style>
  ${text(10, 20, title, 'class="title"')}
  ${text(10, 39, subtitle, 'class="quiet"')}
  ${legend(series, markText)}
  ${parts.join('\n  ')}
</svg>
`;
}

function legend(series, markText) {
  const parts = [];
  let left = 10;
  series.forEach((name, index) => {
    parts.push(rectangle(left, 49, 11, 11, `series${index}`), text(left + 17, 59, name));
    left += 34 + name.length * 7.2;
  });
  if (markText !== undefined) {
    parts.push(line(left + 2, 47, 62, 'mark'), text(left + 10, 59, markText));
  }
  return parts.join('\n  ');
}

const rectangle = (x, y, width, height, name) =>
  `<rect class="${name}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${height}" rx="2"/>`;

const line = (x, from, to, name) =>
  `<line class="${name}" x1="${round(x)}" x2="${round(x)}" y1="${round(from)}" y2="${round(to)}"/>`;

const text = (x, y, words, attributes = '') =>
  `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escapeText(words)}</text>`;

const round = (value) => Math.round(value * 10) / 10;

const escapeText = (words) =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
