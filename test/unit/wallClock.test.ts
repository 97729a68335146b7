import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { repository } from '../support/paths.ts';

/**
 * The clock of the machine jumps: by hand, by NTP, after a suspend. So it may say when something happened, and may not
 * decide how long anything is waited for. These files ask it, for this.
 */
const ASK: Readonly<Record<string, string>> = {
  'src/cli/commands.ts': 'ages that people read',
  'src/events/exitJournal.ts': 'when a container ended that nobody saw end',
  'src/posix/files.ts': 'a name that no other file has',
  'src/proto/timestamp.ts': 'when an event was published',
  'src/reaper/reaper.ts': 'when a process ended',
  'src/sandbox/pauseContainer.ts': 'when a sandbox ended',
  'src/sandbox/podNamespaces.ts': 'when a sandbox ended',
  'src/sandbox/sandbox.ts': 'when a sandbox was made',
  'src/shim/dump.ts': 'when a dump was written',
  'src/shim/flightRecorder.ts': 'times that people read',
  'src/shim/introspection.ts': 'when the server was started',
  'src/shim/logLine.ts': 'when a line was logged',
  'src/task/taskService.ts': 'when a container ended that never ran',
};

test('only what tells a time asks the machine’s clock; deadlines do not', () => {
  const asking = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' })
    .map((name) => join('src', name))
    .filter((path) => path.endsWith('.ts') && !path.includes('/generated/'))
    .filter((path) => {
      const text = readFileSync(join(repository, path), 'utf8');
      return /\bDate\.now\b|\bnew Date\(\)/.test(text);
    });
  assert.deepEqual(asking.sort(), Object.keys(ASK).sort());
});
