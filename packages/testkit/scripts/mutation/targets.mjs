// What is mutated by default, and whose tests have to notice it.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Groups of sources that a score is given for. `tests` are folders or files: a package's own tests have to notice
 * what breaks in it, whoever else would.
 */
export const TARGETS = {
  wire: { sources: /^packages\/wire\/src\//, tests: ['packages/wire/test'] },
  qpack: { sources: /^packages\/qpack\/src\//, tests: ['packages/qpack/test'] },
  protection: {
    sources: /^packages\/protection\/src\//,
    // The samples of the RFCs are in the contract of packet engines.
    tests: ['packages/protection/test', 'packages/crypto/test/noble-packet-engine.test.ts'],
  },
  recovery: {
    sources: /^packages\/quic\/src\/recovery\//,
    // Not all of the package's tests: they take minutes for every mutant that survives.
    tests: [
      'packages/quic/test/recovery',
      'packages/quic/test/congestion',
      'packages/quic/test/scenario/lossy-handshake.test.ts',
      'packages/quic/test/scenario/transfer.test.ts',
    ],
  },
  tls: {
    sources:
      /^packages\/tls\/src\/(client-states|server-states|client-session|server-session|session-base|session|handshake-reader|check-client-hello|key-schedule|transcript)\.ts$/,
    tests: ['packages/tls/test'],
  },
  http3: { sources: /^packages\/http3\/src\//, tests: ['packages/http3/test'] },
}

/** The files below a folder of the repository whose name ends so, as paths from its root. */
function filesBelow(root, folder, ending) {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}/${name}`)
    .sort()
}

/** The sources of a target, without the barrels and type declarations that hold nothing to change. */
export function sourcesOf(root, { sources }) {
  const folder = `packages/${/^\^packages\\\/(\w+)/.exec(sources.source)[1]}/src`
  return filesBelow(root, folder, '.ts').filter((path) => sources.test(path))
}

export function testsOf(root, { tests }) {
  return tests.flatMap((path) =>
    path.endsWith('.ts') ? [path] : filesBelow(root, path, '.test.ts'),
  )
}

/** A target for one source anywhere in the repository: its package's tests have to notice. */
export function targetOfFile(path) {
  const [, name] = /^packages\/([^/]+)\/src\/.*\.ts$/.exec(path) ?? []
  if (name === undefined) throw new Error(`not a source of a package: ${path}`)
  const escaped = path.replace(/[.]/g, '\\.').replaceAll('/', '\\/')
  return { sources: new RegExp(`^${escaped}$`), tests: [`packages/${name}/test`] }
}
