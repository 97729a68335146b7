import { RunningCommand } from './commands.ts';

export interface ContainerdEvent {
  readonly namespace: string;
  readonly topic: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** The daemon's event stream, as `ctr events` prints it. Remembers everything since it was opened. */
export class EventStream {
  readonly #command: RunningCommand;

  constructor(ctr: string, address: string, namespace: string) {
    this.#command = new RunningCommand(ctr, ['-a', address, '-n', namespace, 'events'], {
      limitMilliseconds: 15 * 60_000,
    });
  }

  /** All events seen so far, in order. */
  get seen(): ContainerdEvent[] {
    const text = this.#command.output;
    return text
      .slice(0, text.lastIndexOf('\n') + 1)
      .split('\n')
      .map(parse)
      .filter((event) => event !== undefined);
  }

  /** The topics of one container's events, in order, without the daemon's own. */
  topicsOf(containerId: string): string[] {
    return this.seen
      .filter(
        ({ topic, fields }) => topic.startsWith('/tasks/') && fields.container_id === containerId,
      )
      .map(({ topic }) => topic);
  }

  /** Resolves with the first event, past or to come, that fits. */
  async waitFor(
    topic: string,
    fits: (fields: ContainerdEvent['fields']) => boolean = () => true,
    limitMilliseconds = 30_000,
  ): Promise<ContainerdEvent> {
    const end = performance.now() + limitMilliseconds;
    for (;;) {
      const { seen } = this;
      const found = seen.find((event) => event.topic === topic && fits(event.fields));
      if (found !== undefined) return found;
      const size = this.#command.output.length;
      const more = new RegExp(`^[\\s\\S]{${size + 1}}`);
      try {
        await this.#command.waitForOutput(more, Math.max(1, end - performance.now()));
      } catch {
        throw new Error(`no ${topic} in time; seen: ${seen.map((event) => event.topic).join(' ')}`);
      }
    }
  }

  close(): Promise<unknown> {
    this.#command.kill('SIGTERM');
    return this.#command.finished.catch(() => undefined);
  }
}

/** A line is: date, time, zone (two words), namespace, topic, JSON. */
function parse(line: string): ContainerdEvent | undefined {
  const match = /^\S+ \S+ \S+ \S+ (\S+) (\/\S+) (\{.*\})$/.exec(line);
  if (match === null) return undefined;
  const [, namespace = '', topic = '', json = '{}'] = match;
  return { namespace, topic, fields: JSON.parse(json) };
}
