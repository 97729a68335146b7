/**
 * A command as a daemon with settings of its own would start it: limits of open files, niceness and umask that no shim
 * has by itself. A shell stays between, so that the parent has the same limits: under Node the shim can only look there.
 */
export function asDaemon(command: readonly string[]): readonly string[] {
  const script = 'umask 027; "$0" "$@"; exit $?';
  return ['prlimit', '--nofile=1024:4096', 'nice', '-n', '3', 'sh', '-c', script, ...command];
}
