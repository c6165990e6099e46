// Looks at the machine code that V8 makes of the SIMD module: `node inspect-simd.mjs`, x86-64 only.
//
// Everything that a function reads from WebAssembly memory, or gets in a vector register, is called data: keys
// and text, but also public things such as the number of rounds. The script follows data through registers
// and the stack, along all paths and calls, and tells where a conditional branch, an address or a division
// depends on it. What is left is a short list to read; docs/constant-time.md explains each entry.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const PUBLIC = 0
/** A pointer to V8's own record of the instance: what is read there is no data. */
const INSTANCE = 1
const DATA = 2
const join = (a, b) => (a === b ? a : a === DATA || b === DATA ? DATA : PUBLIC)

const MODULE = fileURLToPath(new URL('../src/simd/module.ts', import.meta.url))
const FLAGS =
  '--no-liftoff --no-wasm-tier-up --no-wasm-lazy-compilation --print-wasm-code --single-threaded'

// --- the child: compiles the module, so that V8 prints it

function compile(variant) {
  const text = readFileSync(MODULE, 'utf8')
  const [, base64] = new RegExp(`const ${variant}: string =\\s*'([^']+)'`).exec(text)
  const module = new WebAssembly.Module(Buffer.from(base64, 'base64'))
  const env = { memory: new WebAssembly.Memory({ initial: 1 }) }
  const { exports } = new WebAssembly.Instance(module, { env })
  // The name of an exported function is its index.
  const names = Object.entries(exports)
    .filter(([, value]) => typeof value === 'function')
    .map(([name, { name: index }]) => [Number(index), name])
  console.log(`\nexports ${JSON.stringify(names)}`)
}

// --- parsing

const LINE = /^0x([0-9a-f]+) +([0-9a-f]+) {2}[0-9a-f]+ +(?:(?:REX\.W|lock|rep|repne) )*(\S+) ?(.*)$/

function parse(output) {
  const functions = new Map()
  const exported = new Map(JSON.parse(/^exports (.*)$/m.exec(output)[1]))
  for (const part of output.split('--- WebAssembly code ---').slice(1)) {
    const index = /^index: (\d+)$/m.exec(part)
    if (index === null || !/^kind: wasm function$/m.test(part)) continue
    const code = []
    for (const line of part.slice(part.indexOf('\nInstructions')).split('\n').slice(2)) {
      const match = LINE.exec(line)
      if (match === null) break
      const [, , offset, name, rest] = match
      code.push({ offset: Number.parseInt(offset, 16), name, operands: operandsOf(rest), line })
    }
    const number = Number(index[1])
    functions.set(number, { name: exported.get(number) ?? `function ${number}`, code })
  }
  return { functions, exported }
}

