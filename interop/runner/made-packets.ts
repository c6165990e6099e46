// Packets of version 1 and their secrets, made up for tests of conditions. They are sealed as RFC 9001 says,
// with node:crypto alone, so that tshark opens them; the handshakes in them prove nothing.

import { createCipheriv, createHash, createHmac } from 'node:crypto'
import type { Direction } from './capture.ts'

const SALT = Buffer.from('38762cf7f55934b34d179ae6a4c80cadccbb7f0a', 'hex') // RFC 9001 §5.2
const RETRY_KEY = Buffer.from('be0c690b9f66575a1d766b54e368c84e', 'hex') // RFC 9001 §5.8
const RETRY_NONCE = Buffer.from('461599d35d632bf2239825bb', 'hex')
const AES_128_GCM_SHA256 = 0x1301

/** A connection ID of eight equal bytes. */
export const id = (value: number): Buffer => Buffer.alloc(8, value)

const u16 = (value: number): Buffer => Buffer.of(value >> 8, value & 255)
const u24 = (value: number): Buffer => Buffer.of(value >> 16, (value >> 8) & 255, value & 255)
const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)])
const sized = (bytes: Buffer): Buffer => Buffer.concat([Buffer.of(bytes.length), bytes])
/** A variable-length integer below 2^30. */
const varint = (value: number): Buffer => {
  if (value < 64) return Buffer.of(value)
  return value < 16_384 ? u16(0x4000 | value) : u32((0x8000_0000 | value) >>> 0)
}

export const ping = Buffer.of(1)
export const crypto = (offset: number, data: Buffer): Buffer =>
  Buffer.concat([Buffer.of(6), varint(offset), varint(data.length), data])
export const pathChallenge = (data: number): Buffer => Buffer.concat([Buffer.of(0x1a), id(data)])
export const pathResponse = (data: number): Buffer => Buffer.concat([Buffer.of(0x1b), id(data)])
/** Acknowledges packet 0; with ECN counts, if `ect0` is given. */
export const ack = (ect0?: number): Buffer =>
  ect0 === undefined ? Buffer.of(2, 0, 0, 0, 0) : Buffer.of(3, 0, 0, 0, 0, ect0, 0, 0)
export const newConnectionId = (sequence: number, value: Buffer): Buffer =>
  Buffer.concat([Buffer.of(0x18, sequence, 0), sized(value), Buffer.alloc(16, 7)])

const message = (type: number, ...parts: Buffer[]): Buffer => {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.of(type), u24(body.length), body])
}
const extension = (type: number, body: Buffer): Buffer =>
  Buffer.concat([u16(type), u16(body.length), body])
const extensions = (...list: Buffer[]): Buffer => {
  const body = Buffer.concat(list)
  return Buffer.concat([u16(body.length), body])
}
const VERSIONS = 43
const TRANSPORT_PARAMETERS = 57

/** With `limit` as initial_max_streams_bidi (8), if it is given. */
export const encryptedExtensions = (limit?: number): Buffer => {
  const value = limit === undefined ? Buffer.alloc(0) : varint(limit)
  const parameter = limit === undefined ? value : Buffer.concat([Buffer.of(8), sized(value)])
  return message(8, extensions(extension(TRANSPORT_PARAMETERS, parameter)))
}
/** Without a certificate in it. */
export const certificate = message(11, Buffer.of(0), u24(0))

interface Keys {
  readonly key: Buffer
  readonly iv: Buffer
  readonly hp: Buffer
}

/** HKDF-Expand-Label of RFC 8446 §7.1; one block of SHA-256 is enough. */
function expand(secret: Buffer, label: string, length: number): Buffer {
  const info = [u16(length), sized(Buffer.from(`tls13 ${label}`)), Buffer.of(0, 1)]
  return createHmac('sha256', secret).update(Buffer.concat(info)).digest().subarray(0, length)
}

const keysOf = (secret: Buffer): Keys => ({
  key: expand(secret, 'quic key', 16),
  iv: expand(secret, 'quic iv', 12),
  hp: expand(secret, 'quic hp', 16),
})

