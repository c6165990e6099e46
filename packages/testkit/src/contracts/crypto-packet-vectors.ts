// Packet vectors of the RFCs and of Wycheproof, for the contract of a PacketEngine.

import type { Test } from 'tap'
import {
  TLS_AES_128_GCM_SHA256,
  TLS_AES_256_GCM_SHA384,
  TLS_CHACHA20_POLY1305_SHA256,
  type CipherSuite,
  type CryptoProvider,
  type PacketEngine,
  type PacketKey,
} from '@godwit/crypto'
import { PacketProtection } from '@godwit/protection'
import { PACKET_SAMPLES, SAMPLE_DESTINATION_CONNECTION_ID } from './crypto-packet-samples.ts'
import { bytesOf, bytesToHex, hexToBytes, wycheproof } from './crypto-vectors.ts'

const TAG = 16

/** Subtests: the samples of both appendices through PacketProtection. */
export function appendixA(t: Test, provider: CryptoProvider): void {
  const connectionId = hexToBytes(SAMPLE_DESTINATION_CONNECTION_ID)
  for (const sample of PACKET_SAMPLES) {
    const { version } = sample

    t.test(`${sample.rfc} appendix A.1: keys`, (t) => {
      const recorder = new RecordingEngine(provider.createPacketEngine(1))
      const protection = new PacketProtection(provider, recorder)
      protection.initialKeys(version, connectionId, 'client')
      t.same(recorder.made, [
        `${sample.clientKey} ${sample.clientIv} ${sample.clientHp}`,
        `${sample.serverKey} ${sample.serverIv} ${sample.serverHp}`,
      ])
      recorder.made.length = 0
      protection.packetKey(version, TLS_AES_128_GCM_SHA256, hexToBytes(sample.clientSecret))
      t.same(recorder.made, [`${sample.clientKey} ${sample.clientIv} ${sample.clientHp}`])
      t.end()
    })

    t.test(`${sample.rfc} appendix A.2, A.3: Initial packets both ways (rfc9001#5.2-2)`, (t) => {
      const protection = new PacketProtection(provider, provider.createPacketEngine(2))
      const client = protection.initialKeys(version, connectionId, 'client')
      const server = protection.initialKeys(version, connectionId, 'server')
      const payload = new Uint8Array(1162)
      payload.set(hexToBytes(sample.clientPayload))
      roundTrip(t, protection, client.seal, server.open, {
        header: hexToBytes(sample.clientHeader),
        pnLength: 4,
        packetNumber: 2,
        payload,
        packet: sample.clientPacket,
      })
      roundTrip(t, protection, server.seal, client.open, {
        header: hexToBytes(sample.serverHeader),
        pnLength: 2,
        packetNumber: 1,
        payload: hexToBytes(sample.serverPayload),
        packet: sample.serverPacket,
      })
      t.end()
    })

    t.test(`${sample.rfc} appendix A.4: Retry`, (t) => {
      const protection = new PacketProtection(provider, provider.createPacketEngine(1))
      const retry = hexToBytes(sample.retry)
      const withoutTag = retry.subarray(0, retry.length - TAG)
      const tag = protection.retryIntegrityTag(version, connectionId, withoutTag)
      t.equal(bytesToHex(tag), bytesToHex(retry.subarray(retry.length - TAG)))
      t.ok(protection.verifyRetry(version, connectionId, retry))
      t.notOk(protection.verifyRetry(version, connectionId.subarray(1), retry))
      t.notOk(protection.verifyRetry(version, connectionId, retry.subarray(0, 15)))
      for (let bit = 0; bit < 8 * retry.length; bit++) {
        const forged = new Uint8Array(retry)
        forged[bit >> 3] ^= 1 << (bit & 7)
        if (protection.verifyRetry(version, connectionId, forged)) t.fail(`bit ${bit}`)
      }
      t.end()
    })

    t.test(`${sample.rfc} appendix A.5: ChaCha20-Poly1305 short header, key update`, (t) => {
      const recorder = new RecordingEngine(provider.createPacketEngine(1))
      const protection = new PacketProtection(provider, recorder)
      const secret = hexToBytes(sample.chachaSecret)
      const key = protection.packetKey(version, TLS_CHACHA20_POLY1305_SHA256, secret)
      t.same(recorder.made, [`${sample.chachaKey} ${sample.chachaIv} ${sample.chachaHp}`])
      const next = protection.nextSecret(version, TLS_CHACHA20_POLY1305_SHA256, secret)
      t.equal(bytesToHex(next), sample.chachaKu)
      roundTrip(t, protection, key, key, {
        header: hexToBytes('4200bff4'),
        pnLength: 3,
        packetNumber: 654360564,
        payload: Uint8Array.of(1),
        packet: sample.chachaPacket,
      })
      t.end()
    })
  }
}

