import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { ShimPod } from '../../support/shimPod.ts';
import { waitUntil } from '../../support/waiting.ts';

let pod: ShimPod;
before(async () => {
  pod = await ShimPod.start();
});
after(() => pod?.close());

function masters(): number {
  return pod.descriptors().filter((target) => target.endsWith('ptmx')).length;
}

describe('a terminal', () => {
  test('has the size it was given before the start, and ends its lines with CR LF', async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    const input = { args: ['stty', 'size'], terminal: true, request: { stdout } };
    await pod.create(input, id);
    await client.resizePty(id, 12, 34);
    await client.start(id);
    assert.equal((await out.finished).stdout, '34 12\r\n');
    await client.wait(id);
    await client.delete(id);
  });

  test('carries input, echo and output, and a change of its size while it runs', async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdin, stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    const input = { args: ['sh'], terminal: true, request: { stdin, stdout } };
    await pod.run(input, id);
    assert.equal((await client.state(id)).terminal, true);
    const keyboard = pod.write(stdin);
    keyboard.write('PS1=; echo $((6 * 7))\n');
    await out.waitForOutput(/PS1=; echo [\s\S]*\r\n42\r\n/);
    await client.resizePty(id, 91, 17);
    keyboard.write('stty size; tty\n');
    await out.waitForOutput(/\r\n17 91\r\n\/dev\/pts\/0\r\n/);
    keyboard.write('exit 9\n');
    assert.equal((await client.wait(id)).exitStatus, 9);
    await out.finished;
    keyboard.closeInput();
    await client.delete(id);
  });

  test('of an exec', async () => {
    const { client } = pod;
    const { id } = await pod.run({ args: ['sleep', '1000'] });
    const { stdin, stdout } = pod.fifos('tty-exec');
    const out = pod.read(stdout);
    await client.exec({
      id,
      execId: 'e',
      args: ['sh', '-c', 'read x; echo got $x; stty size'],
      terminal: true,
      stdin,
      stdout,
    });
    await client.start(id, 'e');
    await client.resizePty(id, 12, 34, 'e');
    const keyboard = pod.write(stdin);
    keyboard.write('word\n');
    assert.equal((await client.wait(id, 'e')).exitStatus, 0);
    assert.equal((await out.finished).stdout, 'word\r\ngot word\r\n34 12\r\n');
    await client.delete(id, 'e');
    await pod.remove(id);
  });

  test('gets the end of input after CloseIO and the end of the client', async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdin, stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    const input = { args: ['sh', '-c', 'cat; echo over'], terminal: true };
    await pod.run({ ...input, request: { stdin, stdout } }, id);
    const keyboard = pod.write(stdin);
    keyboard.write('line\n');
    await out.waitForOutput(/line\r\nline\r\n/);
    await client.closeIo(id);
    keyboard.closeInput();
    assert.equal((await client.wait(id)).exitStatus, 0);
    assert.match((await out.finished).stdout, /^line\r\nline\r\n[\s\S]*over\r\n$/);
    await client.delete(id);
  });

  test('master is open once per living terminal, and not after its end', async () => {
    const { client } = pod;
    assert.equal(masters(), 0);
    const { id } = await pod.run({ args: ['sleep', '1000'], terminal: true });
    assert.equal(masters(), 1);
    await client.exec({ id, execId: 'e', args: ['sleep', '1000'], terminal: true });
    await client.start(id, 'e');
    assert.equal(masters(), 2);
    await client.kill(id, 9, { execId: 'e' });
    await client.wait(id, 'e');
    await client.delete(id, 'e');
    assert.equal(masters(), 1);
    await client.kill(id, 9);
    await client.wait(id);
    await waitUntil('the master is closed before Delete', () => masters() === 0);
    await client.delete(id);
  });

  test('whose process closes it and opens it again lives on', async () => {
    const { client } = pod;
    const id = pod.newId();
    const { stdout } = pod.fifos(id);
    const out = pod.read(stdout);
    const script = 'exec 0<&- 1>&- 2>&-; sleep 0.2; exec 1>/dev/pts/0; echo back';
    const input = { args: ['sh', '-c', script], terminal: true, request: { stdout } };
    await pod.run(input, id);
    assert.equal((await client.wait(id)).exitStatus, 0);
    assert.equal((await out.finished).stdout, 'back\r\n');
    await client.delete(id);
  });
});

test('resizing a process without a terminal changes nothing and is no error', async () => {
  const { client } = pod;
  const { id } = await pod.run({ args: ['sleep', '1000'] });
  await client.resizePty(id, 80, 24);
  await client.exec({ id, execId: 'e', args: ['sleep', '1000'] });
  await client.start(id, 'e');
  await client.resizePty(id, 80, 24, 'e');
  await pod.remove(id);
});
