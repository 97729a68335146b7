import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../setup/command.mjs';

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * apt with lists and a cache of its own below `directory`: it knows other suites than the machine's apt, and can
 * download but not install. Nothing of the system is changed.
 */
export class PrivateApt {
  #directory;
  #options;

  constructor(directory, { address, suites }) {
    this.#directory = directory;
    for (const name of ['lists/partial', 'cache/archives/partial']) {
      mkdirSync(join(directory, name), { recursive: true });
    }
    const sources = join(directory, 'sources.list');
    const signed = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : '';
    writeFileSync(
      sources,
      suites.map((suite) => `deb ${signed}${address} ${suite} main\n`).join(''),
    );
    this.#options = [
      `-oDir::Etc::sourcelist=${sources}`,
      '-oDir::Etc::sourceparts=/dev/null',
      `-oDir::State::Lists=${join(directory, 'lists')}`,
      `-oDir::Cache=${join(directory, 'cache')}`,
      '-oAcquire::Languages=none',
      '-oAPT::Sandbox::User=root',
      '-qq',
    ];
  }

  update() {
    run('apt-get', [...this.#options, 'update']);
  }

  /** Downloads packages of one suite and returns their paths by name. */
  download(suite, packages) {
    const directory = join(this.#directory, 'packages', suite);
    mkdirSync(directory, { recursive: true });
    const words = packages.map((name) => `${name}/${suite}`);
    run('apt-get', [...this.#options, 'download', ...words], { cwd: directory });
    const files = readdirSync(directory);
    return new Map(
      packages.map((name) => {
        const file = files.find((candidate) => candidate.startsWith(`${name}_`));
        return [name, join(directory, file)];
      }),
    );
  }
}
