// What must be true after a cell, of files and of packets. Every one throws ConditionError with what was
// seen instead. Those that count packets, connection IDs, versions and bytes read unprotected headers;
// the others ask tshark.

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Direction } from './capture.ts'
import { ConditionError } from './evidence.ts'
import type { Evidence } from './evidence.ts'
import { isFile } from './folders.ts'
import { VERSION_1, VERSION_2 } from './packets.ts'
import type { PacketKind } from './packets.ts'

export type Condition = (evidence: Evidence) => void | Promise<void>

function must(condition: boolean, seen: string): asserts condition {
  if (!condition) throw new ConditionError(seen)
}

/** Every file arrived, whole and unchanged. */
export const complete: Condition = ({ downloads, files }) => {
  const missing = files.filter(({ name }) => !isFile(join(downloads, name)))
  must(missing.length === 0, `${missing.length} of ${files.length} files did not arrive`)
  for (const { name, path } of files) {
    const [got, wanted] = [readFileSync(join(downloads, name)), readFileSync(path)]
    must(got.equals(wanted), `${name} differs: ${got.length} bytes, expected ${wanted.length}`)
  }
}

/** The versions of packets of one kind. */
function versions(evidence: Evidence, direction: Direction, kind: PacketKind): string[] {
  const found = evidence
    .packets(direction)
    .filter(({ packet }) => packet.kind === kind)
    .map(({ packet }) => packet.version)
  return [...new Set(found)].map((version) => `0x${version.toString(16)}`)
}

const V1 = `0x${VERSION_1.toString(16)}`
const V2 = `0x${VERSION_2.toString(16)}`

/** The server's Initial packets have version 1. */
export const version1: Condition = (evidence) => {
  const seen = versions(evidence, 'to-client', 'initial')
  must(seen.length === 1 && seen[0] === V1, `Initial packets of versions ${seen.join(', ')}`)
}

/** As many connections as the server chose connection IDs for in its Initial packets. */
export const handshakes =
  (count: number): Condition =>
  (evidence) => {
    const seen = serverConnectionIds(evidence).length
    must(seen === count, `${seen} handshakes, expected ${count}`)
  }

function serverConnectionIds(evidence: Evidence): string[] {
  const initials = evidence.packets('to-client').filter(({ packet }) => packet.kind === 'initial')
  return [...new Set(initials.map(({ packet }) => packet.source))]
}

export const withoutRetry: Condition = (evidence) => {
  const seen = evidence.packets('to-client').some(({ packet }) => packet.kind === 'retry')
  must(!seen, 'the server sent a Retry')
}

/** The client sent the start of its ClientHello at least `count` times. */
export const clientHellos =
  (count: number): Condition =>
  async (evidence) => {
    const rows = await evidence.decode('quic.crypto.offset == 0', ['quic.crypto.offset'], false)
    const seen = rows.filter(
      ({ index, direction }) =>
        direction === 'to-server' &&
        evidence.packetsOf(index).some(({ kind }) => kind === 'initial'),
    ).length
    must(seen >= count, `${seen} ClientHellos, expected ${count} at least`)
  }

/** TLS_EMPTY_RENEGOTIATION_INFO_SCSV, RFC 5746 §3.3: a signal, no suite. */
const SIGNALLING_SUITE = '0x00ff'

/** Every ClientHello offers `suite` and nothing else. */
export const onlyCipherSuite =
  (suite: string): Condition =>
  async (evidence) => {
    const field = 'tls.handshake.ciphersuite'
    const rows = await evidence.decode('tls.handshake.type == 1', [field], false)
    const offers = rows.map(({ fields }) =>
      (fields.get(field) ?? []).filter((offer) => offer !== SIGNALLING_SUITE).join(' '),
    )
    must(offers.length > 0, 'no ClientHello was found')
    const other = offers.find((offer) => offer !== suite)
    must(other === undefined, `the ClientHello offers ${other}`)
  }

