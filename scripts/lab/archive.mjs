import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError } from '../setup/command.mjs';

const APT = '/etc/apt';
const ARCHIVE_PATH = /^(https?|mirror\+\w+|file|copy):\/?.*\/debian\/?$/;

/** The address of the Debian archive that this machine's apt uses: the first in its sources whose path ends in /debian. */
export function archiveAddress() {
  const address = sourceFiles()
    .flatMap((path) => addresses(readFileSync(path, 'utf8')))
    .find((candidate) => ARCHIVE_PATH.test(candidate));
  if (address === undefined) {
    throw new SetupError(
      "apt's sources name no Debian archive (an address that ends in /debian); other versions cannot be downloaded",
    );
  }
  return address;
}

function sourceFiles() {
  const parts = join(APT, 'sources.list.d');
  const names = existsSync(parts) ? readdirSync(parts).sort() : [];
  return [join(APT, 'sources.list'), ...names.map((name) => join(parts, name))].filter(
    (path) => /\.(list|sources)$/.test(path) && existsSync(path),
  );
}

/** Both forms: `deb [options] ADDRESS suite component` and `URIs: ADDRESS...`. */
function addresses(text) {
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(?:deb\s+(?:\[[^\]]*\]\s*)?|URIs:\s*)(.*)$/.exec(line);
    return match === null ? [] : match[1].trim().split(/\s+/);
  });
}