/** `header` ends with a packet number of four bytes. */
function seal(header: Buffer, number: number, frames: readonly Buffer[], keys: Keys): Buffer {
  const nonce = Buffer.from(keys.iv)
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ number) >>> 0, 8)
  const cipher = createCipheriv('aes-128-gcm', keys.key, nonce).setAAD(header)
  const payload = [cipher.update(Buffer.concat(frames)), cipher.final()]
  const sealed = Buffer.concat([...payload, cipher.getAuthTag()])
  const mask = createCipheriv('aes-128-ecb', keys.hp, null).update(sealed.subarray(0, 16))
  const packet = Buffer.concat([header, sealed])
  packet[0] ^= mask[0] & ((header[0] & 0x80) === 0 ? 0x1f : 0x0f)
  for (let i = 0; i < 4; i++) packet[header.length - 4 + i] ^= mask[1 + i]
  return packet
}

const KINDS = { initial: 0, '0-rtt': 1, handshake: 2 } as const
const TAG = 16

/** The header of a packet whose `length` further bytes nobody opens. */
export function bare(
  kind: keyof typeof KINDS,
  destination: number,
  source: number,
  length: number,
  version = 1,
): Buffer {
  // RFC 9369 §3.2: version 2 counts from another one.
  const type = version === 1 ? KINDS[kind] : KINDS[kind] + 1
  const ids = Buffer.concat([sized(id(destination)), sized(id(source))])
  const token = kind === 'initial' ? Buffer.of(0) : Buffer.alloc(0)
  const head = [Buffer.of(0xc0 | (type << 4)), u32(version), ids, token, varint(length)]
  return Buffer.concat([...head, Buffer.alloc(length)])
}

/** A short header and `length` further bytes. */
export const bareShort = (length: number): Buffer =>
  Buffer.concat([Buffer.of(0x40), Buffer.alloc(length)])

export function versionNegotiation(destination: number, source: number): Buffer {
  const ids = [sized(id(destination)), sized(id(source))]
  return Buffer.concat([Buffer.of(0xc0), u32(0), ...ids, u32(1)])
}

export class MadeConnection {
  /** Lines of SSLKEYLOGFILE. */
  readonly keyLog: readonly string[]
  readonly #random: Buffer
  readonly #client: Buffer
  readonly #server: Buffer
  readonly #secrets: ReadonlyMap<string, Buffer>
  readonly #first: Buffer
  /** What the client's Initial packets go to, and their keys come from. */
  #initial: Buffer

