// --selftest: the lab itself, with endpoints that misbehave and packets that were made up.

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { dropList } from '@godwit/testkit'
import { expect, runChecks } from '../lib/check.ts'
import type { Check, Tally } from '../lib/check.ts'
import type { Chroot } from '../lib/debian.ts'
import type { Peer } from '../lib/peer.ts'
import { UdpProxy } from '../lib/proxy.ts'
import { Capture } from './capture.ts'
import type { Direction } from './capture.ts'
import { CASES } from './cases.ts'
import type { TestCase } from './cases.ts'
import { runCell } from './cell.ts'
import type { Verdict } from './cell.ts'
import { Evidence } from './evidence.ts'
import { parseDatagram } from './packets.ts'
import { conditionChecks } from './selftest-conditions.ts'
import { labChecks, node, peer, silent } from './selftest-lab.ts'
import { setupChecks } from './selftest-setup.ts'

const ADDRESS = '127.0.0.1'
/** An Initial packet's header with made-up connection IDs, and `length` bytes in all. */
function initial(destination: number, source: number, length: number, version = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, 0xc0)
  view.setUint32(1, version)
  bytes.set([8, ...id(destination), 8, ...id(source)], 5)
  if (version === 0) return bytes
  // No token; what is left is packet number and payload.
  const at = 5 + 2 + 16 + 1
  view.setUint16(at, 0x4000 + length - at - 2)
  return bytes
}

const id = (value: number): number[] => new Array<number>(8).fill(value)

