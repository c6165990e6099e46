// Gives one module of the program under test another text: the change in GODWIT_MUTANT, as JSON
// `{ url, start, end, original, text }`. No file is touched, so many mutants run side by side.
/** A test that fails for this has noticed nothing. */
export const CHANGED = 'the source is not what the mutant was made from'

const { url, start, end, original, text } = JSON.parse(process.env.GODWIT_MUTANT ?? '{}')

export async function load(asked, context, next) {
  const loaded = await next(asked, context)
  if (asked !== url) return loaded
  const source = String(loaded.source)
  if (source.slice(start, end) !== original) {
    throw new Error(CHANGED)
  }
  return { ...loaded, source: source.slice(0, start) + text + source.slice(end) }
}
