// Compiles assembly/ into src/simd/module.ts: `npm run build:simd`, or `npm run build:simd -- --check` to
// prove that what is checked in is what the sources give (CI does).
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { main as compileAssemblyScript } from 'assemblyscript/asc'

const folder = fileURLToPath(new URL('../assembly/', import.meta.url))
const target = fileURLToPath(new URL('../src/simd/module.ts', import.meta.url))

async function compile(...features) {
  let binary
  const { error } = await compileAssemblyScript(
    ['index.ts', '-O3', '--noAssert', '--runtime', 'stub', '--importMemory', '--enable', 'simd']
      .concat(features.flatMap((name) => ['--enable', name]))
      .concat(['--disableWarning', '112', '--outFile', 'module.wasm']),
    {
      readFile: (name, base) => {
        try {
          return readFileSync(`${base}/${name}`, 'utf8')
        } catch {
          return null
        }
      },
      writeFile: (_name, contents) => {
        binary = contents
      },
      listFiles: () => [],
    },
  )
  if (error || binary === undefined) throw new Error(`assembly/ does not compile: ${error}`)
  return Buffer.from(binary).toString('base64')
}

process.chdir(folder)
const text = `// Made from assembly/ by scripts/build-simd.mjs; do not edit. \`npm run build:simd\` makes it again.

/** For any engine with WebAssembly SIMD. */
export const PLAIN: string =
  '${await compile()}'

/** For engines with relaxed SIMD (Node.js 22 and newer): one instruction less per look-up. */
export const RELAXED: string =
  '${await compile('relaxed-simd')}'
`
if (process.argv.includes('--check')) {
  if (readFileSync(target, 'utf8') !== text) {
    console.error('src/simd/module.ts is not what assembly/ compiles to: npm run build:simd')
    process.exit(1)
  }
  console.log('src/simd/module.ts is what assembly/ compiles to')
} else {
  writeFileSync(target, text)
}
