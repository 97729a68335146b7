import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { within } from '../../../conformance/support/within.ts';
import { OptionsType } from '../../../src/proto/any.ts';
import * as messages from '../../../src/proto/messages.ts';
import { stopOnInterruption } from '../../support/interruption.ts';
import { killQuietly, waitForEnd } from '../../support/processes.ts';
import { runShim, type ShimResult, ShimSandbox } from '../../support/shimRun.ts';
import { readStartAnswer } from '../../support/startAnswer.ts';
import { waitUntil } from '../../support/waiting.ts';
import { messageSamples } from '../support/messageSamples.ts';
import { mutate } from '../support/mutate.ts';
import { Finding, type FuzzSession, type FuzzTarget, judgeLine } from '../target.ts';

const SHRINK_ATTEMPTS = 150;
/** The daemon gives `delete` five seconds; a machine that does other things as well is slower. */
const LIMIT_MILLISECONDS = 60_000;
const USAGE_STATUS = 2;
const ID = 'fuzzed';
const CONFIG = '{"annotations":{"io.containerd.runc.v2.group":"g"},"linux":{}}';

/** One invocation of the shim, with the input in one place of it. */
interface Helper {
  readonly name: string;
  readonly what: string;
  readonly samples: readonly (string | Uint8Array)[];
  readonly words: readonly string[];
  readonly action: 'start' | 'delete' | '-info';
  /** Where the input goes: stdin, the command line (a word a line), or a file of the bundle. */
  readonly place: 'stdin' | 'arguments' | { readonly file: string };
}

const JSON_WORDS = [
  '{',
  '[',
  '"',
  ',',
  '\n',
  '"annotations":{"io.kubernetes.cri.sandbox-id":',
  '\u0000',
];
const runtimeOptions = messages.Any.encode({
  typeUrl: OptionsType.runtime,
  value: messages.RuntimeOptionsV1.encode({
    configBody: new TextEncoder().encode('BinaryName = "runc"\n'),
  })
    .finish()
    .slice(),
})
  .finish()
  .slice();
const bootstrap = messages.BootstrapParams.encode({
  ...{ instanceId: ID, namespace: 'podshim-test', containerdGrpcAddress: '/nowhere' },
}).finish();

const HELPERS: readonly Helper[] = [
  {
    ...{ name: 'start-stdin', what: 'start: its stdin', action: 'start', place: 'stdin' },
    samples: [bootstrap, runtimeOptions, ...messageSamples],
    words: ['fuzzed', 'podshim-test', '\n'],
  },
  {
    ...{ name: 'start-config', what: 'start: config.json', action: 'start' },
    place: { file: 'config.json' },
    samples: [CONFIG, '{"annotations":{"io.kubernetes.cri.sandbox-id":"a"}}'],
    words: JSON_WORDS,
  },
  {
    ...{ name: 'start-arguments', what: 'start: its command line', action: 'start' },
    place: 'arguments',
    samples: ['-namespace\npodshim-test\n-id\nfuzzed\n-address\n/nowhere\nstart'],
    words: ['-debug', '-v', '-info', '--', '=', '\n', '-id=', '-h', 'start', '\u00e9'],
  },
  {
    ...{ name: 'info-stdin', what: '-info: its stdin', action: '-info', place: 'stdin' },
    samples: [runtimeOptions, ...messageSamples],
    words: ['\n', OptionsType.runc, '[', '"""'],
  },
  ...[
    { file: 'options.json', sample: '{"root":"/nowhere","binary_name":"runc","io_uid":7}' },
    { file: 'runtime', sample: 'runc' },
    { file: 'exit.json', sample: '{"pid":7,"status":3,"exitedAt":"2026-11-21T10:11:12.5Z"}' },
    { file: 'address', sample: 'unix:///nowhere/s/0123' },
    { file: 'config.json', sample: CONFIG },
  ].map(
    ({ file, sample }): Helper => ({
      ...{ name: `delete-${file.replace('.json', '')}`, what: `delete: ${file}`, action: 'delete' },
      place: { file },
      samples: [sample],
      words: JSON_WORDS,
    }),
  ),
];

