// What the tests of a file say when they run: the titles of its tests and the messages of its
// assertions. Comments say nothing, and neither do strings that end anywhere else.
import { parse } from 'acorn'
import { transformSync } from 'amaro'

/** Which arguments are the message, by method of tap. `pass` cannot fail and so proves nothing. */
const MESSAGES = {
  ok: [1],
  notOk: [1],
  equal: [2],
  not: [2],
  same: [2],
  notSame: [2],
  strictSame: [2],
  strictNotSame: [2],
  match: [2],
  notMatch: [2],
  has: [2],
  hasStrict: [2],
  type: [2],
  throws: [1, 2],
  doesNotThrow: [1],
  rejects: [1, 2],
  resolves: [1],
  resolveMatch: [2],
}

/** Calls that hand on the elements of their object. */
const HAND_ON = new Set(['concat', 'entries', 'filter', 'reverse', 'slice', 'sort', 'values'])
const LOOPS = new Set(['every', 'filter', 'flatMap', 'forEach', 'map', 'some'])

/** Stands in a path for every element of a list. */
const EACH = '*'

const isNode = (value) => typeof value?.type === 'string'

function childrenOf(node) {
  return Object.values(node).flat().filter(isNode)
}

const isFunction = (node) =>
  node?.type === 'ArrowFunctionExpression' ||
  node?.type === 'FunctionExpression' ||
  node?.type === 'FunctionDeclaration'

/** `[name, path]` of every name that a pattern binds. */
function namesOf(pattern, path = []) {
  switch (pattern?.type) {
    case 'Identifier':
      return [[pattern.name, path]]
    case 'AssignmentPattern':
      return namesOf(pattern.left, path)
    case 'RestElement':
      return namesOf(pattern.argument, [...path.slice(0, -1), EACH])
    case 'ArrayPattern':
      return pattern.elements.flatMap((element, i) => namesOf(element, [...path, i]))
    case 'ObjectPattern':
      return pattern.properties.flatMap((property) =>
        property.type === 'Property'
          ? namesOf(property.value, [...path, property.key.name ?? property.key.value])
          : [],
      )
    default:
      return []
  }
}