/** The server permits at most `limit` streams at first. */
export const firstStreamLimit =
  (limit: number): Condition =>
  async (evidence) => {
    const field = 'tls.quic.parameter.initial_max_streams_bidi'
    const rows = await evidence.decode(field, [field])
    const values = rows
      .filter(({ direction }) => direction === 'to-client')
      .flatMap(({ fields }) => fields.get(field) ?? [])
    must(values.length > 0, "the server's stream limit was not found")
    must(
      values.every((value) => Number(value) <= limit),
      `the server permits ${values.join(', ')} streams at first, at most ${limit} are wanted`,
    )
  }

/** A Retry came, its token is used, and packet numbers go on counting. */
export const retryFollowed: Condition = async (evidence) => {
  const retries = evidence.packets('to-client').filter(({ packet }) => packet.kind === 'retry')
  const tokens = retries.map(({ packet }) => packet.token)
  must(tokens.length > 0, 'no Retry was sent')
  must(
    tokens.every((token) => token !== ''),
    'a Retry has no token',
  )
  const field = 'quic.packet_number'
  const rows = await evidence.decode('quic.long.packet_type == 0', [field], false)
  let before = -1
  for (const { index, direction, fields } of rows) {
    const initial = evidence.packetsOf(index).find(({ kind }) => kind === 'initial')
    if (direction !== 'to-server' || initial === undefined) continue
    const number = Number(fields.get(field)?.[0] ?? -1)
    if (initial.token === '') {
      before = Math.max(before, number)
      continue
    }
    must(number > before, `packet number ${number} after the Retry, ${before} before it`)
    if (tokens.includes(initial.token)) return
  }
  must(false, 'no Initial packet has the token of the Retry')
}

/** The first connection has a Certificate message of the server, the second none. */
export const secondWithoutCertificate: Condition = async (evidence) => {
  const rows = await evidence.decode('tls.handshake.type == 11', [])
  const withCertificate = new Set(
    rows
      .filter(({ direction }) => direction === 'to-client')
      .flatMap(({ index }) => evidence.packetsOf(index))
      .filter(({ kind }) => kind === 'handshake')
      .map(({ source }) => source),
  )
  const [first, second] = serverConnectionIds(evidence)
  must(withCertificate.has(first), 'the first handshake has no Certificate')
  must(!withCertificate.has(second), 'the second handshake has a Certificate: not resumed')
}

/** 0-RTT packets were sent, and not more than half of `bytes` of requests after the handshake. */
export const requestsInZeroRtt =
  (bytes: number): Condition =>
  (evidence) => {
    // A short header shows neither its connection ID, which the server chose, nor its packet number.
    const hidden = (serverConnectionIds(evidence)[0] ?? '').length / 2 + 1
    let [early, late] = [0, 0]
    for (const { packet } of evidence.packets('to-server')) {
      if (packet.kind === '0-rtt') early += packet.length
      else if (packet.kind === '1-rtt') late += packet.length - hidden
    }
    must(early > 0, 'no 0-RTT packet was sent')
    must(late <= bytes / 2, `${late} bytes in 1-RTT packets of the client, ${early} in 0-RTT`)
  }

/** Both sides sent packets with the key phase bit set. */
export const bothKeyPhases: Condition = async (evidence) => {
  const rows = await evidence.decode('quic.key_phase == 1', [])
  const count = (direction: Direction): number =>
    rows.filter((row) => row.direction === direction).length
  const [client, server] = [count('to-server'), count('to-client')]
  must(client > 0 && server > 0, `in phase 1: ${client} packets of the client, ${server} back`)
}

/** RFC 3168 §5. */
const CE = 3

