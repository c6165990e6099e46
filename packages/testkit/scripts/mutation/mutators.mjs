// What a mutation changes: each mutator looks at one node of the syntax tree and names small changes
// that a test should notice. A change is `{ mutator, start, end, text }`: the source between two
// offsets becomes `text`. Nothing here knows of files or tests.

/** Operators and what each becomes: the neighbour first (`<` to `<=`), then the opposite. */
const OPERATORS = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
  '**': ['*'],
  '&': ['|'],
  '|': ['&'],
  '^': ['&'],
  '<<': ['>>'],
  '>>': ['<<'],
  '>>>': ['<<'],
  '&&': ['||'],
  '||': ['&&'],
}

const ASSIGNMENTS = {
  '+=': '-=',
  '-=': '+=',
  '*=': '/=',
  '/=': '*=',
  '%=': '*=',
  '&=': '|=',
  '|=': '&=',
  '^=': '&=',
  '<<=': '>>=',
  '>>=': '<<=',
  '>>>=': '<<=',
}

/** Functions of Math that come in pairs. */
const PAIRS = { min: 'max', max: 'min', floor: 'ceil', ceil: 'floor' }

/** What these are called with is for a reader of an error or a log, and no test has to pin it. */
const SPEAKS = /error|violation|fail|throw|reason|malformed|debug|log/i

/** The constants of a number written as `raw` that stand next to it; none for what is not an integer of plain form. */
function neighbours(raw) {
  if (/^(0|[1-9][\d_]*|0x[\da-f_]+|0b[01_]+)n$/i.test(raw)) {
    const value = BigInt(raw.slice(0, -1).replaceAll('_', ''))
    return [`${value + 1n}n`, `(${value - 1n}n)`]
  }
  const value = Number(raw.replaceAll('_', ''))
  if (!Number.isFinite(value)) return []
  if (!Number.isInteger(value)) return [String(value * 2), String(value / 2)]
  const hex = /^0x/i.test(raw) && value > 0
  const write = (n) => (hex ? `0x${n.toString(16)}` : n < 0 ? `(${n})` : String(n))
  return [write(value + 1), write(value - 1)]
}

/** The name that a call goes to: `b` of `a.b(…)` and of `new b(…)`. */
function calledName(callee) {
  if (callee.type === 'Identifier') return callee.name
  if (callee.type === 'MemberExpression') return callee.property.name ?? ''
  return callee.type === 'Super' ? 'Error' : ''
}

function isText(node) {
  return (
    node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string')
  )
}

/** Whether a statement can be left out: it does something, and what follows still parses and means something. */
function removable(node, parents) {
  switch (node.type) {
    case 'ExpressionStatement': {
      const { expression } = node
      if (expression.type === 'CallExpression') return expression.callee.type !== 'Super'
      return [
        'AssignmentExpression',
        'AwaitExpression',
        'UpdateExpression',
        'UnaryExpression',
        'YieldExpression',
      ].includes(expression.type)
    }
    case 'ThrowStatement':
    case 'ContinueStatement':
    case 'BreakStatement':
      return true
    case 'ReturnStatement': {
      // The last one of a function is its result, which the other mutators change.
      const block = parents.at(-1)
      const owner = parents.at(-2)
      const last = block?.type === 'BlockStatement' && block.body.at(-1) === node
      return !(last && owner !== undefined && /Function/.test(owner.type))
    }
    default:
      return false
  }
}

/** Whether this string is read by people only, or is a name that the syntax needs. */
function forPeople(parents) {
  for (let i = parents.length - 1; i >= 0; i--) {
    const parent = parents[i]
    if (/^(Import|Export(All|Named))/.test(parent.type)) return true
    if (parent.type === 'ThrowStatement') return true
    if (parent.type === 'CallExpression' || parent.type === 'NewExpression') {
      if (SPEAKS.test(calledName(parent.callee))) return true
    }
    if (/Statement$|Function/.test(parent.type)) break
  }
  return false
}

/**
 * The changes to one node. `parents` are the nodes around it, outermost first; `key` is the name under
 * which the innermost holds it.
 */
export function mutate(node, parents, key, source) {
  const changes = []
  const parent = parents.at(-1)
  const change = (mutator, start, end, text) => changes.push({ mutator, start, end, text })
  const replace = (mutator, text) => change(mutator, node.start, node.end, text)
  /** The operator between two operands: found where only white space and comments can stand beside it. */
  const operator = (left, right, symbol) =>
    left.end + source.slice(left.end, right.start).indexOf(symbol)

  // What is put into a sentence for people, such as the 16 of `value.toString(16)`.
  const spoken = parents.some(({ type }) => type === 'TemplateLiteral') && forPeople(parents)
  if (spoken) return changes

  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression': {
      if (node.operator === '??') {
        replace('default', source.slice(node.left.start, node.left.end))
        break
      }
      if (node.operator === '+' && (isText(node.left) || isText(node.right))) break
      const at = operator(node.left, node.right, node.operator)
      for (const other of OPERATORS[node.operator] ?? []) {
        change('operator', at, at + node.operator.length, other)
      }
      break
    }
    case 'AssignmentExpression': {
      const other = ASSIGNMENTS[node.operator]
      const at = operator(node.left, node.right, node.operator)
      if (other !== undefined) change('assignment', at, at + node.operator.length, other)
      break
    }
    case 'UpdateExpression': {
      // A loop that counts the other way never ends, which proves nothing about the tests.
      if (parent.type === 'ForStatement' && key === 'update') break
      const at = node.prefix ? node.start : node.end - 2
      change('update', at, at + 2, node.operator === '++' ? '--' : '++')
      break
    }
    case 'UnaryExpression':
      if (node.operator === '!' || node.operator === '~') {
        change('negation', node.start, node.start + 1, '')
      } else if (node.operator === '-' && node.argument.type !== 'Literal') {
        change('negation', node.start, node.start + 1, '')
      }
      break
    case 'Literal':
      if ((key === 'key' && !parent.computed) || (key === 'source' && parent)) break
      if (typeof node.value === 'boolean') replace('boolean', String(!node.value))
      else if (typeof node.value === 'number' || typeof node.value === 'bigint') {
        for (const text of neighbours(node.raw)) replace('number', text)
      } else if (typeof node.value === 'string' && node.value !== '') {
        const directive = parent.type === 'ExpressionStatement'
        if (!directive && !forPeople(parents)) replace('string', "''")
      }
      break
    case 'CallExpression': {
      const { callee } = node
      if (callee.type !== 'MemberExpression' || callee.object.name !== 'Math') break
      const other = PAIRS[callee.property.name]
      if (other !== undefined) change('math', callee.property.start, callee.property.end, other)
      break
    }
    default:
      if (removable(node, parents)) replace('removal', ';')
  }

  // A condition that always holds, or never.
  const isCondition =
    key === 'test' &&
    ['IfStatement', 'ConditionalExpression', 'WhileStatement', 'ForStatement'].includes(parent.type)
  if (isCondition && node.type !== 'Literal') {
    if (parent.type === 'IfStatement' || parent.type === 'ConditionalExpression') {
      replace('condition', 'true')
    }
    replace('condition', 'false')
  }
  return changes
}