function operandsOf(text) {
  return text
    .replace(/;;.*$/, '')
    .split(/,(?![^[]*\])/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

const REGISTER = /\b(r[a-z0-9]+|[abcd]l|[sd]il|[xy]mm\d+)\b/g
/** One name for a register whatever its size: `bl` and `rbx` are rbx, `r8l` is r8, `ymm1` is xmm1. */
const canonical = (name) =>
  name
    .replace(/^([abcd])l$/, 'r$1x')
    .replace(/^([sd])il$/, 'r$1i')
    .replace(/^(r\d+)[a-z]$/, '$1')
    .replace('ymm', 'xmm')
const registersOf = (operand) => (operand.match(REGISTER) ?? []).map(canonical)
const isMemory = (operand) => operand.startsWith('[')
const isStack = (operand) => isMemory(operand) && /^\[r[bs]p[+\-\]]/.test(operand)

// --- one function

const COPIES = /^(v?mov[a-z]*|vbroadcast\w+|cdql?)$/
const COMPARES = /^(cmp[bwlq]?|test[bwlq]?|vptest|v?u?comis[sd]|bt[lq]?)$/
const DIVIDES = /^i?div[lq]?$/
const NOTHING = /^(nop|int3l?|ud2|vzeroupper|leave|hlt|lfence|endbr64)/

/**
 * The instance comes in rsi, and every function pushes it behind its frame pointer and a marker. r13 is V8's
 * record of the thread.
 */
const FRAME = [
  ['r13', INSTANCE],
  ['rsi', INSTANCE],
  ['[rbp-0x10]', INSTANCE],
]

/** State before an instruction: a label for each register and stack slot; absent is PUBLIC. */
class Analysis {
  constructor({ functions, exported }) {
    this.functions = functions
    this.exported = exported
    /** Labels on entry and of the result, by function; they grow until nothing changes. */
    this.entries = new Map()
    this.results = new Map()
    this.findings = new Map()
  }

  run() {
    for (;;) {
      const before = JSON.stringify([[...this.entries], [...this.results]])
      this.findings.clear()
      for (const index of this.functions.keys()) this.#analyse(index)
      if (JSON.stringify([[...this.entries], [...this.results]]) === before) return
    }
  }

  #analyse(index) {
    const { code } = this.functions.get(index)
    const at = new Map(code.map(({ offset }, i) => [offset, i]))
    const states = new Array(code.length)
    const vectors = Array.from({ length: 16 }, (_, i) => [`xmm${i}`, DATA])
    states[0] = new Map([...(this.entries.get(index) ?? []), ...FRAME, ...vectors])
    const work = [0]
    const flow = (to, state) => {
      if (states[to] === undefined) states[to] = new Map(state)
      else if (!merge(states[to], state)) return
      work.push(to)
    }
    while (work.length > 0) {
      const i = work.pop()
      const instruction = code[i]
      const state = new Map(states[i])
      const target = /<\+0x([0-9a-f]+)>/.exec(instruction.line)
      this.#step(index, instruction, state)
      if (instruction.name.startsWith('j')) {
        if (target === null) throw new Error(`a jump to somewhere: ${instruction.line}`)
        flow(at.get(Number.parseInt(target[1], 16)), state)
      }
      if (!/^(jmp|ret)/.test(instruction.name) && i + 1 < code.length) flow(i + 1, state)
    }
  }

  #find(index, what, { line }) {
    this.findings.set(`${index} ${line}`, { index, what, text: line.replace(/^\S+ +/, '') })
  }

  /** What the instruction does to `state`; notes what depends on data. */
  #step(index, instruction, state) {
    const { name, operands, line } = instruction
    if (NOTHING.test(name) || name === 'jmp') return
    const of = (register) => state.get(register) ?? PUBLIC
    const value = (operand) => {
      if (!isMemory(operand)) return registersOf(operand).map(of).reduce(join, PUBLIC)
      if (isStack(operand)) return of(operand)
      // A constant between the instructions.
      if (registersOf(operand)[0] === 'rip') return PUBLIC
      return registersOf(operand).some((register) => of(register) === INSTANCE) ? PUBLIC : DATA
    }
    for (const operand of name.startsWith('lea') ? [] : operands) {
      if (!isMemory(operand) || isStack(operand)) continue
      if (registersOf(operand).some((register) => of(register) === DATA)) {
        this.#find(index, 'address', instruction)
      }
    }
    if (name.startsWith('j')) {
      if (of('flags') === DATA) this.#find(index, 'branch', instruction)
    } else if (name.startsWith('call')) {
      this.#call(line, state)
    } else if (name.startsWith('ret')) {
      this.results.set(index, join(this.results.get(index) ?? of('rax'), of('rax')))
    } else if (name.startsWith('push')) {
      if (value(operands[0]) === DATA) this.#find(index, 'pushed', instruction)
    } else if (name.startsWith('pop')) {
      state.set(operands[0], PUBLIC)
    } else if (COMPARES.test(name)) {
      // The check for room on the stack, in every function and loop.
      const stackCheck = operands.includes('rsp')
      state.set('flags', stackCheck ? PUBLIC : operands.map(value).reduce(join))
    } else if (DIVIDES.test(name)) {
      const label = [...operands.map(value), of('rax'), of('rdx')].reduce(join)
      if (label === DATA) this.#find(index, 'division', instruction)
      for (const register of ['rax', 'rdx', 'flags']) state.set(register, label)
    } else {
      this.#compute(name, operands, state, value)
    }
  }

  #compute(name, operands, state, value) {
    if (name.startsWith('cdq') || name.startsWith('cqo')) {
      state.set('rdx', state.get('rax') ?? PUBLIC)
      return
    }
    const [target, ...sources] = operands
    const alike = sources.length > 0 && new Set(operands.slice(-2)).size === 1
    let label
    if (/^v?p?xor|^sub/.test(name) && alike) label = PUBLIC
    else if (name.startsWith('lea')) label = addressLabel(sources[0], value)
    else if (COPIES.test(name) || (name.startsWith('v') && sources.length > 0)) {
      label = sources.map(value).reduce(join)
    } else label = operands.map(value).reduce(join, PUBLIC)
    if (/^(set|cmov)/.test(name)) label = join(label, state.get('flags') ?? PUBLIC)
    else if (!COPIES.test(name) && !/^(lea|v|not)/.test(name)) state.set('flags', label)
    // An instance pointer that was computed with is none.
    if (label === INSTANCE && !COPIES.test(name)) label = PUBLIC
    // Elsewhere in memory everything is data anyway.
    if (isStack(target)) state.set(target, label)
    else if (!isMemory(target)) {
      const [register] = registersOf(target)
      if (register === undefined) throw new Error(`not understood: ${name} ${operands.join(', ')}`)
      state.set(register, label)
    }
  }

  #call(line, state) {
    const callee = this.#calleeOf(line)
    if (callee !== null) {
      const labels = new Map([...state].filter(([name]) => /^r[a-z0-9]+$/.test(name)))
      const entry = this.entries.get(callee)
      if (entry === undefined) this.entries.set(callee, labels)
      else merge(entry, labels)
    }
    for (const name of state.keys()) {
      if (name.startsWith('xmm')) state.set(name, DATA)
      else if (/^r[a-z0-9]+$/.test(name) && name !== 'r13') state.set(name, PUBLIC)
    }
    if (callee !== null) state.set('rax', this.results.get(callee) ?? PUBLIC)
  }

  /** The function that a call through the jump table reaches; null: a builtin of V8. */
  #calleeOf(line) {
    const match = /call 0x([0-9a-f]+)/.exec(line)
    if (match === null) return null
    // The table is at the start of a page. Slots have 8 bytes, or 5 (Node.js 20), 12 in a line of 64.
    const offset = Number.parseInt(match[1].slice(-3), 16)
    const wide = Number(process.versions.node.split('.')[0]) > 20
    const slot = wide ? offset / 8 : 12 * (offset >> 6) + (offset & 63) / 5
    if (slot >= this.functions.size) return null
    if (!Number.isInteger(slot)) throw new Error(`no slot of the jump table: ${line}`)
    return slot
  }
}