/** Everything that the daemon runs for a moment: it ends soon, says in one line what is wrong, and leaves nothing. */
export const helperTargets: readonly FuzzTarget[] = HELPERS.map((helper): FuzzTarget => {
  const samples = helper.samples.map((sample) =>
    typeof sample === 'string' ? new TextEncoder().encode(sample) : sample,
  );
  return {
    ...{ name: helper.name, what: helper.what, shrinkAttempts: SHRINK_ATTEMPTS },
    generate: (random) => mutate(random, samples, helper.words),
    async open(): Promise<FuzzSession> {
      const sandbox = new ShimSandbox();
      const done = stopOnInterruption(() => sandbox.close());
      return {
        try: (input) => tryHelper(sandbox, helper, input),
        settle: () => Promise.resolve(),
        close: () => sandbox.close().finally(done),
      };
    },
  };
});

async function tryHelper(sandbox: ShimSandbox, helper: Helper, input: Uint8Array): Promise<void> {
  const bundle = join(sandbox.directory, ID);
  rmSync(bundle, { recursive: true, force: true });
  mkdirSync(bundle, { mode: 0o700 });
  writeFileSync(join(bundle, 'config.json'), CONFIG);
  const { place, action } = helper;
  if (typeof place === 'object') writeFileSync(join(bundle, place.file), input);
  const files = readdirSync(bundle);
  // No word of a command line can hold a zero byte.
  const text = new TextDecoder().decode(input).replaceAll('\0', '0').slice(0, 65_536);
  const run = runShim({
    directory: bundle,
    words: place === 'arguments' ? withoutServing(text) : [...sandbox.flags(ID), action],
    stdin: place === 'stdin' ? input : new Uint8Array(0),
    environment: { TTRPC_ADDRESS: '/nowhere/events' },
  });
  const result = await within(LIMIT_MILLISECONDS, 'its end', run).catch(() => {
    throw new Finding(`no end in ${LIMIT_MILLISECONDS} ms`);
  });
  judgeResult(result);
  const isStart = helper.action === 'start' && result.status === 0;
  await checkTraces(sandbox, isStart ? result.stdout : undefined);
  const left = readdirSync(bundle).filter((name) => !files.includes(name));
  // The OCI runtime logs into the bundle, and a root that is not absolute lies there.
  if (action !== 'delete' && !isStart && left.length > 0)
    throw new Finding(`it left ${left.join(', ')} in the bundle`);
}

/** Without an action, or with one that is none, the shim is a server and stays: that is not what is asked here. */
function withoutServing(text: string): string[] {
  const words = text.split('\n');
  return words.some((word) => word === 'start' || word === 'delete') ? words : [...words, '-v'];
}

/** @throws Finding unless it did its work in silence, or failed with one line and no answer */
function judgeResult({ status, stdout, stderr }: ShimResult): void {
  if (/^\s+at .*[:(]/m.test(stderr)) throw new Finding(`a stack trace: ${stderr}`);
  if (status === 0 || status === USAGE_STATUS) return;
  if (status !== 1) throw new Finding(`ended with ${status}: ${stderr}`);
  if (stdout.length > 0) throw new Finding(`failed with an answer: ${stdout.toString()}`);
  judgeLine(stderr.trimEnd());
}

/** A `start` that worked leaves a server and its socket, anything else nothing. They go. */
async function checkTraces(sandbox: ShimSandbox, answer: Buffer | undefined): Promise<void> {
  let path = '';
  if (answer !== undefined && /unix:/.test(answer.toString('latin1'))) {
    path = sandbox.own(readStartAnswer(answer).address);
  }
  const expected = path === '' ? 0 : 1;
  // A server that a failed start has killed takes a moment to be gone.
  const isAsExpected = (): boolean => sandbox.servers().length === expected;
  const seen = await waitUntil('the servers that are meant', isAsExpected).catch(() => false);
  const servers = sandbox.servers();
  const socketIsThere = path !== '' && existsSync(path);
  for (const pid of servers) {
    killQuietly(pid);
    await waitForEnd(pid);
  }
  rmSync(path, { force: true });
  if (!seen) throw new Finding(`${servers.length} servers are left and not ${expected}`);
  if (path !== '' && !socketIsThere) throw new Finding(`${path} is not there`);
}
