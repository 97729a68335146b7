const WIDTH = 900;
const LABEL_WIDTH = 420;
/** For the text at the end of a bar. */
const TEXT_WIDTH = 150;
/** Of most texts. */
const MARKED_WIDTH = 60;
const BAR = 15;
const GAP = 3;
const ROW_GAP = 14;
const HEAD = 86;

/** Told apart on light and on dark ground. */
const COLOURS = ['#3b7dd8', '#8a939e'];

const STYLE = `<style>
svg { font-family: system-ui, sans-serif }
.ground { fill: #ffffff } .ink { fill: #1f2328 } .soft { fill: #59636e }
.axis { stroke: #59636e } .mark { stroke: #c23b3b; stroke-width: 2 }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117 } .ink { fill: #f0f3f6 } .soft { fill: #9ea7b3 }
  .axis { stroke: #9ea7b3 } .mark { stroke: #ff7b72 }
}
</style>`;

/**
 * A chart of lying bars as the text of an SVG file, which needs nothing beside itself and follows the reader's light or
 * dark scheme.
 *
 * @param {{ title: string, subtitle?: string, series: readonly string[], markText?: string,
 *   rows: readonly { label: string, values: readonly number[], texts: readonly string[], mark?: number | undefined }[] }} chart
 *   `series` says what the first and the second bar of a row stand for; `values` have one scale in the whole chart and
 *   `texts` stand at the ends of their bars; `mark` is a value to be reached, and `markText` says so
 * @returns {string}
 */
export function barChart({ title, subtitle = '', series, rows, markText }) {
  const largest = Math.max(0, ...rows.flatMap(({ values, mark = 0 }) => [...values, mark]));
  const scale = (WIDTH - LABEL_WIDTH - TEXT_WIDTH) / (largest || 1);
  const heights = rows.map(({ values }) => values.length * (BAR + GAP) - GAP + ROW_GAP);
  const bottom = heights.reduce((sum, height) => sum + height, HEAD);
  let top = HEAD;
  const drawn = rows.map((row, index) => {
    const text = drawRow(row, top, heights[index] - ROW_GAP, scale);
    top += heights[index];
    return text;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom}" role="img" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    STYLE,
    `<rect class="ground" width="${WIDTH}" height="${bottom}"/>`,
    `<text class="ink" x="16" y="24" font-size="16" font-weight="600">${escaped(title)}</text>`,
    `<text class="soft" x="16" y="44">${escaped(subtitle)}</text>`,
    ...legend(series, markText),
    ...drawn,
    `<path class="axis" d="M${LABEL_WIDTH} ${HEAD - 6}V${bottom - ROW_GAP + 6}"/>`,
    '</svg>',
    '',
  ].join('\n');
}

function drawRow({ label, values, texts, mark }, top, height, scale) {
  const middle = top + height / 2 + 4;
  const parts = [
    `<text class="ink" x="${LABEL_WIDTH - 10}" y="${middle}" text-anchor="end">${escaped(label)}</text>`,
  ];
  values.forEach((value, index) => {
    const y = top + index * (BAR + GAP);
    const length = rounded(Math.max(1, value * scale));
    const textAt = rounded(LABEL_WIDTH + beside(length, mark === undefined ? -1 : mark * scale));
    parts.push(
      `<rect fill="${COLOURS[index]}" x="${LABEL_WIDTH}" y="${y}" width="${length}" height="${BAR}"/>`,
      `<text class="soft" x="${textAt}" y="${y + BAR - 3}">${escaped(texts[index] ?? '')}</text>`,
    );
  });
  if (mark !== undefined) {
    const at = rounded(LABEL_WIDTH + mark * scale);
    parts.push(`<path class="mark" d="M${at} ${top - 3}V${top + height + 3}"/>`);
  }
  return parts.join('\n');
}

/** Where the text of a bar begins: behind a mark that would go through it. */
function beside(length, mark) {
  return (mark >= length && mark < length + MARKED_WIDTH ? mark : length) + 8;
}

/** In one row below the subtitle, each name as wide as it is long. */
function legend(series, markText) {
  let left = 16;
  const parts = series.map((name, index) => {
    const at = left;
    left += 34 + name.length * 7;
    return (
      `<rect fill="${COLOURS[index]}" x="${at}" y="54" width="11" height="11"/>` +
      `<text class="ink" x="${at + 17}" y="64">${escaped(name)}</text>`
    );
  });
  if (markText === undefined) return parts;
  const mark = `<path class="mark" d="M${left + 2} 53V66"/><text class="ink" x="${left + 10}" y="64">${escaped(markText)}</text>`;
  return [...parts, mark];
}

function rounded(value) {
  return Math.round(value * 10) / 10;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
