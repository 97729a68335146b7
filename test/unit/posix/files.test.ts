import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import {
  O_CREAT,
  O_EXCL,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
  TMPFS_MAGIC,
} from '../../../src/posix/constants.ts';
import {
  changeMode,
  changeOwner,
  closeFile,
  copyDescriptor,
  duplicate,
  fileStatus,
  fileSystemType,
  findExecutable,
  linkStatus,
  listDirectory,
  makeDirectories,
  makeDirectory,
  makeFifo,
  makeMemoryFile,
  makePipe,
  makeSymlink,
  openFile,
  readFile,
  readLink,
  readSome,
  readText,
  readToEnd,
  removeDirectory,
  removeFile,
  removeTree,
  renameFile,
  rewind,
  setNonBlocking,
  writeAll,
  writeFile,
  writeFileAtomic,
  writeSome,
} from '../../../src/posix/files.ts';
import { mount, unmount } from '../../../src/posix/mounts.ts';
import { effectiveUser } from '../../../src/posix/processes.ts';
import { Workspace } from './support.ts';

const workspace = new Workspace();
after(() => workspace.remove());
const text = (bytes: Uint8Array | undefined): string => new TextDecoder().decode(bytes);

describe('content', () => {
  test('is read and written whole', () => {
    const path = workspace.file('content');
    writeFile(path, 'größer', 0o600);
    assert.equal(readText(path), 'größer');
    writeFile(path, new Uint8Array([0, 255, 10]), 0o600);
    assert.deepEqual([...readFile(path)], [0, 255, 10]);
    writeFile(path, '', 0o600);
    assert.equal(readFile(path).length, 0);
    assert.equal(readText(path), '');
  });

  for (const size of [247, 248, 32_767, 32_768, 32_769, 1_000_003]) {
    test(`of ${size} bytes keeps every byte, also of a long string`, () => {
      const path = workspace.file('sized');
      const data = new Uint8Array(size).map((_, index) => index % 251);
      writeFile(path, data, 0o600);
      assert.deepEqual(readFile(path), data);
      const long = 'ä'.repeat(size);
      writeFile(path, long, 0o600);
      assert.equal(readText(path), long);
      assert.equal(fileStatus(path).size, size * 2);
    });
  }

  test('beyond the limit is EFBIG, at the limit it is not', () => {
    const path = workspace.file('limited');
    writeFile(path, 'x'.repeat(1000), 0o600);
    assert.equal(readFile(path, 1000).length, 1000);
    assert.throws(() => readFile(path, 999), { message: `read ${path}: file too large` });
  });

  test('of files that say they are empty is read, too', () => {
    assert.match(readText('/proc/self/stat'), new RegExp(`^${process.pid} `));
    assert.match(readText('/sys/kernel/mm/transparent_hugepage/enabled'), /never/);
  });

  test('that is not there is an error with its path', () => {
    const path = workspace.file('missing');
    assert.throws(() => readText(path), {
      message: `open ${path}: no such file or directory`,
    });
    assert.throws(() => openFile(path, O_RDONLY), { code: 'ENOENT', syscall: 'open', path });
    assert.throws(() => readText(workspace.path), {
      message: `read ${workspace.path}: is a directory`,
    });
    assert.throws(() => writeFile('/dev/full', 'x', 0), {
      message: 'write /dev/full: no space left on device',
    });
    assert.throws(() => openFile('a\0b', O_RDONLY), TypeError);
  });
});

test('a write goes through no symlink', () => {
  const victim = workspace.file('victim');
  const link = workspace.file('link-to-victim');
  writeFile(victim, 'kept', 0o600);
  makeSymlink(victim, link);
  assert.throws(() => writeFile(link, 'x', 0o600), { code: 'ELOOP' });
  writeFileAtomic(link, 'x', 0o600);
  assert.equal(linkStatus(link).type, 'file');
  assert.equal(readText(victim), 'kept');
});

