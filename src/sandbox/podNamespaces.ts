import { holdNamespaces, type NamespaceRequest, releaseNamespaces } from '../posix/namespaces.ts';
import type { ProcessExit } from '../task/process.ts';
import type { SandboxHolder } from './holder.ts';

/**
 * A pod without a pause process. Its pid is the number of a thread of the shim that is in the pod's namespaces.
 *
 * The pid is what a 2.x daemon's CRI makes paths of: containers join `/proc/<pid>/ns/net`, `ipc` and `uts`. The shim's
 * own pid, which shims of virtual machines give, would put them into the machine's network; 0 makes their creation
 * fail on every released daemon (containerd#14135 would read paths from the sandbox's spec instead, and still prefers a
 * pid). A thread's number leads to that thread's namespaces, though no directory listing of /proc shows it.
 */
export class PodNamespaces implements SandboxHolder {
  readonly #request: NamespaceRequest;
  #listener: ((exit: ProcessExit) => void) | undefined;
  #ended = false;
  pid = 0;

  constructor(request: NamespaceRequest) {
    this.#request = request;
  }

  describe(): string {
    const { network, newIpc, newUts } = this.#request;
    const own = [newIpc ? 'ipc' : '', newUts ? 'uts' : ''].filter((name) => name !== '');
    return `namespaces: network ${network ?? 'of the machine'}, own ${own.join(', ') || 'none'}`;
  }

  /** @throws SystemError */
  async start(): Promise<void> {
    this.pid = holdNamespaces(this.#request);
  }

  onEnd(listener: (exit: ProcessExit) => void): void {
    this.#listener = listener;
  }

  async stop(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    if (this.pid !== 0) releaseNamespaces();
    this.#listener?.({ status: 0, at: Date.now() });
  }

  async remove(): Promise<void> {
    await this.stop();
  }

  async stats(): Promise<undefined> {
    return undefined;
  }
}