/** Both sides marked packets, none arrived with CE, and both reported marks. */
export const ecnMarked: Condition = async (evidence) => {
  for (const [direction, who] of [
    ['to-server', 'client'],
    ['to-client', 'server'],
  ] as const) {
    const marks = evidence.capture.datagrams
      .filter((datagram) => datagram.direction === direction)
      .map(({ ecn }) => ecn)
    must(
      marks.some((mark) => mark !== 0),
      `the ${who} marked no packet`,
    )
    must(!marks.includes(CE), `packets of the ${who} have CE`)
  }
  const rows = await evidence.decode('quic.ack.ect0_count', [])
  for (const [direction, who] of [
    ['to-server', 'client'],
    ['to-client', 'server'],
  ] as const) {
    must(
      rows.some((row) => row.direction === direction),
      `the ${who} sent no ACK with ECN counts`,
    )
  }
}

/** The server's handshake has at least `bytes` bytes: it uses the long chain. */
export const largeHandshake =
  (bytes: number): Condition =>
  async (evidence) => {
    const fields = ['quic.crypto.offset', 'quic.crypto.length']
    const rows = await evidence.decode('quic.crypto.offset', fields)
    let seen = 0
    for (const row of rows) {
      if (row.direction !== 'to-client') continue
      const [offsets, lengths] = fields.map((field) => row.fields.get(field) ?? [])
      offsets.forEach((offset, i) => {
        seen = Math.max(seen, Number(offset) + Number(lengths[i]))
      })
    }
    must(seen >= bytes, `${seen} bytes in CRYPTO frames of the server, ${bytes} wanted`)
  }

/**
 * Until the client has proved its address (RFC 9000 §8.1: a Handshake packet, or a connection ID of the
 * server's with 64 bits) the server sends no more than three times what it got. The public runner lets
 * it slide up to four times, and so does this.
 */
export const withinAmplificationLimit: Condition = (evidence) => {
  const TOLERANCE = 4
  const long = new Set(serverConnectionIds(evidence).filter((id) => id.length >= 16))
  let [received, sent] = [0, 0]
  for (const [index, { direction, bytes }] of evidence.capture.datagrams.entries()) {
    const [packet] = evidence.packetsOf(index)
    if (direction === 'to-server') {
      const validated =
        packet.kind === 'handshake' || (packet.kind === 'initial' && long.has(packet.destination))
      if (validated) return
      if (packet.kind === 'initial') received += bytes.length
      continue
    }
    must(packet.kind !== 'version-negotiation', 'the server sent Version Negotiation')
    sent += bytes.length
    must(sent < TOLERANCE * received, `the server sent ${sent} bytes for ${received}`)
  }
  must(false, 'the client sent no Handshake packet')
}

/** RFC 9368: the client starts with version 1, the server answers and both go on with version 2. */
export const negotiatedVersion2: Condition = (evidence) => {
  const first = versions(evidence, 'to-server', 'initial')
  must(first.includes(V1), `the client's Initial packets have versions ${first.join(', ')}`)
  const answer = versions(evidence, 'to-client', 'initial')
  must(answer.includes(V2), `the server's Initial packets have versions ${answer.join(', ')}`)
  for (const direction of ['to-server', 'to-client'] as const) {
    const seen = versions(evidence, direction, 'handshake')
    must(
      seen.length === 1 && seen[0] === V2,
      `Handshake packets ${direction} have versions ${seen.join(', ')}`,
    )
  }
}

/** Version Negotiation answers the client's first packet: RFC 9000 §17.2.1. */
export const versionNegotiated: Condition = (evidence) => {
  const [first] = evidence.packets('to-server')
  must(first !== undefined, 'the client sent nothing')
  const answers = evidence
    .packets('to-client')
    .filter(({ packet }) => packet.kind === 'version-negotiation')
  must(answers.length > 0, 'no Version Negotiation was sent')
  must(
    answers.some(({ packet }) => packet.source === first.packet.destination),
    "no Version Negotiation has the client's Destination Connection ID as its source",
  )
}

