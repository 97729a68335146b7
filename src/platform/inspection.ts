import type * as Inspector from 'node:inspector';
import type * as V8 from 'node:v8';

/**
 * What the runtimes tell about their own insides. Only the debug socket asks, so this is loaded at its first request,
 * and the runtime's modules are taken at the time of the call.
 */

const SAMPLE_MICROSECONDS = 1000;

interface Jsc {
  heapStats(): object;
}

/** Sizes and counts, in the runtime's own names. */
export function heapStatistics(): object {
  if ('Bun' in globalThis)
    return (process.getBuiltinModule('bun:jsc') as unknown as Jsc).heapStats();
  return { ...v8().getHeapStatistics(), spaces: v8().getHeapSpaceStatistics() };
}

/** Everything on the heap, as V8's `.heapsnapshot`. The process does nothing else while it is taken. */
export async function heapSnapshot(): Promise<string> {
  if ('Bun' in globalThis) return Bun.generateHeapSnapshot('v8');
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of v8().getHeapSnapshot()) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
  }
  return text;
}

/** What JavaScript does in the next seconds, as V8's `.cpuprofile`, sampled each millisecond. */
export async function cpuProfile(seconds: number): Promise<string> {
  const { Session }: typeof Inspector = process.getBuiltinModule('node:inspector');
  const session = new Session();
  session.connect();
  try {
    await post(session, 'Profiler.enable');
    await post(session, 'Profiler.setSamplingInterval', { interval: SAMPLE_MICROSECONDS });
    await post(session, 'Profiler.start');
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const { profile } = (await post(session, 'Profiler.stop')) as { profile: object };
    return JSON.stringify(profile);
  } finally {
    session.disconnect();
  }
}

function post(session: Inspector.Session, method: string, parameters?: object): Promise<unknown> {
  return new Promise((resolve, reject) => {
    session.post(method, parameters, (error, result) => {
      if (error === null) resolve(result);
      else reject(error);
    });
  });
}

function v8(): typeof V8 {
  return process.getBuiltinModule('node:v8');
}
