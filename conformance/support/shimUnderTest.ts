import { ShimPod } from '../../test/support/shimPod.ts';
import { within } from './within.ts';

const PROBE_MILLISECONDS = 20_000;

/** The shim that the cases are tried on. */
export interface ShimUnderTest {
  readonly path: string;
  /** It can be started only with BootstrapParams on stdin. */
  readonly bootstrap: boolean;
}

/** Finds out how a shim wants to be started. The older form comes first. */
export async function probeShim(path: string): Promise<ShimUnderTest> {
  const refusals: string[] = [];
  for (const bootstrap of [false, true]) {
    let pod: ShimPod | undefined;
    const opened = (started: ShimPod): void => {
      pod = started;
    };
    try {
      const start = ShimPod.start({ command: [path], bootstrap, log: 'read', opened });
      await within(PROBE_MILLISECONDS, 'start and Connect', start);
      return { path, bootstrap };
    } catch (error) {
      refusals.push(String(error));
    } finally {
      await pod?.close();
    }
  }
  throw new Error(`${path} cannot be started in either form:\n  ${refusals.join('\n  ')}`);
}
