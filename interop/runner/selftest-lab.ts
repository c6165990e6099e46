// Checks of whole runs: whatever an endpoint does, its cell fails, with a reason, and the next one is run.

import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createSocket } from 'node:dgram'
import { join } from 'node:path'
import { expect } from '../lib/check.ts'
import type { Check } from '../lib/check.ts'
import type { Chroot } from '../lib/debian.ts'
import type { Command, Peer } from '../lib/peer.ts'
import { UdpProxy } from '../lib/proxy.ts'
import { CASES } from './cases.ts'
import type { TestCase } from './cases.ts'
import { cutLarge, folderSize, removeLarge } from './folders.ts'
import { runLab } from './lab.ts'
import { drawCells, missed } from './required.ts'
import type { CellResult } from './results.ts'
import { terminalTable } from './table.ts'

const MB = 1024 * 1024

/** A program in JavaScript; `require` is there. */
export const node = (script: string, env: Record<string, string> = {}): Command => ({
  argv: [process.execPath, '-e', script],
  env,
})

export function peer(name: string, roles: Partial<Pick<Peer, 'server' | 'client'>>): Peer {
  return {
    name,
    packages: [],
    setup: () => Promise.resolve(),
    version: () => Promise.resolve('0'),
    ...roles,
  }
}

/** A server that answers nothing, and is ready when its port is bound. */
const SILENT = `const s = require('dgram').createSocket('udp4'); s.bind(Number(process.env.PORT), '127.0.0.1')`
export const silent = peer('silent', {
  server: (_chroot, task) => node(SILENT, { PORT: String(task.port) }),
})

/** A client whose script has the places of its task in the environment. */
const client = (name: string, script: string): Peer =>
  peer(name, {
    client: (_chroot, { logs, address, port }) =>
      node(script, { LOGS: logs, ADDRESS: address, PORT: String(port) }),
  })

/** The result of a cell, `client/server/case`. */
function cell(name: string, outcome: CellResult['outcome']): CellResult {
  const [from, to, testcase] = name.split('/')
  const rest = { reason: '', seconds: 1, seed: 1, date: '', folder: null }
  return { client: from, server: to, case: testcase, outcome, ...rest }
}

