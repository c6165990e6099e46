// What the matrix knows of an implementation: how to set it up, and how to start it in a role for a
// test case. One folder under interop/peers/ for each, `peer.ts` in it exports a `Peer`.

import type { Chroot, Log } from './debian.ts'

/** Names of test cases, as the QUIC interop runner spells them in TESTCASE. */
export type CaseName = string

/**
 * What runs over QUIC: HTTP/0.9 (`GET /path` and CRLF on a stream; the answer is the file and FIN), as
 * in all cases of the public runner but `http3`; or HTTP/3, which most finished products only speak.
 */
export type Alpn = 'hq-interop' | 'h3'

/** What a server is started with. It accepts every protocol that it speaks. */
export interface ServerTask {
  readonly testcase: CaseName
  /** Address and UDP port to listen on. */
  readonly address: string
  readonly port: number
  /** Folder to serve. */
  readonly www: string
  /** PEM files: the chain, leaf first, and its key. */
  readonly cert: string
  readonly key: string
  /** Folder for logs of this cell; `keys.log` in it takes SSLKEYLOGFILE lines, `qlog/` takes qlogs. */
  readonly logs: string
  /**
   * For `connectionmigration`: the address that it offers as preferred_address and listens on too.
   * Default: `address` and the port after `port`.
   */
  readonly preferred?: { readonly address: string; readonly port: number }
}

/** What a client is started with. */
export interface ClientTask {
  readonly testcase: CaseName
  /** What to speak. Default: h3 for `http3`, else the first of the client's `protocols`. */
  readonly alpn?: Alpn
  /** `https://server:port/path`, to be fetched as the case says. */
  readonly urls: readonly string[]
  /** Where to connect whatever the URL's host resolves to. */
  readonly address: string
  readonly port: number
  /** Files are written here under the last part of their path. */
  readonly downloads: string
  /** What to trust. */
  readonly ca: string
  readonly logs: string
}

/** A command to run; the runner adds time limits and ends it with all its children. */
export interface Command {
  readonly argv: readonly string[]
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** For servers: output that says it is ready. Absent: ready when its UDP port is bound. */
  readonly ready?: RegExp
}

/** An implementation. A role that it lacks is absent. */
export interface Peer {
  readonly name: string
  /** Debian packages that it needs in the chroot. */
  readonly packages: readonly string[]
  /** What it speaks in both roles, preferred first. Absent: hq-interop and h3. */
  readonly protocols?: readonly Alpn[]
  /**
   * Its client looks at six certificates at most between a server's and a trusted one, as verifiers
   * after Mozilla's do. The chain of nine in `amplificationlimit` is the public runner's, whose clients
   * do not verify it; this one is given a trusted certificate in the middle.
   */
  readonly shortChains?: boolean
  /**
   * Builds or fetches what it needs beyond packages, into the chroot's shared folder; does nothing
   * when that is there. Rejects with the reason when it cannot be had here.
   */
  setup(chroot: Chroot, log: Log): Promise<void>
  /** The version, from the installed thing itself. */
  version(chroot: Chroot): Promise<string>
  /** The command for a case, or null when this implementation does not support it. */
  readonly server?: (chroot: Chroot, task: ServerTask) => Command | null
  readonly client?: (chroot: Chroot, task: ClientTask) => Command | null
}
