import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { ShimPod } from '../../support/shimPod.ts';
import { type ServerWork, serverPhase } from '../serverPhase.ts';

/** Forks so many grandchildren, whose parent ends at once. Most end at once as well, some a little later. */
const PROGRAM = `
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int count, char **words) {
  int orphans = count > 1 ? atoi(words[1]) : 0;
  for (int index = 0; index < orphans; index++) {
    pid_t child = fork();
    if (child < 0) { usleep(1000); index--; continue; }
    if (child == 0) {
      if (fork() == 0) { if (index % 16 == 0) usleep(5000); _exit(index & 127); }
      _exit(0);
    }
    waitpid(child, NULL, 0);
  }
  sleep(1);
  return 42;
}
`;
const STATUS = 42;

/** Processes whose parent dies, in a container with the host's pid namespace: all become the shim's. */
export const orphansPhase = serverPhase({
  name: 'orphans',
  unit: 'orphans',
  full: 100_000,
  hostPid: true,
  async work(work) {
    const before = reapedCount(await work.dump());
    await orphan(work, compile(work.pod));
    const reaped = reapedCount(await work.dump()) - before;
    if (Number.isNaN(reaped)) work.note('the shim makes no dump that tells how many it collected');
    else if (reaped < work.count) work.fault(`${reaped} processes collected`);
    else work.note(`${reaped} processes collected, the runtime's own included`);
  },
});

async function orphan({ pod, ledger, count, fault }: ServerWork, program: string): Promise<void> {
  const { client } = pod;
  const id = pod.newId('parent');
  ledger.expect(id, '', STATUS);
  const args = ['/run/orphans', String(count)];
  const binds = { '/run': program };
  await pod.run({ args, binds, hostPid: true }, id);
  const { exitStatus } = await client.wait(id);
  if (exitStatus !== STATUS) fault(`the parent ended with ${exitStatus}`);
  await client.delete(id);
}

/** @returns the directory with the program */
function compile(pod: ShimPod): string {
  const directory = pod.sandbox.bundle(pod.newId('program'), undefined);
  execFileSync('cc', ['-static', '-O1', '-x', 'c', '-o', join(directory, 'orphans'), '-'], {
    input: PROGRAM,
  });
  return directory;
}

function reapedCount(dump: string | undefined): number {
  return Number(/^reaped (\d+) processes$/m.exec(dump ?? '')?.[1]);
}
