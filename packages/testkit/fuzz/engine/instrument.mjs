// Puts a counter at every place where a program can take one way or another: functions, branches,
// loops, cases, operands that may be skipped. The counters of a run are what the fuzzer is guided by.
//
// Nothing moves to another line, so stack traces stay true.

import { parse } from 'acorn'

const COUNTERS = '__counters'
/** Longer literals are messages for people, not words of a protocol. */
const MAX_WORD = 24

/**
 * The module with counters, one for each line number in the list that it registers.
 *
 * @param {string} source JavaScript
 * @param {string} name of the module, for reports
 * @returns {string}
 */
export function instrument(source, name) {
  const program = parse(source, { ecmaVersion: 'latest', sourceType: 'module', locations: true })
  const lines = []
  const words = new Set()
  const insertions = []
  const insert = (at, text) => insertions.push({ at, text })
  const counter = (node) => `${COUNTERS}[${lines.push(node.loc.start.line) - 1}]++`

  /** Counts where the block begins, or makes a block of a single statement. */
  const countStatement = (node) => {
    if (node.type === 'BlockStatement') {
      insert(node.start + 1, `${counter(node)};`)
      visit(node)
      return
    }
    insert(node.start, `{${counter(node)};`)
    visit(node)
    insert(node.end, '}')
  }
  const countExpression = (node) => {
    insert(node.start, `(${counter(node)},`)
    visit(node)
    insert(node.end, ')')
  }
  const visitFunction = (node) => {
    for (const parameter of node.params) visit(parameter)
    if (node.body.type === 'BlockStatement') countStatement(node.body)
    else countExpression(node.body)
  }

  const visitors = {
    FunctionDeclaration: visitFunction,
    FunctionExpression: visitFunction,
    ArrowFunctionExpression: visitFunction,
    IfStatement(node) {
      visit(node.test)
      countStatement(node.consequent)
      if (node.alternate) countStatement(node.alternate)
      else insert(node.end, `else{${counter(node)};}`)
    },
    ConditionalExpression(node) {
      visit(node.test)
      countExpression(node.consequent)
      countExpression(node.alternate)
    },
    LogicalExpression(node) {
      visit(node.left)
      countExpression(node.right)
    },
    AssignmentExpression(node) {
      visit(node.left)
      if (/^(?:&&|\|\||\?\?)=$/.test(node.operator)) countExpression(node.right)
      else visit(node.right)
    },
    SwitchStatement(node) {
      visit(node.discriminant)
      for (const branch of node.cases) {
        if (branch.test) visit(branch.test)
        if (branch.consequent.length > 0) {
          insert(branch.consequent[0].start, `${counter(branch)};`)
        }
        for (const statement of branch.consequent) visit(statement)
      }
      const hasDefault = node.cases.some((branch) => branch.test === null)
      const before = node.cases.length > 0 ? ';' : ''
      if (!hasDefault) insert(node.end - 1, `${before}default:${counter(node)};`)
    },
    CatchClause(node) {
      countStatement(node.body)
    },
    Literal(node) {
      const { value } = node
      if (typeof value === 'number' && Number.isSafeInteger(value) && value > 0x40) words.add(value)
      if (typeof value === 'string' && value.length > 1 && value.length <= MAX_WORD) {
        if (/^[\x21-\x7e]+$/.test(value)) words.add(value)
      }
    },
    ImportDeclaration() {},
    ExportNamedDeclaration(node) {
      if (node.declaration) visit(node.declaration)
    },
  }
  for (const type of ['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement']) {
    visitors[type] = (node) => {
      for (const key of ['init', 'left', 'test', 'update', 'right']) if (node[key]) visit(node[key])
      countStatement(node.body)
    }
  }
  visitors.DoWhileStatement = (node) => {
    countStatement(node.body)
    visit(node.test)
  }

  function visit(node) {
    const visitor = visitors[node.type]
    if (visitor !== undefined) {
      visitor(node)
      return
    }
    for (const key of Object.keys(node)) {
      const child = node[key]
      if (Array.isArray(child)) {
        for (const item of child) if (typeof item?.type === 'string') visit(item)
      } else if (typeof child?.type === 'string') visit(child)
    }
  }

  visit(program)
  // Equal places keep their order: what was opened first is outermost, what was closed first innermost.
  const sorted = insertions.map((insertion, order) => ({ ...insertion, order }))
  sorted.sort((a, b) => a.at - b.at || a.order - b.order)
  let result = `const ${COUNTERS}=globalThis.__registerCounters(${JSON.stringify(name)},${JSON.stringify(lines)},${JSON.stringify([...words])});`
  let at = 0
  for (const insertion of sorted) {
    result += source.slice(at, insertion.at) + insertion.text
    at = insertion.at
  }
  return result + source.slice(at)
}
