import { loadCgroup } from '../cgroup/cgroup.ts';
import { enableControllers } from '../cgroup/delegate.ts';
import { watchOom } from '../cgroup/oom.ts';
import { mountRootfs } from '../mount/rootfs.ts';
import { unmountRecursive } from '../mount/unmount.ts';
import { Bundle } from '../oci/bundle.ts';
import { decodeOptions } from '../oci/decodeOptions.ts';
import type { RuntimeOptions } from '../oci/options.ts';
import type { Cancellation } from '../platform/cancellation.ts';
import { makeDirectory } from '../posix/files.ts';
import type { CreateTaskRequest, Mount } from '../proto/messages.ts';
import { openStdio } from '../stdio/openStdio.ts';
import type { ProcessStdio, StdioPaths } from '../stdio/processStdio.ts';
import { Code, StatusError, unimplemented } from '../ttrpc/status.ts';
import { Container } from './container.ts';
import type { TaskContext } from './context.ts';
import { InitProcess } from './initProcess.ts';
import { pidFileTime } from './pidFile.ts';
import { reasonOf } from './reason.ts';
import { Undo } from './undo.ts';

/**
 * Creates a container in the runtime and everything around it (contract 5.3). When a step fails, all that was done
 * before is taken back, and no event was published.
 */
export async function createContainer(
  context: TaskContext,
  request: CreateTaskRequest,
  call: Cancellation,
): Promise<Container> {
  if (request.checkpoint !== '') throw unimplemented('restore from a checkpoint');
  const bundle = new Bundle(request.bundle);
  const options = await decodeOptions(request.options ?? undefined);
  const ownPidNamespace = bundle.hasOwnPidNamespace();
  const undo = new Undo((error) =>
    context.logger.error({ id: request.id, error }, 'clean-up after a failed create'),
  );
  const collector = context.exits.collect();
  try {
    bundle.writeOptions(options);
    bundle.writeRuntimeName(options.binaryName);
    const rootfs = await prepareRootfs(context, bundle, request.rootfs, undo);
    const paths = stdioPaths(request);
    const runtime = context.openRuntime(bundle, options);
    const stdio = await openStreams(context, request, options, paths, call);
    undo.add(() => stdio.close());
    await runtime.create(
      request.id,
      {
        ...stdio.forRuntime,
        noPivotRoot: options.noPivotRoot,
        noNewKeyring: options.noNewKeyring,
      },
      call,
    );
    undo.add(() => runtime.delete(request.id, true));
    await stdio.attach();
    const pid = bundle.readPid(bundle.initPidFile);

    const container = new Container(context, {
      ...{ id: request.id, bundle, options, runtime, ownPidNamespace },
      rootfs,
    });
    container.init = new InitProcess(container, pid, paths, stdio);
    watchCgroup(container, pid);
    context.events.create({
      ...{ id: request.id, bundle: request.bundle, rootfs: request.rootfs, paths, pid },
      checkpoint: request.checkpoint,
    });
    const since = (): number => pidFileTime(bundle.initPidFile);
    context.exits.claim(pid, since, collector, (exit) => container.exits.initExited(exit));
    return container;
  } catch (error) {
    await undo.run();
    throw error;
  } finally {
    collector.close();
  }
}

/** @returns the rootfs that the shim has mounted, if it was asked to. */
async function prepareRootfs(
  context: TaskContext,
  bundle: Bundle,
  mounts: readonly Mount[],
  undo: Undo,
): Promise<string | undefined> {
  if (mounts.length === 0) return undefined;
  const { rootfs } = bundle;
  makeDirectory(rootfs, 0o711);
  try {
    await mountRootfs(mounts, rootfs, context.helpers);
  } catch (error) {
    throw new StatusError(Code.Unknown, `failed to mount rootfs component: ${reasonOf(error)}`);
  }
  undo.add(() => unmountRecursive(rootfs, context.helpers));
  return rootfs;
}

function stdioPaths(request: CreateTaskRequest): StdioPaths {
  const { stdin, stdout, stderr, terminal } = request;
  return { stdin, stdout, stderr, terminal };
}

function openStreams(
  context: TaskContext,
  request: CreateTaskRequest,
  options: RuntimeOptions,
  paths: StdioPaths,
  call: Cancellation,
): Promise<ProcessStdio> {
  return openStdio({
    paths,
    ioUid: options.ioUid,
    ioGid: options.ioGid,
    containerId: request.id,
    namespace: context.namespace,
    cancel: call,
    reaper: context.reaper,
    logger: context.logger,
  });
}

/** Stats and OOM events need the cgroup; a container without one runs all the same (contract 5.3 steps 12, 14). */
function watchCgroup(container: Container, pid: number): void {
  const { context, id } = container;
  try {
    const cgroup = loadCgroup(pid);
    if (cgroup === undefined) return;
    container.cgroup = cgroup;
    if (cgroup.version === 2) {
      // Without its controllers a v2 cgroup has no memory.events to watch.
      enableControllers(cgroup, (error) =>
        context.logger.error({ id, error }, 'enabling controllers'),
      );
    }
    container.oom = watchOom(cgroup, () => context.events.oom(id));
  } catch (error) {
    context.logger.error({ id, error }, 'loading cgroup');
  }
}