test('an atomic write replaces the file and leaves nothing else', () => {
  const directory = workspace.file('atomic');
  makeDirectory(directory, 0o700);
  const path = `${directory}/address`;
  writeFileAtomic(path, 'old', 0o600);
  const { inode } = fileStatus(path);
  writeFileAtomic(path, 'new', 0o600);
  assert.equal(readText(path), 'new');
  assert.notEqual(fileStatus(path).inode, inode);
  assert.equal(fileStatus(path).mode, 0o600);
  const occupied = `${directory}/occupied`;
  makeDirectories(`${occupied}/child`, 0o700);
  assert.throws(() => writeFileAtomic(occupied, 'x', 0o600), { code: 'EISDIR' });
  assert.throws(() => writeFileAtomic(`${directory}/no/address`, 'x', 0o600), { code: 'ENOENT' });
  assert.deepEqual(listDirectory(directory).sort(), ['address', 'occupied']);
});

describe('descriptors', () => {
  test('of pipes are not inherited, and say when there is nothing or no room', () => {
    const [reader, writer] = makePipe();
    assert.match(readText(`/proc/self/fdinfo/${reader}`), /flags:\t02000000/);
    setNonBlocking(reader, true);
    setNonBlocking(writer, true);
    assert.equal(readSome(reader, 10), undefined);
    assert.equal(writeSome(writer, 'abc'), 3);
    assert.equal(text(readSome(reader, 2)), 'ab');
    assert.equal(text(readSome(reader, 100_000)), 'c');
    while (writeSome(writer, new Uint8Array(65_536)) > 0);
    assert.equal(writeSome(writer, 'x'), -1);
    closeFile(writer);
    assert.equal(readToEnd(reader).length, 65_536);
    assert.equal(readSome(reader, 10)?.length, 0);
    closeFile(reader);
  });

  test('a write without a reader is EPIPE', () => {
    const [reader, writer] = makePipe();
    closeFile(reader);
    assert.throws(() => writeAll(writer, 'x'), { message: 'write: broken pipe' });
    closeFile(writer);
    assert.throws(() => closeFile(writer), { message: 'close: bad file descriptor' });
  });

  test('of memory files are read from the start after rewind', () => {
    const file = makeMemoryFile('memory');
    writeAll(file, 'one');
    writeAll(file, 'two');
    assert.equal(readToEnd(file).length, 0);
    rewind(file);
    assert.equal(text(readToEnd(file)), 'onetwo');
    changeOwner(file, effectiveUser().uid, effectiveUser().gid);
    closeFile(file);
  });

  test('are copied under a free number, and not inherited', () => {
    const [reader, writer] = makePipe();
    const copy = copyDescriptor(writer);
    assert.ok(copy > 2 && copy !== reader && copy !== writer);
    assert.match(readText(`/proc/self/fdinfo/${copy}`), /flags:\t02000001/);
    closeFile(writer);
    writeAll(copy, 'x');
    closeFile(copy);
    assert.equal(text(readToEnd(reader)), 'x');
    closeFile(reader);
    assert.throws(() => copyDescriptor(copy), { code: 'EBADF', syscall: 'fcntl' });
  });

  test('are duplicated onto a number', () => {
    const file = makeMemoryFile('memory');
    const target = openFile('/dev/null', O_RDWR);
    duplicate(file, target);
    writeAll(target, 'x');
    assert.equal(fileStatus(file).size, 1);
    closeFile(file);
    closeFile(target);
  });
});