function addressLabel(operand, value) {
  return registersOf(operand).some((register) => value(register) === DATA) ? DATA : PUBLIC
}

/** Joins `from` into `into`; true when that changed it. */
function merge(into, from) {
  let changed = false
  for (const name of new Set([...into.keys(), ...from.keys()])) {
    const old = into.get(name) ?? PUBLIC
    const label = join(old, from.get(name) ?? PUBLIC)
    if (label === old) continue
    into.set(name, label)
    changed = true
  }
  return changed
}

// --- the report

function report(variant) {
  const argv = [...FLAGS.split(' '), fileURLToPath(import.meta.url), '--compile', variant]
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  if (status !== 0) throw new Error(stderr)
  const parsed = parse(stdout)
  const analysis = new Analysis(parsed)
  analysis.run()
  console.log(`\n${variant.toLowerCase()} module, ${parsed.functions.size} functions`)
  for (const [index, { name, code }] of [...parsed.functions].sort(([a], [b]) => a - b)) {
    const count = (pattern) => code.filter((instruction) => pattern.test(instruction.name)).length
    const counts = `${code.length} instructions, ${count(/^j(?!mp)/)} conditional branches, ${count(DIVIDES)} divisions`
    const found = [...analysis.findings.values()].filter((finding) => finding.index === index)
    console.log(`  ${name}: ${counts}; ${found.length} depend on data`)
    for (const { what, text } of found) console.log(`      ${what}: ${text}`)
  }
  const wanted = [...parsed.exported.keys()].filter((index) => !parsed.functions.has(index))
  if (wanted.length > 0) throw new Error(`V8 did not print functions ${wanted.join(', ')}`)
}

if (process.argv[2] === '--compile') {
  compile(process.argv[3])
} else {
  if (process.arch !== 'x64') throw new Error('only the code of x86-64 is understood')
  console.log(`Node.js ${process.versions.node}, V8 ${process.versions.v8}`)
  for (const variant of ['PLAIN', 'RELAXED']) {
    const text = readFileSync(MODULE, 'utf8')
    const [, base64] = new RegExp(`const ${variant}: string =\\s*'([^']+)'`).exec(text)
    if (WebAssembly.validate(Buffer.from(base64, 'base64'))) report(variant)
  }
}