interface SamplePacket {
  readonly header: Uint8Array
  readonly pnLength: number
  readonly packetNumber: number
  readonly payload: Uint8Array
  readonly packet: string
}

function roundTrip(
  t: Test,
  protection: PacketProtection,
  seal: PacketKey,
  open: PacketKey,
  sample: SamplePacket,
): void {
  const { bytes, base } = protection.engine.memory
  const { header, pnLength, packetNumber, payload } = sample
  const offset = base + 5
  const pnOffset = offset + header.length - pnLength
  const end = offset + header.length + payload.length + TAG
  bytes.set(header, offset)
  bytes.set(payload, offset + header.length)
  seal.protect(offset, pnOffset, pnLength, payload.length, packetNumber)
  t.equal(bytesToHex(bytes.subarray(offset, end)), sample.packet)
  t.equal(open.removeHeaderProtection(offset, pnOffset), packetNumber % 256 ** pnLength)
  t.equal(bytesToHex(bytes.subarray(offset, offset + header.length)), bytesToHex(header))
  t.ok(open.unprotect(offset, header.length, payload.length, packetNumber))
  t.equal(bytesToHex(bytes.subarray(offset + header.length, end - TAG)), bytesToHex(payload))
}

// The nonce of packet number 0 is the IV itself, and the associated data is the header: so AEAD
// vectors run through packet keys as they are. (What `protect` does to the header, after sealing,
// is undone before looking.)
export function wycheproofPackets(t: Test, provider: CryptoProvider): void {
  for (const file of ['aes_gcm', 'chacha20_poly1305']) {
    t.test(`Wycheproof: ${file} through packet keys`, (t) => {
      const engine = provider.createPacketEngine(1, 4096)
      const { bytes, base } = engine.memory
      const failures: number[] = []
      let sealed = 0
      for (const group of wycheproof(file)) {
        if (group['ivSize'] !== 96 || group['tagSize'] !== 128 || group['keySize'] === 192) continue
        const suite =
          file !== 'aes_gcm'
            ? TLS_CHACHA20_POLY1305_SHA256
            : group['keySize'] === 256
              ? TLS_AES_256_GCM_SHA384
              : TLS_AES_128_GCM_SHA256
        for (const test of group.tests) {
          const raw = bytesOf(test, 'key')
          const aad = bytesOf(test, 'aad')
          const message = bytesOf(test, 'msg')
          const ciphertext = hexToBytes(`${test['ct'] as string}${test['tag'] as string}`)
          const key = engine.createPacketKey(suite, raw, bytesOf(test, 'iv'), raw)
          const start = base + aad.length
          bytes.set(aad, base)
          bytes.set(ciphertext, start)
          const ok =
            aad.length + ciphertext.length > TAG
              ? key.unprotect(base, aad.length, ciphertext.length - TAG, 0)
              : test.result === 'valid'
          if (ok !== (test.result === 'valid')) failures.push(test.tcId)
          if (test.result === 'valid' && aad.length >= 5 && start + message.length < 4000) {
            sealed++
            bytes.set(message, start)
            key.protect(base, start - 4, 4, message.length, 0)
            const got = bytesToHex(bytes.subarray(start, start + message.length + TAG))
            if (got !== bytesToHex(ciphertext)) failures.push(test.tcId)
          }
          key.dispose()
        }
      }
      t.same(failures, [])
      t.ok(sealed > 20, `${sealed} sealed`)
      t.end()
    })
  }
}

/** Notes the keys that are derived. */
class RecordingEngine implements PacketEngine {
  readonly name = 'recording'
  readonly memory: PacketEngine['memory']
  readonly made: string[] = []
  readonly #engine: PacketEngine

  constructor(engine: PacketEngine) {
    this.#engine = engine
    this.memory = engine.memory
  }

  createPacketKey(suite: CipherSuite, key: Uint8Array, iv: Uint8Array, hp: Uint8Array): PacketKey {
    this.made.push([key, iv, hp].map(bytesToHex).join(' '))
    return this.#engine.createPacketKey(suite, key, iv, hp)
  }
}