  /** Connection IDs and secrets follow from `seed`, which counts in tens. */
  constructor(seed: number) {
    const made = (label: string): Buffer => createHash('sha256').update(`${seed} ${label}`).digest()
    this.#random = made('random')
    this.#client = id(seed)
    this.#server = id(seed + 1)
    this.#first = id(seed + 2)
    this.#initial = this.#first
    this.#secrets = new Map(
      [
        'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
        'SERVER_HANDSHAKE_TRAFFIC_SECRET',
        'CLIENT_TRAFFIC_SECRET_0',
        'SERVER_TRAFFIC_SECRET_0',
      ].map((label) => [label, made(label)]),
    )
    this.keyLog = [...this.#secrets].map(
      ([label, secret]) => `${label} ${this.#random.toString('hex')} ${secret.toString('hex')}`,
    )
  }

  clientHello(suites: readonly number[] = [AES_128_GCM_SHA256]): Buffer {
    const list = Buffer.concat(suites.map(u16))
    return message(
      1,
      Buffer.of(3, 3),
      this.#random,
      Buffer.of(0),
      u16(list.length),
      list,
      Buffer.of(1, 0),
      extensions(
        extension(VERSIONS, Buffer.of(2, 3, 4)),
        extension(TRANSPORT_PARAMETERS, Buffer.concat([Buffer.of(15), sized(this.#client)])),
      ),
    )
  }

  serverHello(): Buffer {
    const head = [Buffer.of(3, 3), this.#random, Buffer.of(0), u16(AES_128_GCM_SHA256)]
    return message(2, ...head, Buffer.of(0), extensions(extension(VERSIONS, Buffer.of(3, 4))))
  }

  initial(direction: Direction, number: number, frames: readonly Buffer[], token = ''): Buffer {
    const secret = createHmac('sha256', SALT).update(this.#initial).digest()
    const label = direction === 'to-server' ? 'client in' : 'server in'
    const keys = keysOf(expand(secret, label, 32))
    return this.#long(0, direction, number, frames, keys, sized(Buffer.from(token, 'hex')))
  }

  handshake(direction: Direction, number: number, frames: readonly Buffer[]): Buffer {
    const keys = keysOf(this.#secret(direction, 'HANDSHAKE_TRAFFIC_SECRET'))
    return this.#long(2, direction, number, frames, keys, Buffer.alloc(0))
  }

  /** `phase` 1 is that of the first key update; `destination` another connection ID of the receiver. */
  oneRtt(
    direction: Direction,
    number: number,
    frames: readonly Buffer[],
    { phase = 0, destination }: { readonly phase?: 0 | 1; readonly destination?: Buffer } = {},
  ): Buffer {
    const secret = this.#secret(direction, 'TRAFFIC_SECRET_0')
    const first = keysOf(secret)
    const keys = phase === 0 ? first : { ...keysOf(expand(secret, 'quic ku', 32)), hp: first.hp }
    const to = destination ?? (direction === 'to-server' ? this.#server : this.#client)
    const header = Buffer.concat([Buffer.of(0x43 | (phase << 2)), to, u32(number)])
    return seal(header, number, padded(frames), keys)
  }

  /** A Retry; the client's Initial packets go to `source` from now on. */
  retry(source: number, token: string): Buffer {
    const ids = [sized(this.#client), sized(id(source))]
    const packet = Buffer.concat([Buffer.of(0xf0), u32(1), ...ids, Buffer.from(token, 'hex')])
    const cipher = createCipheriv('aes-128-gcm', RETRY_KEY, RETRY_NONCE)
    cipher.setAAD(Buffer.concat([sized(this.#first), packet])).final()
    this.#initial = id(source)
    return Buffer.concat([packet, cipher.getAuthTag()])
  }

  /** The packets of a handshake until 1-RTT packets can be opened. */
  established(...more: Buffer[]): (readonly [Direction, Buffer])[] {
    const flight = Buffer.concat([encryptedExtensions(), ...more])
    return [
      ['to-server', this.initial('to-server', 0, [crypto(0, this.clientHello())])],
      ['to-client', this.initial('to-client', 0, [crypto(0, this.serverHello())])],
      ['to-client', this.handshake('to-client', 0, [crypto(0, flight)])],
      ['to-server', this.handshake('to-server', 0, [ack()])],
    ]
  }

  #secret(direction: Direction, label: string): Buffer {
    const who = direction === 'to-server' ? 'CLIENT' : 'SERVER'
    // sound: the constructor made all four
    return this.#secrets.get(`${who}_${label}`) as Buffer
  }

  #long(
    type: number,
    direction: Direction,
    number: number,
    frames: readonly Buffer[],
    keys: Keys,
    token: Buffer,
  ): Buffer {
    const ofClient = direction === 'to-server'
    const server = type === 0 && ofClient ? this.#initial : this.#server
    const [destination, source] = ofClient ? [server, this.#client] : [this.#client, this.#server]
    const all = padded(frames)
    const length = varint(4 + Buffer.concat(all).length + TAG)
    const ids = [sized(destination), sized(source)]
    const head = [Buffer.of(0xc3 | (type << 4)), u32(1), ...ids, token, length, u32(number)]
    return seal(Buffer.concat(head), number, all, keys)
  }
}

/** PADDING enough for the sample of header protection. */
const padded = (frames: readonly Buffer[]): readonly Buffer[] => [...frames, Buffer.alloc(16)]
