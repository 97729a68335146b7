import { changeOwner, makePipe, setNonBlocking } from '../posix/files.ts';
import { type Closable, Descriptor } from './descriptor.ts';

/** Who owns the container's ends: options io_uid and io_gid (contract 7.2). */
export interface PipeOwner {
  readonly uid: number;
  readonly gid: number;
}

/**
 * A real pipe between the container and us. Socket pairs would not do: a container that reopens /dev/stdout gets ENXIO
 * (trap 42). The two ends are separate descriptions, so ours can be non-blocking without the container noticing (43).
 */
export class ContainerPipe implements Closable {
  readonly container: Descriptor;
  readonly ours: Descriptor;

  private constructor(container: Descriptor, ours: Descriptor) {
    this.container = container;
    this.ours = ours;
  }

  /** The container reads. */
  static forInput(owner: PipeOwner): ContainerPipe {
    const [reader, writer] = makePipe();
    return ContainerPipe.#prepare(reader, writer, owner, true);
  }

  /** The container writes. */
  static forOutput(owner: PipeOwner): ContainerPipe {
    const [reader, writer] = makePipe();
    return ContainerPipe.#prepare(writer, reader, owner, true);
  }

  /** The container writes, a logging binary reads; no end is ours to change. */
  static forLogger(owner: PipeOwner): ContainerPipe {
    const [reader, writer] = makePipe();
    return ContainerPipe.#prepare(writer, reader, owner, false);
  }

  static #prepare(
    container: number,
    ours: number,
    owner: PipeOwner,
    nonBlocking: boolean,
  ): ContainerPipe {
    const pipe = new ContainerPipe(new Descriptor(container), new Descriptor(ours));
    try {
      changeOwner(container, owner.uid, owner.gid);
      if (nonBlocking) setNonBlocking(ours, true);
    } catch (error) {
      pipe.close();
      throw error;
    }
    return pipe;
  }

  close(): void {
    this.container.close();
    this.ours.close();
  }
}
