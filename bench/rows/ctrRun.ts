import { type Figure, type Row, ratio } from '../row.ts';
import type { OciRuntime } from '../support/ociRuntime.ts';
import type { RowContext } from '../support/rowContext.ts';

const BARS = { runc: 0.9, crun: 0.8 } as const;

/** A container's whole life as a person starts it. */
export const ctrRun: Row = {
  name: 'ctr-run',
  sentence:
    'One `ctr run --rm … true` under containerd, from the start of ctr to its end: a shim starts, a container is made, started, waited ' +
    'for and deleted, and the shim ends.',
  figures: [figureOf('runc'), figureOf('crun')],
  measure: async (context) => {
    for (const runtime of context.setting.runtimes) await measure(context, runtime);
  },
};

function figureOf(name: OciRuntime['name']): Figure {
  return {
    id: `ctr-run-${name}`,
    title: `\`ctr run --rm … true\`, ${name}`,
    unit: 'ms',
    better: 'lower',
    bars: [ratio(BARS[name])],
  };
}

async function measure(context: RowContext, runtime: OciRuntime): Promise<void> {
  const daemon = await context.daemon(runtime);
  const figure = figureOf(runtime.name);
  await context.alternate(context.rounds(40, 12), context.contenders, async (contender) => {
    const id = daemon.containerd.newId('run');
    const words = daemon.runWords(contender, id, ['/bin/true'], '--rm');
    context.add(figure.id, contender, (await context.load.spawn(1, words)) / 1e6);
  });
}
