import { reasonOf } from '../platform/reason.ts';
import type { Call } from './call.ts';
import { routeKey } from './requestEnvelope.ts';
import type { StreamHandler } from './serverStream.ts';
import { Code, StatusError } from './status.ts';

/**
 * Answers one call. A handler that returns bytes is answered in the same turn and costs no promise.
 * @param payload the request message; it belongs to the handler.
 */
export type UnaryHandler = (payload: Uint8Array, call: Call) => Uint8Array | Promise<Uint8Array>;

export interface Service {
  /** E.g. `containerd.task.v2.Task`. */
  readonly name: string;
  readonly unary: ReadonlyMap<string, UnaryHandler>;
  readonly streams?: ReadonlyMap<string, StreamHandler>;
}

/** A method and who answers it. */
export interface Route {
  readonly service: string;
  readonly method: string;
  readonly unary: UnaryHandler | undefined;
  readonly stream: StreamHandler | undefined;
}

/** All methods of a server. */
export class RouteTable {
  readonly #services = new Map<string, Map<string, Route>>();
  readonly #byKey = new Map<string, Route>();

  /** @throws Error when two services have one name. */
  constructor(services: Iterable<Service>) {
    for (const service of services) {
      if (this.#services.has(service.name)) throw new Error(`two services named ${service.name}`);
      const methods = new Map<string, Route>();
      this.#services.set(service.name, methods);
      const names = new Set([...service.unary.keys(), ...(service.streams?.keys() ?? [])]);
      for (const method of names) {
        const route = {
          service: service.name,
          method,
          unary: service.unary.get(method),
          stream: service.streams?.get(method),
        };
        methods.set(method, route);
        const key = routeKey(service.name, method);
        if (key !== undefined) this.#byKey.set(key, route);
      }
    }
  }

  /** @param key what `routeKey` gives. */
  find(key: string): Route | undefined {
    return this.#byKey.get(key);
  }

  /** @throws StatusError Unimplemented; containerd downgrades on exactly this code (contract 4.5). */
  lookup(service: string, method: string): Route {
    const methods = this.#services.get(service);
    if (methods === undefined) throw new StatusError(Code.Unimplemented, `service ${service}`);
    const route = methods.get(method);
    if (route === undefined) throw new StatusError(Code.Unimplemented, `method ${method}`);
    return route;
  }
}

/** A codec as the generated messages have it. */
interface Codec<Decoded, Encoded> {
  decode(bytes: Uint8Array): Decoded;
  encode(message: Encoded): { finish(): Uint8Array };
}

/**
 * Makes a handler of a function from message to message.
 * A request that does not parse is answered with Internal, in Go's words (contract 4.5).
 */
export function unary<Request, Response>(
  request: Pick<Codec<Request, never>, 'decode'>,
  response: Pick<Codec<never, Response>, 'encode'>,
  handler: (request: Request, call: Call) => Response | Promise<Response>,
): UnaryHandler {
  return (payload, call) => {
    const answer = handler(decodePayload(request, payload), call);
    return answer instanceof Promise
      ? answer.then((message) => response.encode(message).finish())
      : response.encode(answer).finish();
  };
}

/** @throws StatusError Internal when the payload does not parse. */
export function decodePayload<Request>(
  codec: Pick<Codec<Request, never>, 'decode'>,
  payload: Uint8Array,
): Request {
  try {
    return codec.decode(payload);
  } catch (error) {
    const text = reasonOf(error);
    throw new StatusError(Code.Internal, `ttrpc: error unmarshalling payload: ${text}`);
  }
}
