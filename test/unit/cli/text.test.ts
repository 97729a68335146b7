import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Inventory, Podshim } from '../../../src/cli/inventory.ts';
import { findContainer, findServer } from '../../../src/cli/inventory.ts';
import { containerReport, podshimReport } from '../../../src/cli/report.ts';
import type { ShimProcess } from '../../../src/cli/shimProcess.ts';
import { chooseStyle, coloured, plain, printable } from '../../../src/cli/style.ts';
import { containerText, eventText, inventoryText } from '../../../src/cli/text.ts';
import { treeLines } from '../../../src/cli/tree.ts';
import { bytesText, durationText, shortId, wrapText } from '../../../src/cli/units.ts';
import {
  type DescribedContainer,
  type DescribedProcess,
  DescribeResponse,
} from '../../../src/proto/introspection.ts';
import type { MessageInput } from '../../../src/proto/wire.ts';

const now = Date.UTC(2026, 10, 21, 12);
const minute = 60_000;
const longId = '3f2a9c1b7d20'.padEnd(64, '0');

function shimProcess(pid: number, id: string, namespace = 'k8s.io'): ShimProcess {
  const process = { pid, uid: 0, isElsewhere: false, namespace, id, socket: '/s' };
  return { ...process, program: 'containerd-shim-podshim-v1' };
}

function podshim(
  pid: number,
  id: string,
  containers: readonly MessageInput<DescribedContainer>[],
  namespace?: string,
): Podshim {
  const message: MessageInput<DescribeResponse> = {
    server: {
      pid,
      version: '0.1.0',
      runtime: 'bun 1.4.5',
      startedAtMilliseconds: now - 185 * minute,
      memory: { privateDirty: 1_600_000 },
      threads: 3,
    },
    containers: containers as MessageInput<DescribeResponse>['containers'],
  };
  // Through the codec, as the real ones come.
  const description = DescribeResponse.decode(DescribeResponse.encode(message).finish());
  return { process: shimProcess(pid, id, namespace), description };
}

function init(
  id: string,
  more: MessageInput<DescribedProcess> = {},
): MessageInput<DescribedContainer> {
  return { init: { id, state: 'running', pid: 77, ...more }, bundle: `/run/${id}` };
}

const inventory: Inventory = {
  podshims: [
    podshim(10, longId, [
      { ...init(longId), execs: [{ id: 'probe', state: 'created' }] },
      init('app', {
        state: 'stopped',
        exit: { status: 137, atMilliseconds: now - 3 * minute },
      }),
    ]),
    podshim(20, 'web', [init('web')], 'default'),
  ],
  others: [{ process: shimProcess(30, 'old'), reason: 'is no podshim' }],
};

