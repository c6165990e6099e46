// What a cell left behind, for its conditions to look at: the files, the datagrams, and what tshark
// finds inside of them with the secrets that the endpoints logged.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Chroot } from '../lib/debian.ts'
import { run } from '../lib/process.ts'
import type { Capture, Direction } from './capture.ts'
import { isFile, writeAnew } from './folders.ts'
import { parseDatagram } from './packets.ts'
import type { Packet } from './packets.ts'

/** A condition does not hold. */
export class ConditionError extends Error {}
/** A condition cannot be looked at: the case does not count. */
export class NotCheckableError extends Error {}

/** A file that was to be fetched. */
export interface ExpectedFile {
  readonly name: string
  /** Where the original is. */
  readonly path: string
}

/** One frame of tshark: the index of its datagram in the capture, and the fields asked for. */
export interface Row {
  readonly index: number
  readonly direction: Direction
  /** Every occurrence in the datagram, by the field's name. */
  readonly fields: ReadonlyMap<string, readonly string[]>
}

export interface EvidenceOptions {
  readonly chroot: Chroot
  /** The cell's folder, visible in the chroot. */
  readonly folder: string
  readonly capture: Capture
  readonly serverPorts: readonly number[]
  readonly downloads: string
  readonly files: readonly ExpectedFile[]
}

const TSHARK_LIMIT = 120_000

export class Evidence {
  readonly capture: Capture
  readonly downloads: string
  readonly files: readonly ExpectedFile[]
  readonly #options: EvidenceOptions
  readonly #packets: (readonly Packet[])[]
  readonly #hasKeys: boolean

  /** Writes `capture.pcap` and `keys.log` into the folder. */
  constructor(options: EvidenceOptions) {
    this.#options = options
    this.capture = options.capture
    this.downloads = options.downloads
    this.files = options.files
    this.#packets = options.capture.datagrams.map(({ bytes }) => parseDatagram(bytes))
    options.capture.write(join(options.folder, 'capture.pcap'))
    const lines = new Set(['server', 'client'].flatMap((role) => keyLines(options.folder, role)))
    writeAnew(options.folder, 'keys.log', [...lines].map((line) => `${line}\n`).join(''))
    this.#hasKeys = [...lines].some((line) => line.startsWith('SERVER_HANDSHAKE_TRAFFIC_SECRET'))
  }

  /** The packets of each datagram, without what keys would show. */
  packets(direction: Direction): { readonly index: number; readonly packet: Packet }[] {
    return this.capture.datagrams.flatMap((datagram, index) =>
      datagram.direction === direction
        ? this.#packets[index].map((packet) => ({ index, packet }))
        : [],
    )
  }

  /** The packets of one datagram. */
  packetsOf(index: number): readonly Packet[] {
    return this.#packets[index]
  }

  /**
   * Frames that `filter` lets through, with `fields`. With `keys` (the default) it throws
   * NotCheckableError when no endpoint logged its secrets: only Initial packets open without.
   */
  async decode(filter: string, fields: readonly string[], keys = true): Promise<Row[]> {
    if (keys && !this.#hasKeys) throw new NotCheckableError('neither side logged its secrets')
    const { chroot, folder, serverPorts } = this.#options
    const argv = [
      '/usr/bin/tshark',
      '-n',
      '-r',
      join(folder, 'capture.pcap'),
      '-o',
      `tls.keylog_file:${join(folder, 'keys.log')}`,
      ...serverPorts.flatMap((port) => ['-d', `udp.port==${port},quic`]),
      '-Y',
      filter,
      '-T',
      'fields',
      '-E',
      'separator=/t',
      ...['frame.number', ...fields].flatMap((field) => ['-e', field]),
    ]
    const result = await run(chroot.command(...argv), { timeout: TSHARK_LIMIT })
    if (result.status !== 0) throw new Error(`tshark failed: ${result.stderr.slice(-500)}`)
    return result.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        const [number, ...columns] = line.split('\t')
        const index = Number(number) - 1
        return {
          index,
          direction: this.capture.datagrams[index].direction,
          fields: new Map(
            fields.map((field, i) => [field, columns[i] ? columns[i].split(',') : []]),
          ),
        }
      })
  }
}

function keyLines(folder: string, role: string): string[] {
  const path = join(folder, role, 'keys.log')
  if (!isFile(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}
