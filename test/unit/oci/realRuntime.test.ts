import assert from 'node:assert/strict';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { Bundle } from '../../../src/oci/bundle.ts';
import { OciRuntime } from '../../../src/oci/runtime.ts';
import { runtimeEnvironment } from '../../../src/oci/runtimeEnvironment.ts';
import { findExecutable } from '../../../src/posix/paths.ts';
import { becomeSubreaper } from '../../../src/posix/processes.ts';
import { StatusError } from '../../../src/ttrpc/status.ts';
import { useReaper } from './liveReaper.ts';

const busybox = '/bin/busybox';
const canRun = (name: string): boolean =>
  process.getuid?.() === 0 &&
  existsSync(busybox) &&
  findExecutable(name, process.env.PATH) !== undefined;
const id = `podshim-oci-${process.pid}`;

const namespaces = ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type }));
const spec = (words: readonly string[]) => ({
  ociVersion: '1.0.2',
  process: { user: { uid: 0, gid: 0 }, args: words, env: ['PATH=/bin'], cwd: '/' },
  root: { path: 'rootfs' },
  mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
  linux: { namespaces, cgroupsPath: `/${id}` },
});

// Outside the suite: its last hook still runs a command.
const reaper = useReaper();

/** crun refuses machines that have cgroups of both versions mounted. */
const hybrid = existsSync('/sys/fs/cgroup/unified');

for (const name of hybrid ? ['runc'] : ['runc', 'crun']) {
  describe(`with the real ${name}`, { skip: !canRun(name) }, () => {
    let directory = '';
    let bundle: Bundle;
    let runtime: OciRuntime;

    before(() => {
      becomeSubreaper();
      directory = realpathSync(mkdtempSync(join(tmpdir(), 'podshim-runtime-')));
      bundle = new Bundle(join(directory, 'bundle'));
      mkdirSync(join(bundle.rootfs, 'bin'), { recursive: true });
      mkdirSync(join(bundle.rootfs, 'proc'));
      copyFileSync(busybox, join(bundle.rootfs, 'bin/busybox'));
      for (const name of ['sh', 'sleep', 'echo', 'cat']) {
        symlinkSync('busybox', join(bundle.rootfs, 'bin', name));
      }
      runtime = new OciRuntime({
        reaper,
        binary: name,
        root: join(directory, 'state'),
        namespace: 'testing',
        bundle,
        systemdCgroup: false,
        criuPath: '',
        environment: runtimeEnvironment(process.env),
        openFiles: undefined,
      });
    });
    after(async () => {
      await runtime.delete(id, true);
      rmSync(directory, { recursive: true });
    });

    const stateDirectory = (): string => join(directory, 'state/testing', id);

    /** Runs `use` with a file as the three descriptors, and gives what was written into it. */
    async function withOutput(
      use: (descriptors: [number, number, number]) => Promise<void>,
    ): Promise<string> {
      const path = join(directory, 'output');
      const descriptor = openSync(path, 'w+');
      try {
        await use([-1, descriptor, descriptor]);
        return readFileSync(path, 'utf8');
      } finally {
        closeSync(descriptor);
      }
    }

    test('create, start, exec, ps, pause, update, kill, delete', async () => {
      writeFileSync(
        bundle.configFile,
        JSON.stringify(spec(['sh', '-c', 'echo out; exec sleep 999'])),
      );
      const exits = reaper.subscribe();
      const exitOf = async (pid: number): Promise<number> => {
        for (;;) {
          const exit = await exits.next();
          if (exit?.pid === pid) return exit.status;
        }
      };
      const output = await withOutput(async (descriptors) => {
        await runtime.create(id, { descriptors });
        assert.ok(existsSync(stateDirectory()));
        const pid = bundle.readInitPid();
        assert.deepEqual(await runtime.pids(id), [pid]);
        await runtime.start(id);

        const { process } = spec(['sh', '-c', 'echo in; exit 3']);
        const text = JSON.stringify(process);
        await runtime.exec(id, { execId: 'e', process: text, descriptors });
        assert.equal(await exitOf(bundle.readExecPid('e')), 3);

        await runtime.update(id, JSON.stringify({ cpu: { shares: 512 } }));
        await runtime.pause(id);
        await assert.rejects(runtime.pause(id), /^RuntimeError: OCI runtime pause failed: /);
        await runtime.resume(id);
        await runtime.kill(id, 9, false);
        assert.equal(await exitOf(pid), 137);
      });
      assert.deepEqual(output.trim().split('\n').sort(), ['in', 'out']);

      const notFound = (text: string) => (error: unknown) => {
        assert.ok(error instanceof StatusError && error.code === 5);
        return error.message === text;
      };
      const finished = notFound('process already finished: not found');
      await assert.rejects(runtime.kill(id, 15, false), finished);
      assert.deepEqual(await runtime.pids(id), []);
      await runtime.delete(id, false);
      assert.ok(!existsSync(stateDirectory()));
      await assert.rejects(runtime.kill(id, 15, false), notFound('no such container: not found'));
      await runtime.delete(id, false);
      exits.close();
    });

    test('the reasons of failures come from its log', async () => {
      const descriptors = [-1, -1, -1] as const;
      writeFileSync(bundle.configFile, JSON.stringify(spec(['nope'])));
      await assert.rejects(runtime.create(id, { descriptors }), (error: Error) => {
        assert.match(error.message, /^OCI runtime create failed: /);
        assert.match(error.message, /exec: "nope": executable file not found in \$PATH$/);
        return true;
      });
      assert.ok(!existsSync(stateDirectory()));
      await assert.rejects(runtime.start(id), {
        message: 'OCI runtime start failed: container does not exist',
      });
    });

    test('version and features', async () => {
      const version = await runtime.version();
      assert.equal(version.name, name);
      assert.match(version.version, /^[0-9]+\.[0-9]+/);
      if (name !== 'runc') return;
      const features: unknown = JSON.parse(await runtime.features());
      assert.ok(typeof features === 'object' && features !== null && 'mountOptions' in features);
    });
  });
}
