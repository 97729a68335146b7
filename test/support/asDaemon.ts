/**
 * A command as a daemon with settings of its own would start it: limits of open files, niceness, umask and ignored
 * signals that no shim has by itself. A shell stays between, so that the parent has the same limits: under Node the shim can only look there.
 */
export function asDaemon(command: readonly string[], umask = '027'): readonly string[] {
  const script = `trap "" HUP USR2; umask ${umask}; "$0" "$@"; exit $?`;
  return ['prlimit', '--nofile=1024:4096', 'nice', '-n', '3', 'sh', '-c', script, ...command];
}
