import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { type InstalledSignals, installSignals } from '../../../src/shim/signals.ts';

describe('signals', () => {
  let installed: InstalledSignals;
  let keepAlive: ReturnType<typeof setInterval>;

  // Listening for signals does not keep the event loop going.
  beforeEach(() => {
    keepAlive = setInterval(() => {}, 60_000);
  });

  afterEach(() => {
    clearInterval(keepAlive);
    installed.remove();
  });

  /** Collects what the handlers were told, and lets a test wait for it. */
  function install() {
    const told: string[] = [];
    let wake = (): void => {};
    const tell = (what: string): void => {
      told.push(what);
      wake();
    };
    installed = installSignals({ terminate: tell, dump: () => tell('dump') });
    const until = async (count: number): Promise<void> => {
      while (told.length < count) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    return { told, until };
  }

  test('SIGUSR1 dumps each time; of SIGTERM and SIGINT the first one terminates', async () => {
    const { told, until } = install();
    process.kill(process.pid, 'SIGUSR1');
    await until(1);
    process.kill(process.pid, 'SIGINT');
    await until(2);
    process.kill(process.pid, 'SIGTERM');
    process.kill(process.pid, 'SIGPIPE');
    process.kill(process.pid, 'SIGUSR1');
    await until(3);
    assert.deepEqual(told, ['dump', 'SIGINT', 'dump']);
  });

  test('remove leaves no listener behind', () => {
    const before = ['SIGTERM', 'SIGINT', 'SIGUSR1'].map((signal) => process.listenerCount(signal));
    install();
    installed.remove();
    assert.deepEqual(
      ['SIGTERM', 'SIGINT', 'SIGUSR1'].map((signal) => process.listenerCount(signal)),
      before,
    );
  });
});
