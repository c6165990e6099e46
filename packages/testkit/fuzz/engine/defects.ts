// Defects that are put into the sources on their way to the fuzzer, to see what it is worth: each is
// of a kind that decoders really have had.

export interface Defect {
  readonly name: string
  /** The target that is expected to find it. */
  readonly target: string
  readonly file: string
  /** Text that the file has once, types blanked out. */
  readonly find: string
  readonly replace: string
}

export const DEFECTS: readonly Defect[] = [
  {
    name: 'reader-bounds',
    target: 'wire-reader',
    file: 'packages/wire/src/byte-reader.ts',
    find: 'if (length > this.end - at) {',
    replace: 'if (length > this.end - at + 1) {',
  },
  {
    name: 'ack-negative',
    target: 'quic-frames',
    file: 'packages/quic/src/frame-decoder.ts',
    find: '    smallest = largest - reader.varint()\n    if (smallest < 0) reader.fail()',
    replace: '    smallest = largest - reader.varint()\n    if (smallest < -1) reader.fail()',
  },
  {
    name: 'connection-id-length',
    target: 'quic-frames',
    file: 'packages/quic/src/frame-decoder.ts',
    find: 'if (length < 1 || length > MAX_CONNECTION_ID_LENGTH) reader.fail()',
    replace: 'if (length < 1 && length > MAX_CONNECTION_ID_LENGTH) reader.fail()',
  },
]

/** @throws RangeError when there is none of that name. */
export function findDefect(name: string | undefined): Defect | null {
  if (name === undefined) return null
  const defect = DEFECTS.find((one) => one.name === name)
  if (defect === undefined) throw new RangeError(`no defect is named ${name}`)
  return defect
}
