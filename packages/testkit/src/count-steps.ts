// Work, counted: how many characters a function looks at. Time depends on the machine; this does not.

/** Methods of strings whose work grows with the string. */
const SCANS = [
  'codePointAt',
  'endsWith',
  'includes',
  'indexOf',
  'lastIndexOf',
  'localeCompare',
  'match',
  'matchAll',
  'normalize',
  'padEnd',
  'padStart',
  'repeat',
  'replace',
  'replaceAll',
  'search',
  'slice',
  'split',
  'startsWith',
  'substring',
  'toLowerCase',
  'toUpperCase',
  'trim',
  'trimEnd',
  'trimStart',
] as const

/**
 * The characters that `work` looks at: one for each `charCodeAt` and `charAt`, a string's whole length
 * for every other method of strings, and the square of it for a regular expression, which nobody has
 * shown to be linear. Comparisons and look-ups by `[]` are not seen.
 */
export function countSteps(work: () => void): number {
  let steps = 0
  const restore: (() => void)[] = []
  const watch = (
    prototype: object,
    name: string,
    cost: (self: unknown, args: unknown[]) => number,
  ) => {
    const original = Reflect.get(prototype, name) as (...args: unknown[]) => unknown
    restore.push(() => Reflect.set(prototype, name, original))
    Reflect.set(prototype, name, function (this: unknown, ...args: unknown[]): unknown {
      steps += cost(this, args)
      return Reflect.apply(original, this, args)
    })
  }
  for (const name of ['charCodeAt', 'charAt', 'at']) watch(String.prototype, name, () => 1)
  for (const name of SCANS) watch(String.prototype, name, (self) => String(self).length)
  // `test` and the methods of strings that take an expression come here, too.
  watch(RegExp.prototype, 'exec', (_, [text]) => String(text).length ** 2)
  try {
    work()
  } finally {
    for (const undo of restore) undo()
  }
  return steps
}
