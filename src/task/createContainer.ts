import { mountRootfs } from '../mount/rootfs.ts';
import { unmountRecursive } from '../mount/unmount.ts';
import { Bundle } from '../oci/bundle.ts';
import { decodeOptions } from '../oci/decodeOptions.ts';
import { DirectPath } from '../oci/direct/directPath.ts';
import type { RuntimeOptions } from '../oci/options.ts';
import type { Cancellation } from '../platform/cancellation.ts';
import { reasonOf } from '../platform/reason.ts';
import { linkStatus, makeDirectory } from '../posix/files.ts';
import type { CreateTaskRequest, Mount } from '../proto/messages.ts';
import { openStdio } from '../stdio/openStdio.ts';
import type { ProcessStdio, StdioPaths } from '../stdio/processStdio.ts';
import { Code, StatusError } from '../ttrpc/status.ts';
import { claimInit } from './claimInit.ts';
import { Container } from './container.ts';
import type { TaskContext } from './context.ts';
import { InitProcess } from './initProcess.ts';
import { streamsError } from './streamsError.ts';
import { Undo } from './undo.ts';
import { watchCgroup } from './watchCgroup.ts';

/**
 * Creates a container in the runtime and everything around it (contract 5.3). When a step fails, all that was done
 * before is taken back, and no event was published.
 *
 * @param call ends the wait for the streams' other ends
 * @param patience ends the runtime's work, which may outlive the call
 */
export async function createContainer(
  context: TaskContext,
  request: CreateTaskRequest,
  call: Cancellation,
  patience: Cancellation,
): Promise<Container> {
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
    const container = new Container(context, {
      ...{ id: request.id, bundle, options, runtime, ownPidNamespace },
      rootfs,
    });
    const pid = await createInit(container, request, paths, stdio, undo, patience);
    context.events.create({
      ...{ id: request.id, bundle: request.bundle, rootfs: request.rootfs, paths, pid },
      checkpoint: request.checkpoint,
    });
    if (pid !== noPid) claimInit(container, pid, collector);
    return container;
  } catch (error) {
    await undo.run();
    throw error;
  } finally {
    collector.close();
  }
}

/** Of an init that exists as a checkpoint only: it is restored when it is started (contract 5.3 step 8). */
const noPid = 0;

/** @returns the init's pid */
async function createInit(
  container: Container,
  request: CreateTaskRequest,
  paths: StdioPaths,
  stdio: ProcessStdio,
  undo: Undo,
  patience: Cancellation,
): Promise<number> {
  const { bundle, id, options, runtime } = container;
  if (request.checkpoint !== '') {
    const { checkpoint: imagePath, parentCheckpoint: parentPath } = request;
    const { Restore } = await import('./restore.ts');
    const restore = new Restore(container, { imagePath, parentPath });
    container.init = InitProcess.fromCheckpoint(container, restore, paths, stdio);
    return noPid;
  }
  const { noPivotRoot, noNewKeyring } = options;
  await runtime.create(id, { ...stdio.forRuntime, noPivotRoot, noNewKeyring }, patience);
  undo.add(() => runtime.delete(id, true));
  await stdio.attach();
  const pid = bundle.readInitPid();
  container.init = InitProcess.created(container, pid, paths, stdio);
  container.direct = directPath(container, pid);
  watchCgroup(container, pid);
  return pid;
}

function directPath(container: Container, pid: number): DirectPath | undefined {
  const { bundle, context, exits, id, options, runtime } = container;
  const { runtimes } = context;
  if (runtimes === undefined || options.noDirectPath) return undefined;
  const { binary, root } = runtime;
  const isReaped = (): boolean => exits.initExit !== undefined;
  return new DirectPath({ id, bundle, root, binary, runtimes, pid, isReaped });
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
  if (!makeDirectory(rootfs, 0o711) && linkStatus(rootfs).type !== 'directory') {
    throw new StatusError(Code.Unknown, `rootfs ${rootfs} is not a directory`);
  }
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

async function openStreams(
  context: TaskContext,
  request: CreateTaskRequest,
  options: RuntimeOptions,
  paths: StdioPaths,
  call: Cancellation,
): Promise<ProcessStdio> {
  try {
    return await openStdio({
      paths,
      ioUid: options.ioUid,
      ioGid: options.ioGid,
      containerId: request.id,
      namespace: context.namespace,
      cancel: call,
      reaper: context.reaper,
      logger: context.logger,
    });
  } catch (error) {
    throw streamsError('init process', error);
  }
}