/** Both ends of a datagram, as the server sees them. */
const pathOf = ({ capture }: Evidence, index: number): string => {
  const { direction, from, to } = capture.datagrams[index]
  const [client, server] = direction === 'to-server' ? [from, to] : [to, from]
  return `${client.address}:${client.port} ${server.address}:${server.port}`
}

/** The data of PATH_CHALLENGE frames by datagram, and of every PATH_RESPONSE of the client. */
async function pathFrames(
  evidence: Evidence,
): Promise<{ challenges: ReadonlyMap<number, readonly string[]>; answered: ReadonlySet<string> }> {
  const challenge = 'quic.path_challenge.data'
  const response = 'quic.path_response.data'
  const rows = await evidence.decode(`${challenge} || ${response}`, [challenge, response])
  const ofClient = rows.filter(({ direction }) => direction === 'to-server')
  return {
    challenges: new Map(rows.map((row) => [row.index, row.fields.get(challenge) ?? []])),
    answered: new Set(ofClient.flatMap(({ fields }) => fields.get(response) ?? [])),
  }
}

/** Datagrams of the server by path, in the order in which the paths were first used. */
function serverDatagramsByPath(evidence: Evidence): Map<string, number[]> {
  const paths = new Map<string, number[]>()
  for (const [index, { direction }] of evidence.capture.datagrams.entries()) {
    if (direction !== 'to-client') continue
    const path = pathOf(evidence, index)
    const indices = paths.get(path)
    if (indices === undefined) paths.set(path, [index])
    else indices.push(index)
  }
  must(paths.size > 1, 'the server sent on one path only')
  return paths
}

/**
 * The first packet of the server on every new path has a PATH_CHALLENGE, and each of those is answered
 * (RFC 9000 §8.2, §9.3).
 */
export const pathsValidatedAtOnce: Condition = async (evidence) => {
  const { challenges, answered } = await pathFrames(evidence)
  for (const [path, [first]] of [...serverDatagramsByPath(evidence)].slice(1)) {
    const data = challenges.get(first) ?? []
    must(data.length > 0, `the server's first packet on ${path} has no PATH_CHALLENGE`)
    must(
      data.every((one) => answered.has(one)),
      `PATH_CHALLENGE on ${path} was not answered`,
    )
  }
}

/**
 * On every new path some PATH_CHALLENGE of the server is answered. The public runner wants it in the first
 * packet here too; but a client that moves on purpose probes first, and RFC 9000 §9.1 lets a server answer
 * a probe without one of its own.
 */
export const pathsValidated: Condition = async (evidence) => {
  const { challenges, answered } = await pathFrames(evidence)
  for (const [path, indices] of [...serverDatagramsByPath(evidence)].slice(1)) {
    const data = indices.flatMap((index) => challenges.get(index) ?? [])
    must(data.length > 0, `the server sent no PATH_CHALLENGE on ${path}`)
    must(
      data.some((one) => answered.has(one)),
      `no PATH_CHALLENGE on ${path} was answered`,
    )
  }
}

export const clientAddressesChanged: Condition = ({ capture }) => {
  const sent = capture.datagrams.filter(({ direction }) => direction === 'to-client')
  const seen = new Set(sent.map(({ to }) => to.address))
  must(seen.size > 1, 'the server sent to one address only')
}

/** The first packet of the client to another address of the server has another connection ID. */
export const newConnectionIdOnNewPath: Condition = async (evidence) => {
  const field = 'quic.dcid'
  const rows = await evidence.decode('quic', [field])
  let last: { readonly path: string; readonly id: string } | null = null
  for (const { index, direction, fields } of rows) {
    if (direction !== 'to-server') continue
    const now = { path: pathOf(evidence, index), id: fields.get(field)?.[0] ?? '' }
    must(
      last === null || last.path === now.path || last.id !== now.id,
      `the client used connection ID ${now.id} on two paths`,
    )
    last = now
  }
}