describe('what people see', () => {
  test('ps draws servers, containers and execs as a tree of at most 80 columns', () => {
    const text = inventoryText(inventory, { style: plain, now, full: false });
    assert.equal(
      text,
      [
        'k8s.io  pid 10  podshim 0.1.0  up 3 h 5 min  1.6 MB',
        '├─ 3f2a9c1b7d20  running  pid 77',
        '│  └─ exec probe  created  not started',
        '└─ app  stopped  exit 137 3 min ago',
        'default  pid 20  podshim 0.1.0  up 3 h 5 min  1.6 MB',
        '└─ web  running  pid 77',
        '',
        'other shims:',
        '  pid 30  k8s.io  old',
        '    containerd-shim-podshim-v1 is no podshim',
        '',
      ].join('\n'),
    );
    const full = inventoryText(inventory, { style: plain, now, full: true });
    assert.ok(full.includes(`├─ ${longId}  running`));
    const none = inventoryText({ podshims: [], others: [] }, { style: plain, now, full: false });
    assert.equal(none, 'no podshim server is running\n');
  });

  test('inspect lists what there is, and nothing that is not', () => {
    const stdio = { stdin: '', stdout: '/run/fifo', stderr: '', streams: 'stdout 4\nstderr 5' };
    const shim = podshim(1, 'a', [
      { ...init('a', { stdio }), execs: [{ id: 'e', state: 'running', pid: 5 }] },
    ]);
    const [container] = shim.description.containers;
    assert.ok(container !== undefined);
    const text = containerText({ podshim: shim, container }, { style: plain, now, full: true });
    assert.match(
      text,
      /^id +a\nstate +running\npid +77\nstdout +\/run\/fifo\nstreams +stdout 4\n +stderr 5\nbundle/,
    );
    assert.match(text, /\nruntime +runc\n/);
    assert.match(text, /\nexec +e\n {2}state +running\n {2}pid +5\n/);
    assert.match(text, /\nserver +pid 1, podshim 0\.1\.0 on bun 1\.4\.5, up 3 h 5 min\n/);
    assert.doesNotMatch(text, /stdin|terminal|exit/);
  });

  test('events are lines, whatever the text holds', () => {
    const event = {
      sequence: 7n,
      atMilliseconds: BigInt(now + 5),
      kind: 'call',
      text: 'Start a failed: runc: \u001b[31mno\nreason',
      milliseconds: 31.24,
      count: 1,
    };
    assert.equal(
      eventText(event, plain),
      '2026-11-21 12:00:00.005 call    Start a failed: runc: \\x1b[31mno\\nreason, 31.2 ms',
    );
    const often = { ...event, kind: 'exit', text: 'an orphan', milliseconds: undefined, count: 9 };
    assert.match(eventText(often, plain), /an orphan \(9 times in a row\)$/);
    assert.match(eventText(often, coloured), /\u001b\[33mexit {3}\u001b\[0m/);
  });

  test('JSON has plain numbers and ISO times', () => {
    const [shim] = inventory.podshims;
    assert.ok(shim !== undefined);
    const report = JSON.parse(JSON.stringify(podshimReport(shim)));
    assert.equal(report.memory.privateDirty, 1_600_000);
    assert.equal(report.startedAt, '2026-11-21T08:55:00.000Z');
    assert.deepEqual(report.containers[1].exit, { status: 137, at: '2026-11-21T11:57:00.000Z' });
    assert.equal(report.containers[0].exit, null);
    const [container] = shim.description.containers;
    assert.ok(container !== undefined);
    assert.equal(JSON.parse(JSON.stringify(containerReport(container))).execs[0].id, 'probe');
  });
});

describe('finding', () => {
  test('by id, and by its beginning when that is clear', () => {
    assert.equal(findContainer(inventory, 'web').podshim.process.pid, 20);
    assert.equal(findContainer(inventory, '3f2a').container.init?.id, longId);
    assert.equal(findServer(inventory, 'app').process.pid, 10);
    assert.equal(findServer(inventory, '20').process.pid, 20);
    assert.equal(findServer(inventory, '3f2a').process.pid, 10);
  });

  test('says why not', () => {
    assert.throws(() => findContainer(inventory, 'nobody'), {
      message: 'no shim has a container nobody; podshim ps lists them',
    });
    const twins = {
      podshims: [podshim(1, 'x', [init('same')], 'a'), podshim(2, 'x', [init('same')], 'b')],
      others: [],
    };
    assert.throws(() => findContainer(twins, 'same'), /same in namespace a, same in namespace b/);
    const silent = {
      podshims: [],
      others: [{ process: shimProcess(9, 'y'), reason: 'belongs to user 1000' }],
    };
    assert.throws(() => findServer(silent, 'y'), /1 shims could not be asked/);
  });
});

describe('text', () => {
  test('a tree', () => {
    const leaf = (text: string) => ({ text, children: [] });
    const root = { text: 'a', children: [{ text: 'b', children: [leaf('c')] }, leaf('d')] };
    assert.deepEqual(treeLines(root), ['a', '├─ b', '│  └─ c', '└─ d']);
  });

  test('units', () => {
    assert.deepEqual([999, 1000, 1_600_000, 80e9].map(bytesText), [
      '999 B',
      '1.0 kB',
      '1.6 MB',
      '80 GB',
    ]);
    assert.deepEqual([-5, 4000, 720_000, 11_100_000, 187_200_000, 86_400_000].map(durationText), [
      '0 s',
      '4 s',
      '12 min',
      '3 h 5 min',
      '2 d 4 h',
      '1 d',
    ]);
    assert.equal(shortId(longId), '3f2a9c1b7d20');
    assert.equal(shortId('my-pod'), 'my-pod');
    assert.equal(wrapText('aa bb cccccccc dd', 5, ' '), 'aa\n bb\n cccccccc\n dd');
  });

  test('colours are for terminals and for those who want them', () => {
    assert.equal(chooseStyle(true, {}), coloured);
    assert.equal(chooseStyle(false, {}), plain);
    assert.equal(chooseStyle(true, { NO_COLOR: '1' }), plain);
    assert.equal(chooseStyle(true, { NO_COLOR: '' }), coloured);
    assert.equal(chooseStyle(true, { TERM: 'dumb' }), plain);
    assert.equal(printable('a\tb\u0007\u009b'), 'a b\\x07\\x9b');
  });
});
