// Small shell programs around finished clients, for what those do not do by themselves.

import type { Chroot } from '../../lib/debian.ts'
import type { ClientTask, Command } from '../../lib/peer.ts'

/** Runs `argv` with one URL after another appended: a new process is a new connection. */
export function oncePerUrl(argv: readonly string[], urls: readonly string[]): Command {
  const script = 'set -f; for url in $URLS; do "$@" "$url" || exit 1; done'
  return { argv: ['sh', '-c', script, 'sh', ...argv], env: { URLS: urls.join(' ') } }
}

/** Fails when fewer files than URLs are there at the end, for clients that end with 0 in any case. */
export function countingFiles(command: Command, task: ClientTask): Command {
  const script = '"$@" || exit 1; [ "$(ls "$DOWNLOADS" | wc -l)" -ge "$FILES" ]'
  return {
    argv: ['sh', '-c', script, 'sh', ...command.argv],
    env: { ...command.env, DOWNLOADS: task.downloads, FILES: String(task.urls.length) },
  }
}

/**
 * Runs a server that leaves SIGTERM to its default in the chroot. There a command is process 1 of its
 * namespace, for which the default is to ignore it: the shell takes that place.
 */
export function endingOnTerm(chroot: Chroot, argv: readonly string[]): string[] {
  return chroot.command('sh', '-c', '"$@"; exit $?', 'sh', ...argv)
}
