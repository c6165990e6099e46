// Changes of whole elements: taken out, doubled, exchanged, replaced by one of another input, or
// changed inside, with the lengths around them made true again. Without this nearly every change of
// a nested format ends at its outermost length.

import type { Prng } from '../../src/prng.ts'
import { encodeVarintOf, join, mutateBytes } from './mutate.ts'
import type { MutationContext } from './mutate.ts'
import { varintAt } from './outlines.ts'
import type { Element, LengthField } from './target.ts'

export type Outline = (input: Uint8Array) => readonly Element[]

/** A copy of `input` with one element changed; as it is when it has no elements. */
export function mutateStructure(
  input: Uint8Array,
  outline: Outline,
  context: MutationContext,
): Uint8Array {
  const { prng } = context
  const paths = pathsOf(outline(input))
  if (paths.length === 0) return mutateBytes(input, context)
  const path = paths[prng.below(paths.length)]
  const element = path[path.length - 1]
  const around = path.slice(0, -1)
  const whole = input.subarray(element.start, element.end)
  switch (prng.below(8)) {
    case 0:
      return replace(input, around, element.start, element.end, new Uint8Array(0))
    case 1: {
      const copies = 1 + prng.below(prng.chance(0.9) ? 2 : 64)
      const run = join(...Array.from({ length: copies }, () => whole))
      return replace(input, around, element.end, element.end, run)
    }
    case 2: {
      const other = pick(context, outline)
      if (other === null) return mutateBytes(input, context)
      return replace(input, around, element.start, element.end, other)
    }
    case 3: {
      const other = pick(context, outline)
      if (other === null) return mutateBytes(input, context)
      const at = prng.chance(0.5) ? element.start : element.end
      return replace(input, around, at, at, other)
    }
    case 4: {
      // Exchanged with one of the same parent.
      const siblings = around.at(-1)?.children ?? outline(input)
      const other = siblings[prng.below(siblings.length)]
      const [a, b] = other.start < element.start ? [other, element] : [element, other]
      if (a === b) return mutateBytes(input, context)
      const between = join(
        input.subarray(b.start, b.end),
        input.subarray(a.end, b.start),
        input.subarray(a.start, a.end),
      )
      return replace(input, around, a.start, b.end, between)
    }
    case 5: {
      // The tag, or whatever stands before the contents, with the length as it is.
      const head = input.subarray(element.start, element.contents)
      if (head.length === 0) return mutateBytes(input, context)
      return replace(input, around, element.start, element.contents, mutateBytes(head, context))
    }
    case 6: {
      // The same length in more bytes than it needs.
      const field = element.length === null ? null : widen(element.length, input, prng)
      if (element.length === null || field === null) return mutateBytes(input, context)
      const { at, size } = element.length
      return replace(input, around, at, at + size, field)
    }
    default: {
      const contents = mutateBytes(input.subarray(element.contents, element.end), context)
      return replace(input, path, element.contents, element.end, contents)
    }
  }
}

/** Every element with those around it, outermost first. */
function pathsOf(elements: readonly Element[], around: readonly Element[] = []): Element[][] {
  const paths: Element[][] = []
  for (const element of elements) {
    const path = [...around, element]
    paths.push(path, ...pathsOf(element.children, path))
  }
  return paths
}

function pick(context: MutationContext, outline: Outline): Uint8Array | null {
  const input = context.other()
  const paths = pathsOf(outline(input))
  if (paths.length === 0) return null
  const element = paths[context.prng.below(paths.length)].at(-1)
  return element === undefined ? null : input.subarray(element.start, element.end)
}

/** Puts `bytes` in the place of `input[start, end)` and corrects the lengths of `around`. */
export function replace(
  input: Uint8Array,
  around: readonly Element[],
  start: number,
  end: number,
  bytes: Uint8Array,
): Uint8Array {
  let result = join(input.subarray(0, start), bytes, input.subarray(end))
  // Innermost first: a length field that grows makes everything around it longer.
  let grown = bytes.length - (end - start)
  for (let i = around.length - 1; i >= 0; i--) {
    const { length, contents, end: elementEnd } = around[i]
    if (length === null) continue
    const field = encodeLength(length, elementEnd - contents + grown)
    const after = length.at + length.size
    result = join(result.subarray(0, length.at), field, result.subarray(after))
    grown += field.length - length.size
  }
  return result
}

function widen({ at, size, kind }: LengthField, input: Uint8Array, prng: Prng): Uint8Array | null {
  const field = input.subarray(at, at + size)
  if (kind === 'der') {
    const value = size === 1 ? field : field.subarray(1)
    const zeros = new Uint8Array(1 + prng.below(3))
    return join(Uint8Array.of(0x80 | (value.length + zeros.length)), zeros, value)
  }
  if (kind !== 'varint' || size === 8) return null
  const value = varintAt(input, at)?.value ?? 0
  return encodeVarintOf(value, size === 1 ? (prng.chance(0.5) ? 2 : 4) : size === 2 ? 4 : 8)
}

function encodeLength({ kind, size }: LengthField, value: number): Uint8Array {
  const length = Math.max(0, value)
  if (kind === 'u8') return Uint8Array.of(length)
  if (kind === 'u16') return Uint8Array.of(length >>> 8, length)
  if (kind === 'u24') return Uint8Array.of(length >>> 16, length >>> 8, length)
  if (kind === 'varint') {
    // As wide as before, when it fits.
    const least = Math.max(length < 0x40 ? 1 : length < 0x4000 ? 2 : 4, size)
    return encodeVarintOf(length, least === 1 || least === 2 || least === 4 ? least : 8)
  }
  if (length < 0x80) return Uint8Array.of(length)
  if (length < 0x100) return Uint8Array.of(0x81, length)
  if (length < 0x10000) return Uint8Array.of(0x82, length >>> 8, length)
  return Uint8Array.of(0x83, length >>> 16, length >>> 8, length)
}