/** Runs the checks in this network namespace; 0 when all passed. */
export async function testLab(chroot: Chroot, folder: string): Promise<number> {
  let count = 0
  const [handshake] = CASES
  const cell = (
    client: Peer,
    server: Peer,
    testcase: Partial<TestCase> = {},
    captureLimit?: number,
  ): Promise<Verdict & { readonly folder: string }> => {
    const own = join(folder, `cell-${count}`)
    mkdirSync(own)
    const port = 10_000 + 3 * count++
    return runCell(chroot, {
      client,
      server,
      testcase: { ...handshake, limit: 20_000, ...testcase },
      seed: 1,
      folder: own,
      www: folder,
      files: [{ name: 'file', path: join(folder, 'file') }],
      certificates: { cert: '', key: '', ca: '', middle: '' },
      ports: [port, port + 1, port + 2],
      ...(captureLimit === undefined ? {} : { captureLimit }),
    }).then((verdict) => ({ ...verdict, folder: own }))
  }
  const evidence = (packets: readonly (readonly [Direction, Uint8Array])[]): Evidence => {
    const capture = new Capture()
    const [client, server] = [
      { address: ADDRESS, port: 40_000 },
      { address: ADDRESS, port: 10_000 },
    ]
    packets.forEach(([direction, bytes], i) => {
      const [from, to] = direction === 'to-server' ? [client, server] : [server, client]
      capture.add({ time: 1000 + i, direction, from, to, ecn: 0, bytes })
    })
    const own = join(folder, `evidence-${count++}`)
    mkdirSync(own)
    const serverPorts = [server.port]
    return new Evidence({ chroot, folder: own, capture, serverPorts, downloads: own, files: [] })
  }
  writeFileSync(join(folder, 'file'), 'x')

  const processes: Check[] = [
    {
      name: 'a client that hangs is ended at the time limit, with its children',
      run: async () => {
        const mark = join(folder, 'child')
        const script = `require('child_process').spawn('sleep', ['987'], {stdio: 'ignore'}); setInterval(() => {}, 1e6); require('fs').writeFileSync('${mark}', '')`
        const hanging = peer('hanging', { client: () => node(script) })
        const verdict = await cell(hanging, silent, { limit: 2000 })
        expect(verdict.outcome === 'failed', verdict.outcome)
        expect(/not done after 2 s/.test(verdict.reason), verdict.reason)
        expect(existsSync(mark), 'the child was not started')
        expect(!commands().some((argv) => argv.includes('987')), 'the child is still there')
      },
    },
    {
      name: 'a server that crashes fails its cell with its last words',
      run: async () => {
        const crashing = peer('crashing', { server: () => node(`throw new Error('no more')`) })
        const verdict = await cell(peer('client', { client: () => node('') }), crashing)
        expect(verdict.outcome === 'failed', verdict.outcome)
        expect(/the server ended with 1/.test(verdict.reason), verdict.reason)
      },
    },
    {
      name: 'a client that claims success without files fails',
      run: async () => {
        const lying = peer('lying', { client: () => node('') })
        const verdict = await cell(lying, silent)
        expect(verdict.outcome === 'failed', verdict.outcome)
        expect(/1 of 1 files did not arrive/.test(verdict.reason), verdict.reason)
      },
    },
    {
      name: '127 of either side is unsupported',
      run: async () => {
        const refusing = { server: () => node('process.exit(127)') }
        const other = peer('client', { client: () => node('process.exit(127)') })
        for (const server of [silent, peer('refusing', refusing)]) {
          const verdict = await cell(other, server)
          expect(verdict.outcome === 'unsupported', verdict.outcome)
        }
      },
    },
    {
      name: 'an endpoint that fills the disk is ended',
      run: async () => {
        const script = `const fs = require('fs'); const b = Buffer.alloc(1 << 24, 1); setInterval(() => fs.appendFileSync(process.env.FILE, b), 5)`
        const filling = peer('filling', {
          client: (_chroot, task) => node(script, { FILE: join(task.logs, 'huge') }),
        })
        const verdict = await cell(filling, silent, { limit: 60_000 })
        expect(/grew beyond/.test(verdict.reason), verdict.reason)
      },
    },
    {
      name: 'a cell whose capture does not hold everything fails, whatever the rest says',
      run: async () => {
        const script = `const socket = require('dgram').createSocket('udp4'); let sent = 0
          const send = () => socket.send(Buffer.alloc(1000), Number(process.env.PORT), '127.0.0.1')
          setInterval(() => (sent++ < 10 ? send() : process.exit(0)), 20)`
        const sending = peer('sending', {
          client: (_chroot, task) => node(script, { PORT: String(task.port) }),
        })
        const none = { conditions: [] }
        const whole = await cell(sending, silent, none)
        expect(whole.outcome === 'passed', whole.reason)
        const cut = await cell(sending, silent, none, 5000)
        expect(cut.outcome === 'failed', cut.outcome)
        expect(/the capture ends at its limit of 5000 bytes/.test(cut.reason), cut.reason)
      },
    },
    {
      name: 'output without end is cut',
      run: async () => {
        const script = `const line = 'x'.repeat(99) + '\\n'; const go = () => { while (process.stdout.write(line.repeat(1000))) {} process.stdout.once('drain', go) }; go()`
        const talking = peer('talking', { client: () => node(script) })
        const verdict = await cell(talking, silent, { limit: 5000 })
        const size = readFileSync(join(verdict.folder, 'client', 'output.txt')).length
        expect(size > 1e6 && size < 1e7, `${size} bytes were kept`)
      },
    },
  ]

  const packets: Check[] = [
    {
      name: 'headers of coalesced packets are told apart, damaged ones do no harm',
      run: async () => {
        const both = Uint8Array.of(...initial(1, 2, 60), ...initial(3, 4, 70))
        const kinds = parseDatagram(both).map(({ kind, source }) => kind + source.slice(0, 2))
        expect(kinds.join() === 'initial02,initial04', kinds.join())
        for (let cut = 0; cut < both.length; cut++) {
          for (let bit = 0; bit < 8; bit++) {
            const damaged = both.slice(0, cut + 1)
            damaged[cut] ^= 1 << bit
            parseDatagram(damaged)
          }
        }
      },
    },
    {
      name: 'a capture is read as it was written, by us and by tshark',
      run: async () => {
        const made = evidence([['to-server', initial(1, 2, 1200)]])
        const file = readdirSync(folder).findLast((name) => name.startsWith('evidence-'))
        const path = join(folder, file ?? '', 'capture.pcap')
        const again = Capture.read(path, [10_000])
        expect(again.datagrams.length === 1, `${again.datagrams.length} datagrams`)
        expect(again.datagrams[0].direction === 'to-server', 'wrong direction')
        expect(Buffer.from(again.datagrams[0].bytes).equals(initial(1, 2, 1200)), 'other bytes')
        const [row] = await made.decode('quic.version == 1', ['quic.scid'], false)
        writeFileSync(path, readFileSync(path).subarray(0, -1))
        expect(again.cut === null, again.cut ?? '')
        expect(/within a packet/.test(String(Capture.read(path, [10_000]).cut)), 'not seen as cut')
        expect(row.fields.get('quic.scid')?.[0] === '0202020202020202', 'tshark sees another ID')
      },
    },
    {
      name: 'the proxy drops by index, keeps the order, and moves clients',
      run: async () => {
        const server = createSocket('udp4')
        const client = createSocket('udp4')
        const seen: string[] = []
        const ports = new Set<string>()
        server.on('message', (bytes, from) => {
          seen.push(bytes.toString())
          ports.add(`${from.address}:${from.port}`)
        })
        await new Promise<void>((resolve) => {
          server.bind(0, ADDRESS, resolve)
        })
        const proxy = await UdpProxy.start({
          target: { address: ADDRESS, port: server.address().port },
          toServer: dropList([1, 2]),
        })
        const send = async (text: string): Promise<void> => {
          client.send(text, proxy.port, ADDRESS)
          await new Promise((resolve) => {
            setTimeout(resolve, 50)
          })
        }
        for (const text of ['a', 'b', 'c', 'd']) await send(text)
        await proxy.rebind()
        await send('e')
        await proxy.rebind('127.0.0.3')
        await send('f')
        for (const socket of [proxy, server, client]) socket.close()
        expect(seen.join('') === 'adef', `the server saw ${seen.join('')}`)
        expect(ports.size === 3, [...ports].join())
        expect([...ports][2].startsWith('127.0.0.3:'), [...ports].join())
      },
    },
  ]

  const tally: Tally = { passed: 0, failed: 0 }
  await runChecks('set-up', setupChecks(folder), tally)
  await runChecks('endpoints that misbehave', processes, tally)
  await runChecks('runs with endpoints that misbehave', labChecks(chroot, folder), tally)
  await runChecks('packets', packets, tally)
  await runChecks('conditions', conditionChecks(chroot, folder), tally)
  console.log(`\n${tally.passed} passed, ${tally.failed} failed`)
  return tally.failed === 0 ? 0 : 1
}

/** Command lines of all processes of this namespace. */
function commands(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [readFileSync(`/proc/${name}/cmdline`, 'latin1')]
      } catch {
        return []
      }
    })
}
