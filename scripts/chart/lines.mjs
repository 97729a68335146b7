const WIDTH = 760;
const HEIGHT = 380;
const PLOT = { left: 70, right: 20, top: 64, bottom: 74 };
const TICKS = 6;

/** Told apart on light and on dark ground, and by most who see colours otherwise. */
const COLOURS = ['#3b7dd8', '#d9722b', '#2f9e63', '#b04a9c', '#c23b3b', '#8a7a1f', '#5b6b7f'];

/**
 * A line chart as the text of an SVG file, which needs nothing beside itself and follows the reader's light or dark
 * scheme. Both axes start at zero unless a point lies below.
 *
 * @param {{ title: string, subtitle?: string, xLabel: string, yLabel: string,
 *   series: readonly { name: string, points: readonly (readonly [number, number])[] }[] }} chart
 * @returns {string}
 */
export function lineChart({ title, subtitle = '', xLabel, yLabel, series }) {
  const points = series.flatMap((line) => line.points);
  const x = scale(
    points.map(([value]) => value),
    PLOT.left,
    WIDTH - PLOT.right,
  );
  const y = scale(
    points.map(([, value]) => value),
    HEIGHT - PLOT.bottom,
    PLOT.top,
  );
  const right = WIDTH - PLOT.right;
  const bottom = HEIGHT - PLOT.bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    STYLE,
    `<rect class="ground" width="${WIDTH}" height="${HEIGHT}"/>`,
    `<text class="ink" x="16" y="24" font-size="16" font-weight="600">${escaped(title)}</text>`,
    `<text class="soft" x="16" y="44">${escaped(subtitle)}</text>`,
    ...y.ticks.map(
      (tick) =>
        `<path class="grid" d="M${PLOT.left} ${y.at(tick)}H${right}"/>` +
        `<text class="soft" x="${PLOT.left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${number(tick)}</text>`,
    ),
    ...x.ticks.map(
      (tick) =>
        `<text class="soft" x="${x.at(tick)}" y="${bottom + 18}" text-anchor="middle">${number(tick)}</text>`,
    ),
    `<path class="axis" d="M${PLOT.left} ${PLOT.top}V${bottom}H${right}"/>`,
    `<text class="soft" x="${(PLOT.left + right) / 2}" y="${bottom + 36}" text-anchor="middle">${escaped(xLabel)}</text>`,
    `<text class="soft" transform="translate(16 ${(PLOT.top + bottom) / 2}) rotate(-90)" text-anchor="middle">${escaped(yLabel)}</text>`,
    ...series.map((line, index) => path(line, x, y, colour(index))),
    ...legend(series),
    '</svg>',
    '',
  ].join('\n');
}

const STYLE = `<style>
svg { font-family: system-ui, sans-serif }
.ground { fill: #ffffff } .ink { fill: #1f2328 } .soft { fill: #59636e }
.axis { stroke: #59636e; fill: none } .grid { stroke: #d9dee3; fill: none }
.line { fill: none; stroke-width: 1.6; stroke-linejoin: round }
@media (prefers-color-scheme: dark) {
  .ground { fill: #0d1117 } .ink { fill: #f0f3f6 } .soft { fill: #9ea7b3 }
  .axis { stroke: #9ea7b3 } .grid { stroke: #2b323b }
}
</style>`;

function path({ points }, x, y, stroke) {
  if (points.length === 0) return '';
  const steps = points.map(([one, other]) => `${x.at(one)} ${y.at(other)}`);
  return `<path class="line" stroke="${stroke}" d="M${steps.join('L')}"/>`;
}

/** In one row below the axis, each name as wide as it is long. */
function legend(series) {
  let left = PLOT.left;
  return series.map(({ name }, index) => {
    const at = left;
    left += 30 + name.length * 7;
    const top = HEIGHT - 16;
    return (
      `<path stroke="${colour(index)}" stroke-width="3" d="M${at} ${top - 4}h14"/>` +
      `<text class="ink" x="${at + 18}" y="${top}">${escaped(name)}</text>`
    );
  });
}

function colour(index) {
  return COLOURS[index % COLOURS.length];
}

/** Where values lie between two pixels, and round values to be labelled. */
function scale(values, from, to) {
  const lowest = values.reduce((least, value) => Math.min(least, value), 0);
  const highest = values.reduce((most, value) => Math.max(most, value), lowest);
  const step = roundStep((highest - lowest || 1) / TICKS);
  const first = Math.floor(lowest / step);
  const last = Math.max(first + 1, Math.ceil(highest / step));
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  const span = (last - first) * step;
  const at = (value) =>
    Math.round((from + ((value - first * step) / span) * (to - from)) * 10) / 10;
  return { ticks, at };
}

/** The least of 1, 2, 5, 10, … that is not below. */
function roundStep(step) {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5].find((factor) => factor * power >= step) ?? 10);
}

function number(value) {
  return Number(value.toPrecision(6)).toLocaleString('en-US');
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (mark) => `&#${mark.charCodeAt(0)};`);
}
