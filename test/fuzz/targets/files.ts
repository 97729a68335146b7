import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { parseBlockIo, parsePartitions } from '../../../src/cgroup/blockIo.ts';
import { parseKeyValues } from '../../../src/cgroup/keyValues.ts';
import { parseHierarchies } from '../../../src/cgroup/mode.ts';
import { parseCgroupFile } from '../../../src/cgroup/paths.ts';
import { parsePressure } from '../../../src/cgroup/pressure.ts';
import { parseRdma } from '../../../src/cgroup/rdma.ts';
import { unlimited } from '../../../src/cgroup/unsigned64.ts';
import { parseExitRecord } from '../../../src/events/exitJournal.ts';
import { groupOf } from '../../../src/manager/grouping.ts';
import { findJsonMistake } from '../../../src/manager/jsonPosition.ts';
import { removeByForce } from '../../../src/manager/removeByForce.ts';
import { parseMountinfo } from '../../../src/mount/mountinfo.ts';
import { parseMountOptions } from '../../../src/mount/options.ts';
import { Bundle } from '../../../src/oci/bundle.ts';
import { decodeOptions } from '../../../src/oci/decodeOptions.ts';
import { optionsFromJson } from '../../../src/oci/options.ts';
import { optionsFromToml } from '../../../src/oci/optionsToml.ts';
import { processSpec } from '../../../src/oci/processSpec.ts';
import { lastErrorMessage } from '../../../src/oci/runtimeLog.ts';
import { parseProcessList, parseVersion } from '../../../src/oci/runtimeQueries.ts';
import { hasOwnPidNamespace, parseSpec } from '../../../src/oci/spec.ts';
import { reasonOf } from '../../../src/platform/reason.ts';
import { OptionsType } from '../../../src/proto/any.ts';
import { podNamespaces } from '../../../src/sandbox/podConfig.ts';
import { parseStdout } from '../../../src/stdio/uri.ts';
import { checkIdentifier } from '../../../src/task/identifiers.ts';
import { ociSpec } from '../../support/ociSpec.ts';
import { expect, expectEqual, parserTarget, textTarget } from '../parserTarget.ts';
import { messageSamples } from '../support/messageSamples.ts';
import { Finding, type FuzzTarget, judgeLine, judgeText } from '../target.ts';

const JSON_WORDS = ['{"a":', '[', ']', '}', ',', '"\\u12', '"__proto__":{', '1e999', '-', 'null'];
const JSON_SAMPLES = fc.sample(fc.json({ maxDepth: 4 }), { seed: 1, numRuns: 20 });
const LARGEST_PID = 2 ** 22;

const spec = JSON.stringify({
  ...ociSpec({ args: ['true'], cgroup: '/c', root: '/r' }),
  annotations: { 'io.kubernetes.cri.sandbox-id': 'pod', other: 'x' },
});

const MOUNTINFO = `25 30 0:23 / /sys rw,nosuid shared:7 - sysfs sysfs rw
36 35 98:0 /m\\040nt1 /mnt2\\134 rw,noatime master:1 propagate_from:2 - ext4 /dev/root rw,errors=continue
40 25 0:35 / /sys/fs/cgroup/memory rw shared:16 - cgroup cgroup rw,memory
41 25 0:36 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct
`;

/** A text that JSON.parse refuses has a mistake somewhere, and others have none. */
function checkMistake(text: string): void {
  let refused = false;
  try {
    JSON.parse(text);
  } catch {
    refused = true;
  }
  const mistake = findJsonMistake(text);
  expectEqual('a mistake is found', mistake !== undefined, refused);
  if (mistake === undefined) return;
  judgeLine(mistake.reason);
  expect('a position in the text', mistake.line >= 1 && mistake.column >= 1);
}

function checkProcess(text: string): void {
  for (const terminal of [true, false]) {
    const parsed: unknown = JSON.parse(processSpec(text, terminal));
    const before: unknown = JSON.parse(text);
    const { terminal: set, ...rest } = { ...(parsed as Record<string, unknown>) };
    const { terminal: _, ...restBefore } = { ...(before as Record<string, unknown>) };
    expectEqual('the terminal', set ?? false, terminal);
    expectEqual('all other members', rest, restBefore);
  }
}

function checkUnsigned(values: Iterable<number | bigint>): void {
  for (const value of values) expect('64 bits without a sign', value >= 0 && value <= unlimited);
}

