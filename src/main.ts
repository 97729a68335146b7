import { parseFlags, type ShimFlags, UsageError } from './flags.ts';
import { baseName } from './manager/path.ts';
import { embeddedAddonCopies } from './platform/embedded.ts';
import { reasonOf } from './platform/reason.ts';
import { platform } from './platform/runtime.ts';
import { setAddonFallback } from './posix/addon.ts';
import { writeAll } from './posix/files.ts';
import { exitNow } from './posix/processes.ts';
import { RUNTIME_NAME } from './runtimeName.ts';

const STDOUT = 1;
const STDERR = 2;

/** Where `start` puts the sockets of a server that it spawns (contract 2.3, 3.6). */
const INHERITED = { main: 3, debug: 4 };

/** Under this name people call the binary; the daemon never does. */
const PEOPLES_NAME = 'podshim';

/**
 * The one way in, in the order of contract 1.1. Each action is a chunk of its own, so that a helper
 * does not load the server, nor the server a helper.
 *
 * @returns whether the process is done; a server goes on.
 */
async function run(flags: ShimFlags, program: string): Promise<boolean> {
  if (flags.version) {
    const { versionText } = await import('./manager/versionText.ts');
    writeAll(STDOUT, versionText(baseName(program)));
    return true;
  }
  if (flags.info) {
    const { info } = await import('./manager/info.ts');
    await info();
    return true;
  }
  if (flags.namespace === '') {
    throw new Error('shim namespace cannot be empty');
  }
  if (flags.action === 'start') {
    const { start } = await import('./manager/start.ts');
    const launch = await start(flags);
    if (launch === undefined) return true;
    const { serve } = await import('./shim/serve.ts');
    serve(parseFlags(launch.words, program), launch.sockets);
    return false;
  }
  if (flags.action === 'delete') {
    const { remove } = await import('./manager/delete.ts');
    await remove(flags);
    return true;
  }
  const { serve } = await import('./shim/serve.ts');
  serve(flags, INHERITED);
  return false;
}

/** The name this program was called by: a compiled binary's own, or that of the script. */
function programName(): string {
  const command = platform.selfCommand().argv;
  return command.length === 1 ? process.argv0 : (command.at(-1) ?? '');
}

function end(status: number, output: string): never {
  writeAll(STDERR, output);
  exitNow(status);
}

async function main(): Promise<void> {
  setAddonFallback(embeddedAddonCopies);
  const program = programName();
  if (baseName(program) === PEOPLES_NAME) {
    const { runProgram } = await import('./cli/program.ts');
    process.exit(await runProgram(process.argv.slice(2)));
  }
  try {
    if (await run(parseFlags(process.argv.slice(2), program), program)) {
      exitNow(0);
    }
  } catch (error) {
    if (error instanceof UsageError) {
      end(error.exitCode, error.output);
    }
    // One line: it may quote input, and the daemon logs what it finds on stderr.
    end(1, `${RUNTIME_NAME}: ${reasonOf(error).replace(/[\x00-\x1f\x7f]+/g, ' ')}`);
  }
}

await main();
