import yargs, { type Argv } from 'yargs';
import { reasonOf } from '../platform/reason.ts';
import { version } from '../version.ts';
import { dump, events, inspect, ps } from './commands.ts';
import { completeIds } from './completeIds.ts';
import { doctor } from './doctor/doctor.ts';
import { CliError, ExitCode } from './exitCode.ts';
import { ReaderGone, Terminal } from './terminal.ts';

/**
 * The program `podshim`, for people. It never starts or changes a container.
 *
 * @param words what follows its name on the command line
 * @returns the exit code
 */
export async function runProgram(words: readonly string[]): Promise<ExitCode> {
  const terminal = new Terminal();
  try {
    const ids = await completeIds(words);
    if (ids === undefined) return await parse(words, terminal);
    terminal.write(ids.map((id) => `${id}\n`).join(''));
    return ExitCode.ok;
  } catch (error) {
    if (error instanceof ReaderGone) return ExitCode.ok;
    const message = reasonOf(error);
    terminal.writeError(`${terminal.errorStyle('red', 'podshim:')} ${message}\n`);
    return error instanceof CliError ? error.exitCode : ExitCode.failed;
  }
}

async function parse(words: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let exitCode: ExitCode = ExitCode.ok;
  const finish = async (command: Promise<ExitCode>): Promise<void> => {
    exitCode = await command;
  };
  const program = yargs([...words])
    .scriptName('podshim')
    .usage('$0 COMMAND\n\nLooks at the podshim servers of this machine.')
    .option('json', { type: 'boolean', default: false, describe: 'Print JSON' })
    .option('namespace', {
      alias: 'n',
      type: 'string',
      describe: 'Only this containerd namespace, such as k8s.io or moby',
      requiresArg: true,
    })
    .command(
      'ps',
      'Every server with its containers, as a tree',
      (args) => args.option('full', { type: 'boolean', default: false, describe: 'Ids in full' }),
      ({ json, namespace, full }) => finish(ps(terminal, { json, namespace, full })),
    )
    .command(
      'inspect <id>',
      'All that is known of one container',
      (args) => withId(args),
      ({ json, namespace, id }) => finish(inspect(terminal, { json, namespace, id })),
    )
    .command(
      'dump <id>',
      "The server's dump, as SIGUSR1 makes it write one",
      (args) => withId(args),
      ({ json, namespace, id }) => finish(dump(terminal, { json, namespace, id })),
    )
    .command(
      'events <id>',
      'What the server did last, and what it does until Ctrl-C',
      (args) =>
        withId(args).option('follow', {
          alias: 'f',
          type: 'boolean',
          default: true,
          describe: 'Go on; --no-follow ends after what has happened',
        }),
      ({ json, namespace, id, follow }) =>
        finish(events(terminal, { json, namespace, id, follow })),
    )
    .command(
      'doctor',
      'What would keep podshim from working here, and how to mend it',
      (args) => args,
      ({ json }) => finish(doctor(terminal, json)),
    )
    .completion('completion', 'The completion script for bash or zsh')
    .demandCommand(1, 1, 'Which command? podshim --help lists them.', 'One command at a time.')
    .strict()
    .recommendCommands()
    .version(version)
    .help()
    .alias('help', 'h')
    .detectLocale(false)
    .wrap(terminal.columns)
    .exitProcess(false)
    .fail((message, error) => {
      // Without an error it is yargs that objects: to the command line.
      throw error ?? new CliError(`${message}\nSee podshim --help.`, ExitCode.usage);
    });
  await program.parseAsync();
  return exitCode;
}

function withId<T>(args: Argv<T>): Argv<T & { id: string }> {
  return args.positional('id', {
    type: 'string',
    demandOption: true,
    describe: "A container's id, or the beginning of it",
  });
}