/** The strings that the tests of this TypeScript text say, each as it stands (a hole is empty). */
export function saidBy(text) {
  const code = transformSync(text, { mode: 'strip-only' }).code
  const program = parse(code, { ecmaVersion: 'latest', sourceType: 'module', locations: true })
  const parents = new Map()
  const calls = []
  const visit = (node) => {
    if (node.type === 'CallExpression') calls.push(node)
    for (const child of childrenOf(node)) {
      parents.set(child, node)
      visit(child)
    }
  }
  visit(program)

  const said = new Map()
  const seen = new Map()

  /** What `node` gives at `path` (keys and indices, from the outside in) is said. */
  function say(node, path = []) {
    if (!isNode(node)) return
    const key = path.join()
    const paths = seen.get(node) ?? new Set()
    if (paths.has(key) || path.length > 8) return
    seen.set(node, paths.add(key))
    const [step, ...rest] = path
    switch (node.type) {
      case 'Literal':
        if (path.length === 0 && typeof node.value === 'string') keep(node, node.value)
        return
      case 'TemplateLiteral':
        keep(node, node.quasis.map((quasi) => quasi.value.cooked).join(''))
        for (const expression of node.expressions) say(expression)
        return
      case 'BinaryExpression':
      case 'LogicalExpression':
        say(node.left, path)
        say(node.right, path)
        return
      case 'ConditionalExpression':
        say(node.consequent, path)
        say(node.alternate, path)
        return
      case 'ArrayExpression':
        for (const [i, element] of node.elements.entries()) {
          if (element?.type === 'SpreadElement') say(element.argument, [EACH, ...rest])
          else if (step === EACH || step === i) say(element, rest)
        }
        return
      case 'ObjectExpression':
        for (const property of node.properties) {
          if (property.type === 'SpreadElement') say(property.argument, path)
          else if (step === EACH || (property.key.name ?? property.key.value) === step) {
            say(property.value, rest)
          }
        }
        return
      case 'MemberExpression':
        if (!node.computed) say(node.object, [node.property.name, ...path])
        else if (typeof node.property.value === 'number') {
          say(node.object, [node.property.value, ...path])
        } else say(node.object, [EACH, ...path])
        return
      case 'NewExpression':
        // new Map(rows), new Set(list)
        say(node.arguments[0], path)
        return
      case 'CallExpression':
        sayCall(node, path)
        return
      case 'Identifier':
        sayName(node.name, node, path)
    }
  }

  function keep(node, string) {
    said.set(node, string)
  }

  function sayCall(node, path) {
    const { callee } = node
    if (callee.type === 'Identifier') {
      const target = declarationOf(callee.name, node)
      if (isFunction(target)) sayReturns(target, path)
      return
    }
    if (callee.type !== 'MemberExpression') return
    const method = callee.property.name
    if (method === 'map') sayReturns(node.arguments[0], path.slice(1))
    else if (method === 'flatMap') sayReturns(node.arguments[0], [EACH, ...path.slice(1)])
    else if (callee.object.name === 'Object' && method === 'values') say(node.arguments[0], path)
    else if (callee.object.name === 'Object' && method === 'entries') {
      if (path[1] === 0) sayKeys(node.arguments[0])
      else say(node.arguments[0], [EACH, ...path.slice(2)])
    } else if (HAND_ON.has(method)) {
      say(callee.object, path)
      if (method === 'concat') for (const argument of node.arguments) say(argument, path)
    }
  }

  function sayKeys(node) {
    const object = node?.type === 'Identifier' ? declarationOf(node.name, node) : node
    if (object?.type !== 'ObjectExpression') return
    for (const { key } of object.properties) if (key?.type === 'Literal') keep(key, key.value)
  }

  function sayReturns(target, path) {
    if (!isFunction(target)) return
    if (target.body.type !== 'BlockStatement') {
      say(target.body, path)
      return
    }
    const search = (node) => {
      if (node.type === 'ReturnStatement') say(node.argument, path)
      if (!isFunction(node)) for (const child of childrenOf(node)) search(child)
    }
    search(target.body)
  }

  /** What a name is declared as where `from` stands: a function or the value of a `const`. */
  function declarationOf(name, from) {
    for (const { value, path, bound } of bindingsFrom(from)) {
      if (bound === name && path.length === 0) return value
    }
    return undefined
  }

  function sayName(name, from, path) {
    for (const binding of bindingsFrom(from)) {
      if (binding.bound !== name) continue
      if (binding.parameterOf !== undefined) sayParameter(binding, path)
      else say(binding.value, [...binding.path, ...path])
      return
    }
  }

  /** What calls of the function give as this parameter. */
  function sayParameter({ parameterOf: target, index, path: inner }, path) {
    const holder = parents.get(target)
    if (holder.type === 'CallExpression' && holder.callee.type === 'MemberExpression') {
      // rows.forEach((row) => ...)
      if (LOOPS.has(holder.callee.property.name) && index === 0) {
        say(holder.callee.object, [EACH, ...inner, ...path])
      }
      return
    }
    const name = target.id?.name ?? (holder.type === 'VariableDeclarator' ? holder.id.name : null)
    for (const call of calls) {
      if (call.callee.type !== 'Identifier' || call.callee.name !== name) continue
      if (declarationOf(name, call) !== target) continue
      if (call.arguments[index]?.type === 'SpreadElement') {
        say(call.arguments[index].argument, [EACH, ...inner, ...path])
      } else say(call.arguments[index], [...inner, ...path])
    }
  }

  /** Everything that is declared around a node, nearest first. */
  function* bindingsFrom(from) {
    for (let node = from; node !== undefined; node = parents.get(node)) {
      if (isFunction(node)) {
        for (const [index, parameter] of node.params.entries()) {
          for (const [bound, path] of namesOf(parameter)) {
            yield { bound, path, parameterOf: node, index }
          }
        }
      }
      if (node.type === 'ForOfStatement') {
        for (const [bound, path] of namesOf(node.left.declarations?.[0].id)) {
          yield { bound, path: [EACH, ...path], value: node.right }
        }
      }
      for (const statement of Array.isArray(node.body) ? node.body : []) {
        const declared =
          statement.type === 'ExportNamedDeclaration' ? statement.declaration : statement
        if (declared?.type === 'FunctionDeclaration') {
          yield { bound: declared.id.name, path: [], value: declared }
        }
        if (declared?.type !== 'VariableDeclaration') continue
        for (const { id, init } of declared.declarations) {
          for (const [bound, path] of namesOf(id)) yield { bound, path, value: init }
        }
      }
    }
  }

  for (const { callee, arguments: given } of calls) {
    if (callee.type !== 'MemberExpression' || callee.object.type !== 'Identifier') continue
    const method = callee.property.name
    if (callee.object.name !== 't') continue
    if (method === 'test') say(given[0])
    else if (Object.hasOwn(MESSAGES, method)) for (const i of MESSAGES[method]) say(given[i])
  }
  return [...said.values()]
}
