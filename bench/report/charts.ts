import type { Figure } from '../row.ts';
import type { Judgement } from '../support/judgement.ts';
import { digitsFor } from '../support/table.ts';

/** As scripts/chart/bars.mjs has it. */
export type DrawBars = (chart: {
  title: string;
  subtitle: string;
  series: readonly string[];
  rows: readonly {
    label: string;
    values: readonly number[];
    texts: readonly string[];
    mark?: number | undefined;
  }[];
  markText?: string;
}) => string;

export interface Chart {
  /** Of its file, without the extension. */
  readonly name: string;
  readonly title: string;
  readonly svg: string;
}

/** Figures that have one unit and are of one size. */
const GROUPS = [
  { name: 'life', title: 'A container and an exec', figures: /^(ctr-run-|exec$|exec-ctr)/ },
  { name: 'moments', title: 'Start of a shim, end of a container', figures: /^(start-(r|a)|kill)/ },
  { name: 'many', title: 'Fifty at once', figures: /^fifty-(containers|execs)$/ },
  { name: 'calls', title: 'State calls', figures: /^state-(apart-)?(p50|cpu)$/ },
  { name: 'memory', title: 'Memory of a shim', figures: /^(idle-private|worked-private|pss-)/ },
  { name: 'work', title: "Work: the shim's processor time", figures: /^(stdout-cpu|orphans)$/ },
] as const;

const LARGEST_RATIO = 2.5;
const BAR_TEXT = 'to be reached';

/** Draws what was measured: all ratios, and the values of each group. Groups without values have no chart. */
export function drawCharts(
  judgements: readonly Judgement[],
  [ours, other]: readonly [string, string],
  subtitle: string,
  draw: DrawBars,
): Chart[] {
  const groups = GROUPS.flatMap(({ name, title, figures }) => {
    const chosen = judgements.filter(({ figure }) => figures.test(figure.id));
    if (chosen.length === 0) return [];
    const rows = chosen.map((judgement) => valueRow(judgement, ours, other));
    const svg = draw({ title, subtitle, series: [ours, other], rows, markText: BAR_TEXT });
    return [{ name, title, svg }];
  });
  const ratios = judgements.flatMap((judgement) => ratioRow(judgement, other));
  if (ratios.length === 0) return groups;
  const title = `${ours} by ${other}`;
  const svg = draw({
    title,
    subtitle:
      'Ratio of the medians, shorter is better. Where more is better, the inverse. Noise is left out.',
    series: [ours],
    rows: ratios,
    markText: BAR_TEXT,
  });
  return [{ name: 'ratios', title, svg }, ...groups];
}

function valueRow({ figure, spreads, reference }: Judgement, ours: string, other: string) {
  const named = [ours, reference].map((name) => ({ name, median: spreads.get(name)?.median ?? 0 }));
  return {
    label: plain(figure.title),
    values: named.map(({ median }) => median),
    texts: named.map(({ name, median }) => {
      const value = `${median.toFixed(digitsFor(median))} ${figure.unit}`.trim();
      return name === ours || name === other ? value : `${value}, ${name}`;
    }),
    mark: lowestBar(figure, named[1]?.median ?? 0),
  };
}

/** What podshim's value may be at most; undefined where nothing is asked of it. */
function lowestBar({ bars }: Figure, theirs: number): number | undefined {
  const limits = bars.map((bar) => {
    if (bar.kind === 'value') return bar.limit;
    return theirs * bar.limit + (bar.kind === 'ratioAndMore' ? bar.more : 0);
  });
  return limits.length === 0 ? undefined : Math.min(...limits);
}

function ratioRow({ figure, ratio, hidden, reference, bars }: Judgement, other: string) {
  if (ratio === undefined || hidden || reference !== other || bars.length === 0) return [];
  const bar = figure.bars.find(({ kind }) => kind === 'ratio');
  const upright = (value: number): number => (figure.better === 'lower' ? value : 1 / value);
  const value = upright(ratio.value);
  return [
    {
      label: plain(figure.title),
      values: [Math.min(value, LARGEST_RATIO)],
      texts: [value.toFixed(2)],
      mark: bar === undefined ? undefined : upright(bar.limit),
    },
  ];
}

function plain(title: string): string {
  return title.replaceAll('`', '');
}
