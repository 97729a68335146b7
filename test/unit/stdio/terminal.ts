import assert from 'node:assert/strict';
import { O_NOCTTY, O_RDWR } from '../../../src/posix/constants.ts';
import { closeFile, openFile } from '../../../src/posix/files.ts';
import { connectUnix, sendDescriptor } from '../../../src/posix/sockets.ts';
import { openTerminal } from '../../../src/posix/terminal.ts';
import type { Command } from '../../../src/reaper/command.ts';
import type { ProcessStdio } from '../../../src/stdio/processStdio.ts';
import type { Workspace } from './support.ts';

export const socketOf = (stdio: ProcessStdio): string => {
  assert.ok('consoleSocket' in stdio.forRuntime);
  return stdio.forRuntime.consoleSocket;
};

/** Does what a runtime does: makes a terminal and sends its master. Nobody has the slave open then. */
export const sendMaster = (stdio: ProcessStdio): string => {
  const { master, slavePath } = openTerminal();
  const connection = connectUnix(socketOf(stdio), 1_000);
  sendDescriptor(connection, '/dev/ptmx', master);
  closeFile(connection);
  closeFile(master);
  return slavePath;
};

/** A shell in a session of its own, with the terminal. */
export const runOn = (workspace: Workspace, slavePath: string, script: string): Command => {
  const slave = openFile(slavePath, O_RDWR | O_NOCTTY);
  try {
    return workspace.start(
      '/usr/bin/setsid',
      ['setsid', '--ctty', 'sh', '-c', script],
      [slave, slave, slave],
    );
  } finally {
    closeFile(slave);
  }
};

/** Waits for the process and tells its stdio, as the exit path does. */
export const exitOf = async (stdio: ProcessStdio, container: Command): Promise<number> => {
  const { status } = await container.wait();
  stdio.processExited();
  return status;
};
