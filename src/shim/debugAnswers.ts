import { cpuProfile, heapSnapshot, heapStatistics } from '../platform/inspection.ts';
import type { DebugSources } from './debugSocket.ts';

const DEFAULT_SECONDS = 10;
const MOST_SECONDS = 300;

const HELP = `GET /debug/dump               what the shim is doing
GET /debug/heap               statistics of the JavaScript heap
GET /debug/heap?snapshot      the heap, for the memory tab of Chrome's developer tools
GET /debug/profile?seconds=N  where it spends ${DEFAULT_SECONDS} or N seconds, for the performance tab
`;

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';

interface Reply {
  readonly status: string;
  readonly type: string;
  readonly body: string;
}

let profiling = false;

/** Answers one request, given as the head of an HTTP message, with a whole HTTP message. */
export async function answer(head: string, sources: DebugSources): Promise<Uint8Array> {
  const reply = await replyTo(head, sources);
  const body = new TextEncoder().encode(reply.body);
  const lines = [
    `HTTP/1.0 ${reply.status}`,
    `Content-Type: ${reply.type}`,
    `Content-Length: ${body.length}`,
    'Connection: close',
  ];
  const start = new TextEncoder().encode(`${lines.join('\r\n')}\r\n\r\n`);
  const message = new Uint8Array(start.length + body.length);
  message.set(start);
  message.set(body, start.length);
  return message;
}

async function replyTo(head: string, sources: DebugSources): Promise<Reply> {
  const [, method, path = '', query = ''] =
    /^([A-Z]+) (\/[^ ?]*)(?:\?([^ ]*))? HTTP\/1\.[01]\r?\n/.exec(head) ?? [];
  if (method === undefined) return text('400 Bad Request', 'this is no HTTP/1 request\n');
  if (method !== 'GET') return text('405 Method Not Allowed', 'only GET is known\n');
  const parameters = new URLSearchParams(query);
  switch (path) {
    case '/':
    case '/debug':
    case '/debug/':
      return text('200 OK', HELP);
    case '/debug/dump':
      return text('200 OK', await sources.dump());
    case '/debug/heap':
      return json(
        parameters.has('snapshot')
          ? await heapSnapshot()
          : `${JSON.stringify(heapStatistics(), undefined, 2)}\n`,
      );
    case '/debug/profile':
      return profile(parameters.get('seconds'));
    default:
      return text('404 Not Found', HELP);
  }
}

async function profile(wanted: string | null): Promise<Reply> {
  const seconds = Number(wanted ?? DEFAULT_SECONDS);
  if (!(seconds > 0 && seconds <= MOST_SECONDS)) {
    return text('400 Bad Request', `seconds must be more than 0 and at most ${MOST_SECONDS}\n`);
  }
  if (profiling) return text('409 Conflict', 'a profile is being taken\n');
  profiling = true;
  try {
    return json(await cpuProfile(seconds));
  } finally {
    profiling = false;
  }
}

function text(status: string, body: string): Reply {
  return { status, type: TEXT, body };
}

function json(body: string): Reply {
  return { status: '200 OK', type: JSON_TYPE, body };
}