/** Each kind of options reads the same bytes. */
async function checkOptions(value: Uint8Array): Promise<void> {
  for (const typeUrl of [...Object.values(OptionsType), 'x/unknown']) {
    try {
      await decodeOptions({ typeUrl, value });
    } catch (error) {
      if (!(error instanceof Error)) throw new Finding(`${typeUrl}: threw no Error`);
      if (/call stack/i.test(error.message)) throw new Finding(`${typeUrl}: ${error.message}`);
      judgeText(error.message);
    }
  }
}

/** A state that a runtime left: whatever it says, nothing but the state itself goes, and nobody else is hurt. */
function checkState(text: string): void {
  const directory = mkdtempSync(join(tmpdir(), 'podshim-state-'));
  try {
    for (const name of ['state.json', 'status']) {
      const state = join(directory, name.slice(0, 3));
      mkdirSync(state);
      writeFileSync(join(state, name), text);
      removeByForce(state, 'podshim-fuzz-nobody', judgeLine);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function checkPidFile(text: string): void {
  const directory = mkdtempSync(join(tmpdir(), 'podshim-pid-'));
  try {
    writeFileSync(join(directory, 'init.pid'), text);
    const pid = new Bundle(directory).readInitPid();
    expect('a process id', Number.isInteger(pid) && pid > 0 && pid <= 0x7fffffff);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

export const fileTargets: readonly FuzzTarget[] = [
  textTarget({
    name: 'runtime-log',
    what: "the OCI runtime's log",
    samples: [
      '{"level":"info","msg":"a","time":"t"}\n{"level":"error","msg":"container \\"c\\" is {gone}"}\n',
      'plain words\n{"level":"error","msg":"x"}\n{"level":"err',
    ],
    words: ['{', '}', '"', '\\', '\n', '\n{', '{"level":"error","msg":"'],
    parse: (text) => expect('a text', typeof lastErrorMessage(text) === 'string'),
  }),
  textTarget({
    name: 'runtime-state',
    what: "runc's state.json and crun's status",
    samples: [
      '{"init_process_pid":4194399,"init_process_start":5,"cgroup_paths":{"memory":"/sys/fs/cgroup/memory/podshim-fuzz-nobody"}}',
      '{"pid":4194399,"process-start-time":5,"cgroup-path":"/podshim-fuzz-nobody"}',
    ],
    words: [...JSON_WORDS, '"toString":1', '../', '-1'],
    parse: checkState,
  }),
  textTarget({
    name: 'runtime-answers',
    what: 'what the OCI runtime prints',
    samples: ['[1,2,3]', 'warning\n[4]\n', 'null', 'runc version 1.1.5+ds1\ncommit: x\n'],
    words: JSON_WORDS,
    parse(text) {
      parseVersion(text);
      for (const pid of parseProcessList(text)) expect('a whole number', Number.isInteger(pid));
    },
  }),
  textTarget({
    name: 'config',
    what: 'config.json',
    samples: [spec, ...JSON_SAMPLES],
    words: [...JSON_WORDS, '"annotations":', '"namespaces":', '"linux":'],
    parse(text) {
      expect('a group', typeof groupOf(text, '/b/config.json', 'c1') === 'string');
      expect('a boolean', typeof hasOwnPidNamespace(parseSpec(text)) === 'boolean');
    },
  }),
  textTarget({
    name: 'json-position',
    what: 'where JSON is broken',
    samples: [spec, ...JSON_SAMPLES],
    words: JSON_WORDS,
    parse: checkMistake,
  }),
  textTarget({
    name: 'exec-process',
    what: "an exec's process",
    samples: [
      '{"args":["a"],"terminal":true}',
      '{ "terminal" : {"x":[1]} , "y":"\\"" }',
      ...JSON_SAMPLES,
    ],
    words: [...JSON_WORDS, '"terminal":', '"termin\\u0061l":'],
    parse: checkProcess,
  }),
  textTarget({
    name: 'toml',
    what: 'options as TOML',
    samples: [
      'SystemdCgroup = true\nBinaryName = "crun"\nIoUid = 1000\n',
      'root = """\n/run\n"""\n[table]\na.b = [1, {c = 1979-05-27T07:32:00Z}]\n',
    ],
    words: ['[', ']', '{', '}', '=', '"""', "'''", '\n', 'a.', 'inf', 'nan', '0x', '\\u12', '[['],
    async parse(text) {
      await optionsFromToml(text).catch((error: unknown) => {
        // The person who reads it finds it in the daemon's log, on one line.
        judgeLine(reasonOf(error));
        throw error;
      });
    },
  }),
  parserTarget({
    name: 'options',
    what: 'the options of Create, of every type',
    samples: messageSamples,
    words: ['SystemdCgroup', '[', '{a='],
    parse: checkOptions,
  }),
  textTarget({
    name: 'options-file',
    what: 'options.json',
    samples: ['{"root":"/r","binary_name":"runc","io_uid":7,"systemd_cgroup":true}'],
    words: JSON_WORDS,
    parse: optionsFromJson,
  }),
  textTarget({
    name: 'stdout-uri',
    what: 'the stdout of a request',
    samples: [
      'binary:///usr/bin/log?k=v&k2=%20a+b',
      'file:///var/log/x%41?q#f',
      'fifo:///run/f',
      'binary-v2://host/p?a=1;b',
      ':x',
    ],
    words: ['%', '%zz', '://', '?', '#', '&', ';', '=', '\u0001'],
    parse(text) {
      const target = parseStdout(text);
      if (target.kind === 'binary') expect('pairs', target.logger.arguments.length % 2 === 0);
    },
  }),
  textTarget({
    name: 'exit-journal',
    what: 'exit.json',
    samples: ['{"pid":7,"status":137,"exitedAt":"2026-11-21T10:11:12.000000345Z","deleted":true}'],
    words: [...JSON_WORDS, '+99:99', '9999-12-31T', '0000-'],
    parse(text) {
      const record = parseExitRecord(text);
      if (record === undefined) return;
      const { pid, status, exitedAt } = record;
      expect('a pid', Number.isInteger(pid) && pid >= 0 && pid <= LARGEST_PID);
      expect('a status', Number.isInteger(status) && status >= 0 && status <= 255);
      expect('an instant', Number.isSafeInteger(exitedAt.seconds) && exitedAt.nanos < 1e9);
    },
  }),
  textTarget({
    name: 'pid-file',
    what: 'init.pid',
    samples: ['4242', '1\n', ' 77 '],
    words: ['-', '0x', '1e3', '99999999999'],
    parse: checkPidFile,
  }),
  textTarget({
    name: 'mountinfo',
    what: 'mountinfo and mount options',
    samples: [MOUNTINFO],
    words: [' - ', '\\040', '\\777', ' ', ',', 'uidmap=0:0:1', 'X-containerd.'],
    parse(text) {
      for (const { id } of parseMountinfo(text)) expect('an id', Number.isInteger(id) || id > 0);
      for (const [name] of parseHierarchies(text)) expect('a name', typeof name === 'string');
      parseMountOptions(text.split(','));
    },
  }),
  textTarget({
    name: 'cgroup-files',
    what: 'control files of cgroups',
    samples: [
      'anon 4096\nfile 18446744073709551615\n',
      'some avg10=0.00 avg60=1.5 avg300=0.00 total=123\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=9\n',
      '8:0 Read 4096\n8:0 Total 4096\n8:16 77\nTotal 1\n',
      'mlx4_0 hca_handle=2 hca_object=max\n',
      '5:memory,cpu:/a:b\n0::/c\n',
      'major minor  #blocks  name\n\n   8        0  1048576 sda\n',
    ],
    words: [' ', ':', '=', 'max', '-1', '99999999999999999999999', '\n'],
    parse(text) {
      checkUnsigned(parseKeyValues(text).values());
      const pressure = parsePressure(text);
      checkUnsigned([pressure?.some?.total ?? 0, pressure?.full?.total ?? 0]);
      for (const { value, major, minor } of parseBlockIo(text, parsePartitions(text))) {
        checkUnsigned([value, major, minor]);
      }
      for (const { hcaHandles, hcaObjects } of parseRdma(text))
        checkUnsigned([hcaHandles, hcaObjects]);
      parseCgroupFile(text);
    },
  }),
  parserTarget({
    name: 'pod-config',
    what: 'PodSandboxConfig of CreateSandbox',
    samples: messageSamples,
    words: ['net.ipv4.', '../', '/', '.'],
    parse(value) {
      const options = { typeUrl: 'runtime.v1.PodSandboxConfig', value };
      const { settings } = podNamespaces({ netnsPath: '/n', options, hostname: undefined });
      for (const { path } of settings) {
        expect('below /proc/sys', path.startsWith('/proc/sys/') && !/(^|\/)\.\.?(\/|$)/.test(path));
      }
    },
  }),
  textTarget({
    name: 'identifiers',
    what: 'ids of containers and execs',
    samples: ['c1', 'a.b-c_d', 'x'.repeat(76)],
    words: ['/', '..', '.', '\u0000', 'é'],
    parse(text) {
      checkIdentifier('container', text);
      expect('a name of one file', !/[/\0]/.test(text) && text !== '.' && text !== '..');
    },
  }),
];