describe('names', () => {
  test('directories are made once', () => {
    const path = workspace.file('made/one/two');
    makeDirectories(path, 0o711);
    makeDirectories(`${path}/`, 0o700);
    assert.equal(fileStatus(path).mode, 0o711);
    assert.equal(makeDirectory(path, 0o700), false);
    assert.equal(makeDirectory(`${path}/three`, 0o700), true);
    assert.deepEqual(listDirectory(path), ['three']);
    assert.deepEqual(listDirectory(`${path}/three`), []);
    writeFile(`${path}/file`, '', 0o600);
    assert.throws(() => makeDirectories(`${path}/file`, 0o700), { code: 'ENOTDIR' });
    assert.throws(() => makeDirectories('', 0o700), { code: 'ENOENT' });
    assert.throws(() => listDirectory(`${path}/missing`), { code: 'ENOENT' });
  });

  test('removal tells whether something was there', () => {
    const path = workspace.file('removed');
    writeFile(path, '', 0o600);
    assert.equal(removeFile(path), true);
    assert.equal(removeFile(path), false);
    makeDirectory(path, 0o700);
    assert.equal(removeDirectory(path), true);
    assert.equal(removeDirectory(path), false);
  });

  test('links are read, renamed and not followed by linkStatus', () => {
    const path = workspace.file('link');
    makeSymlink('/proc/self/größe', path);
    assert.equal(readLink(path), '/proc/self/größe');
    assert.equal(linkStatus(path).type, 'symlink');
    assert.throws(() => fileStatus(path), { code: 'ENOENT' });
    renameFile(path, workspace.file('renamed'));
    assert.equal(readLink(workspace.file('renamed')), '/proc/self/größe');
    assert.throws(() => readLink(path), { message: `readlink ${path}: no such file or directory` });
  });

  test('status tells types and times', () => {
    const fifo = workspace.file('fifo');
    makeFifo(fifo, 0o600);
    changeMode(fifo, 0o640);
    const status = fileStatus(fifo);
    assert.equal(status.type, 'fifo');
    assert.equal(status.mode, 0o640);
    assert.ok(status.modifiedNanos > 1_600_000_000_000_000_000n);
    const opened = openFile(fifo, O_RDONLY | O_NONBLOCK);
    assert.deepEqual(fileStatus(opened), status);
    closeFile(opened);
    assert.equal(fileStatus('/dev/null').type, 'character');
    assert.equal(fileStatus(workspace.path).type, 'directory');
    assert.equal(fileSystemType('/proc'), 0x9fa0);
    assert.throws(() => openFile(fifo, O_WRONLY | O_CREAT | O_EXCL, 0o600), { code: 'EEXIST' });
  });

  test('executables are found in absolute directories only', () => {
    assert.equal(findExecutable('sh', '/nowhere:/bin:/usr/bin'), '/bin/sh');
    assert.equal(findExecutable('sh', '/bin/'), '/bin/sh');
    assert.equal(findExecutable('sh', 'bin:.:'), undefined);
    assert.ok(findExecutable('sh', undefined));
    assert.equal(findExecutable('/bin/sh', ''), '/bin/sh');
    const plain = workspace.file('plain');
    writeFile(plain, '', 0o644);
    assert.equal(findExecutable(plain, undefined), undefined);
    assert.equal(findExecutable(workspace.path, undefined), undefined);
  });
});

describe('removeTree', () => {
  test('removes links and not what they lead to', () => {
    const kept = workspace.file('kept');
    makeDirectory(kept, 0o700);
    writeFile(`${kept}/file`, 'x', 0o600);
    const tree = workspace.file('tree');
    makeDirectories(`${tree}/a/b/c`, 0o700);
    for (let index = 0; index < 200; index += 1) writeFile(`${tree}/a/b/${index}`, '', 0o600);
    makeSymlink(kept, `${tree}/a/link`);
    makeSymlink('../..', `${tree}/a/b/up`);
    makeFifo(`${tree}/a/fifo`, 0o600);
    removeTree(`${tree}/`);
    assert.throws(() => linkStatus(tree), { code: 'ENOENT' });
    assert.equal(readText(`${kept}/file`), 'x');
    makeSymlink(kept, tree);
    removeTree(tree);
    assert.equal(readText(`${kept}/file`), 'x');
    removeTree(tree);
    removeTree(`${tree}/missing/more`);
    assert.throws(() => removeTree(`${kept}/..`), { code: 'EINVAL' });
    removeTree(`${kept}/file`);
    assert.deepEqual(listDirectory(kept), []);
  });

  test('spares what is mounted inside', { skip: effectiveUser().uid !== 0 }, (t) => {
    const tree = workspace.file('mounted');
    const point = `${tree}/a/point`;
    makeDirectories(point, 0o700);
    writeFile(`${tree}/a/file`, '', 0o600);
    try {
      mount('none', point, 'tmpfs', 0, 'size=64k');
    } catch {
      t.skip('mounting is not allowed here');
      return;
    }
    try {
      assert.equal(fileSystemType(point), TMPFS_MAGIC);
      writeFile(`${point}/inside`, 'x', 0o600);
      assert.throws(() => removeTree(tree), { code: 'EBUSY' });
      assert.equal(readText(`${point}/inside`), 'x');
      assert.deepEqual(listDirectory(`${tree}/a`), ['point']);
      assert.throws(() => removeTree(point), { code: 'EBUSY' });
      assert.equal(readText(`${point}/inside`), 'x');
    } finally {
      unmount(point, 0);
    }
    removeTree(tree);
  });
});
