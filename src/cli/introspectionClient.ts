import {
  DescribeRequest,
  DescribeResponse,
  DumpRequest,
  DumpResponse,
  EventsRequest,
  FlightEvent,
} from '../proto/introspection.ts';
import { Client } from '../ttrpc/client.ts';
import { Code, ConnectionClosedError, StatusError } from '../ttrpc/status.ts';

const service = 'podshim.introspection.v1.Introspection';
const dialMilliseconds = 2000;
const describeNanos = 2e9;
/** A dump walks through all of /proc/self, on a machine that may be in trouble. */
const dumpNanos = 20e9;

/** A connection to one podshim server. */
export class IntrospectionClient {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  /** @throws Error when nobody answers at that path within two seconds */
  static async connect(path: string): Promise<IntrospectionClient> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const timeUp = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error('it accepts no connection')), dialMilliseconds);
    });
    const dial = Client.connect(path);
    try {
      return new IntrospectionClient(await Promise.race([dial, timeUp]));
    } catch (error) {
      dial.then(
        (late) => late.close(),
        () => {},
      );
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** @throws StatusError Unimplemented when the shim is not podshim */
  async describe(): Promise<DescribeResponse> {
    const request = DescribeRequest.encode({}).finish();
    const answer = await this.#client.call(service, 'Describe', request, {
      timeoutNanos: describeNanos,
    });
    return DescribeResponse.decode(answer);
  }

  async dump(reason: string): Promise<DumpResponse> {
    const request = DumpRequest.encode({ reason }).finish();
    const answer = await this.#client.call(service, 'Dump', request, { timeoutNanos: dumpNanos });
    return DumpResponse.decode(answer);
  }

  /** The flight recorder's entries; with `follow` until the server ends or `close` is called. */
  async *events(follow: boolean): AsyncGenerator<FlightEvent, void> {
    const stream = this.#client.openStream(service, 'Events', {
      clientStreaming: false,
      serverStreaming: true,
      payload: EventsRequest.encode({ follow }).finish(),
    });
    try {
      for (;;) {
        const message = await stream.receive();
        if (message === undefined) return;
        yield FlightEvent.decode(message);
      }
    } catch (error) {
      if (!follow || !(error instanceof ConnectionClosedError)) throw error;
    }
  }

  close(): void {
    this.#client.close();
  }
}

/** Was this the answer of a shim that does not know the service? */
export function isForeign(error: unknown): boolean {
  return error instanceof StatusError && error.code === Code.Unimplemented;
}