export function labChecks(chroot: Chroot, folder: string): Check[] {
  let count = 0
  /** Runs cells of `clients` with the silent server, one after another. */
  const lab = async (
    clients: readonly Peer[],
    testcase: Partial<TestCase> = {},
  ): Promise<{ readonly cells: readonly CellResult[]; readonly results: string }> => {
    const own = join(folder, `lab-${count++}`)
    const results = join(own, 'results')
    mkdirSync(results, { recursive: true })
    const cells = await runLab({
      chroot,
      options: {
        pairs: clients.map(({ name }) => [name, 'silent'] as const),
        cases: ['handshake'],
        draw: 0,
        drawn: [],
        seed: 1,
        repeat: 1,
        measurements: null,
        jobs: 1,
        require: false,
        whole: false,
        keep: false,
        docs: false,
        crypto: null,
        only: null,
      },
      implementations: new Map([...clients, silent].map((one) => [one.name, one])),
      unavailable: {},
      cases: [{ ...CASES[0], limit: 20_000, ...testcase }],
      folder: own,
      results,
      onResult: () => {},
    })
    return { cells, results }
  }
  const reasons = (cells: readonly CellResult[]): string =>
    cells.map(({ outcome, reason }) => `${outcome}: ${reason}`).join('\n')

  return [
    {
      name: 'sockets, pipes and links in the logs are not kept and stop nothing',
      run: async () => {
        const script = `const { LOGS } = process.env
          const { execFileSync } = require('child_process'), fs = require('fs')
          for (const name of ['fifo', 'keys.log', 'output.txt']) execFileSync('mkfifo', [LOGS + '/' + name])
          fs.symlinkSync('/nowhere', LOGS + '/link')
          fs.writeFileSync(LOGS + '/log', 'kept')
          require('net').createServer().listen(LOGS + '/socket', () => process.exit(0))`
        const { cells, results } = await lab([client('odd', script), client('next', '')])
        const wanted = /^1 of 1 files did not arrive$/
        expect(
          cells.length === 2 && cells.every(({ reason }) => wanted.test(reason)),
          reasons(cells),
        )
        const kept = readdirSync(join(results, 'cells/odd-silent/handshake/client')).sort()
        expect(kept.join() === 'log,output.txt', kept.join())
      },
    },
    {
      name: 'a client that removes its own folder fails its cell alone',
      run: async () => {
        const script = `const remove = () => require('fs').rmSync(process.env.LOGS + '/..', { recursive: true, force: true })
          setInterval(remove, 1)`
        const { cells } = await lab([client('gone', script), client('next', '')], {
          limit: 5000,
        })
        expect(/not done after 5 s|the lab failed/.test(cells[0].reason), reasons(cells))
        expect(/did not arrive/.test(cells[1].reason), reasons(cells))
      },
    },
    {
      name: 'a client that cannot be moved to another address fails its cell alone',
      run: async () => {
        const script = `const socket = require('dgram').createSocket('udp6')
          socket.send('x', Number(process.env.PORT), process.env.ADDRESS)
          setTimeout(() => process.exit(0), 1000)`
        // The addresses that clients move to are of IPv4.
        const testcase = { ipv6: true, rebinding: { first: 0, every: 10_000, address: true } }
        const { cells } = await lab([client('still', script), client('next', '')], testcase)
        expect(/could not be moved: Error: bind/.test(cells[0].reason), reasons(cells))
        expect(/did not arrive/.test(cells[1].reason), reasons(cells))
      },
    },
    {
      name: 'files that cannot be copied fail their cell alone',
      run: async () => {
        const fine = client('fine', '')
        const own = join(folder, `lab-${count}`)
        mkdirSync(join(own, 'results/cells'), { recursive: true })
        // A file where a folder has to be made.
        writeFileSync(join(own, 'results/cells/fine-silent'), '')
        const { cells } = await lab([fine, client('next', '')])
        expect(/the lab failed: Error: ENOTDIR/.test(cells[0].reason), reasons(cells))
        expect(cells.length === 2 && !/the lab failed/.test(cells[1].reason), reasons(cells))
      },
    },
    {
      name: 'a failed cell is cut to what is kept, the largest files first',
      run: async () => {
        const own = join(folder, 'large')
        mkdirSync(join(own, 'client'), { recursive: true })
        const file = (name: string, size: number): string => {
          writeFileSync(join(own, name), Buffer.alloc(size, 1))
          return join(own, name)
        }
        const [huge, large, small] = [
          file('client/huge', 20 * MB),
          file('large', 5 * MB),
          file('small', 1000),
        ]
        expect(folderSize(join(own, 'gone')) === 0, 'a folder that is gone has a size')
        cutLarge(own, 10 * MB)
        expect(statSync(huge).size === 2 * MB, `${statSync(huge).size} bytes of the largest`)
        expect(statSync(large).size === 5 * MB, `${statSync(large).size} bytes of the next`)
        expect(statSync(small).size === 1000, `${statSync(small).size} bytes of the smallest`)
        const note = readFileSync(join(own, 'removed.txt'), 'utf8')
        expect(note.startsWith(`client/huge: cut, it had ${20 * MB} bytes\n`), note)
        removeLarge(own)
        expect(!existsSync(large), 'a passed cell keeps a large file')
        for (let i = 0; i < 100; i++) file(`client/${i}`, 10)
        cutLarge(own, 0.2 * MB)
        expect(folderSize(own) <= 0.2 * MB + 4096, `${folderSize(own)} bytes in many files`)
      },
    },
    {
      name: 'a required cell that failed, was not run, or cannot be run is missed',
      run: () => {
        const known = {
          clients: new Set(['godwit', 'curl']),
          servers: new Set(['godwit']),
          cases: new Set(['transfer', 'http3']),
        }
        const done = [
          cell('curl/godwit/http3', 'passed'),
          cell('godwit/godwit/http3', 'failed'),
          cell('godwit/godwit/transfer', 'unavailable'),
        ]
        const seen = (names: readonly string[], whole: boolean): string =>
          missed(new Set(names), done, known, whole)
            .map((line) => line.split(/ +/).slice(0, 3).join(' '))
            .join()
        const ran = done.map(({ client: from, server: to, case: name }) => `${from}/${to}/${name}`)
        const red = 'failed godwit/godwit/http3 (1,unavailable godwit/godwit/transfer (1'
        expect(seen(ran, true) === red, seen(ran, true))
        const other = ['curl/godwit/transfer']
        expect(seen(other, true) === 'curl/godwit/transfer was not', seen(other, true))
        expect(seen(other, false) === '', seen(other, false))
        const unknown = ['crul/godwit/http3', 'godwit/curl/http3', 'curl/godwit/http4']
        const all = unknown.map((name) => `${name} was not`).join()
        expect(seen(unknown, false) === all, seen(unknown, false))
        return Promise.resolve()
      },
    },
    {
      name: 'cells are drawn by the seed: of two more peers, none twice, none that is run anyway, no measurement',
      run: () => {
        const peers = ['curl', 'nginx', 'caddy', 'deno', 'quinn']
        const cases = ['transfer', 'http3', 'blackhole', 'goodput']
        const required = new Set(
          peers.flatMap((name) => cases.map((one) => `godwit/${name}/${one}`)),
        )
        const drawn = (seed: number, count: number): string[] =>
          drawCells(required, seed, count, [['godwit', 'curl']], ['transfer'])
        const all = drawn(1, 100)
        const others = new Set(all.map((name) => name.split('/')[1]))
        expect(others.size === 3 && others.has('curl'), [...others].join())
        // Two of curl, three of each other.
        expect(all.length === 8 && new Set(all).size === 8, all.join())
        expect(!all.includes('godwit/curl/transfer'), all.join())
        expect(!all.some((name) => name.endsWith('/goodput')), all.join())
        expect(drawn(1, 3).join() === all.slice(0, 3).join(), drawn(1, 3).join())
        const seeds = Array.from({ length: 20 }, (_, seed) => drawn(seed, 3).join())
        expect(new Set(seeds).size > 10, seeds.join('; '))
        return Promise.resolve()
      },
    },
    {
      name: 'the table has a row for each client and a column for each server, as far as it fits',
      run: () => {
        const done = [
          ...['transfer', 'handshake', 'http3', 'multiplexing', 'blackhole', 'keyupdate'].map(
            (name) => cell(`godwit/godwit/${name}`, 'passed'),
          ),
          cell('curl/godwit/http3', 'failed'),
          cell('curl/godwit/retry', 'unsupported'),
          cell('godwit/nginx/http3', 'passed'),
        ]
        const grid = [
          'client ↓ server → │ godwit       │ nginx',
          '──────────────────┼──────────────┼─────────────',
          'godwit            │ ✓(H,DC,M,3,  │ ✓(3)',
          '                  │ B,U)         │',
          '──────────────────┼──────────────┼─────────────',
          'curl              │ ✕(3)         │',
          '                  │ ?(S)         │',
        ].join('\n')
        const pairs = [
          '      godwit > godwit       ✓(H,DC,M,3,B,U)',
          '      godwit > nginx        ✓(3)',
          '        curl > godwit       ✕(3) ?(S)',
        ].join('\n')
        for (const [width, wanted] of [
          [47, grid],
          [40, pairs],
        ] as const) {
          const seen = terminalTable(done, false, width)
          expect(seen === wanted, `in ${width} columns:\n${seen}\ninstead of\n${wanted}`)
        }
        return Promise.resolve()
      },
    },
    {
      name: 'a proxy leaves no socket when it cannot move a client',
      run: async () => {
        const server = createSocket('udp4')
        await new Promise<void>((resolve) => {
          server.bind(0, '127.0.0.1', resolve)
        })
        const arrived = new Promise((resolve) => {
          server.once('message', resolve)
        })
        const target = { address: '127.0.0.1', port: server.address().port }
        const proxy = await UdpProxy.start({ target })
        const socket = createSocket('udp4')
        socket.send('x', proxy.port, '127.0.0.1')
        await arrived
        const open = (): number => readdirSync('/proc/self/fd').length
        const before = open()
        // No address of this machine.
        const refused = await proxy.rebind('192.0.2.1').then(() => false, String)
        expect(/EADDRNOTAVAIL/.test(String(refused)), String(refused))
        await new Promise((resolve) => {
          setImmediate(resolve)
        })
        const after = open()
        for (const one of [proxy, socket, server]) one.close()
        expect(after === before, `${after - before} more file descriptors`)
      },
    },
  ]
}
