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
    name: 'varint-past-the-end',
    target: 'wire-reader',
    file: 'packages/wire/src/byte-reader.ts',
    find: 'if (length > this.end - at) {',
    replace: 'if (length > this.end - at + 1) {',
  },
  {
    name: 'der-length-not-minimal',
    target: 'x509-der',
    file: 'packages/x509/src/der-reader.ts',
    find: 'if (length < (size === 1 ? 0x80 : size === 2 ? 0x100 : 0x10000)) {',
    replace: 'if (length < (size === 1 ? 0x80 : 0x100)) {',
  },
  {
    name: 'two-shares-of-a-group',
    target: 'tls-messages',
    file: 'packages/tls/src/messages/client-hello.ts',
    find: 'if (seen.has(group)) {',
    replace: 'if (seen.has(group) && shares.length > 1) {',
  },
  {
    name: 'message-in-pieces',
    target: 'tls-reader',
    file: 'packages/tls/src/handshake-reader.ts',
    find: 'const taken = Math.min(wanted, this.#input.length - this.#position)',
    replace: 'const taken = Math.min(wanted, this.#input.length)',
  },
  {
    name: 'ack-range-below-zero',
    target: 'quic-frames',
    file: 'packages/quic/src/frame-decoder.ts',
    find: '    smallest = largest - reader.varint()\n    if (smallest < 0) reader.fail()',
    replace: '    smallest = largest - reader.varint()\n    if (smallest < -1) reader.fail()',
  },
  {
    name: 'long-connection-id',
    target: 'quic-frames',
    file: 'packages/quic/src/frame-decoder.ts',
    find: 'if (length < 1 || length > MAX_CONNECTION_ID_LENGTH) reader.fail()',
    replace: 'if (length < 1 || length > MAX_CONNECTION_ID_LENGTH + 1) reader.fail()',
  },
  {
    name: 'data-past-the-final-size',
    target: 'quic-connection',
    file: 'packages/quic/src/streams/receive-part.ts',
    find: 'if (dataEnd > this.#finalSize) throw',
    replace: 'if (dataEnd > this.#finalSize && fin) throw',
  },
  {
    name: 'huffman-eos',
    target: 'qpack-huffman',
    file: 'packages/qpack/src/huffman.ts',
    find: 'if (child === -1 - EOS) emitted = FAILS\n        else if (child < 0)',
    replace: 'if (child < 0)',
  },
  {
    name: 'string-past-the-section',
    target: 'qpack-section',
    file: 'packages/qpack/src/field-section-decoder.ts',
    find: 'length > reader.end - reader.position',
    replace: 'length > reader.end',
  },
  {
    name: 'setting-twice',
    target: 'http3-settings',
    file: 'packages/http3/src/settings.ts',
    find: 'if (values.has(id) && id < Number.MAX_SAFE_INTEGER) {',
    replace: 'if (values.has(id) && id < 0x100) {',
  },
  {
    name: 'section-past-its-frame',
    target: 'http3-server',
    file: 'packages/http3/src/message-receiver.ts',
    find: 'if (this.#sectionLength === 0 && this.#frameLeft === 0) {',
    replace: 'if (this.#frameLeft === 0) {',
  },
]

/** @throws RangeError when there is none of that name. */
export function findDefect(name: string | undefined): Defect | null {
  if (name === undefined) return null
  const defect = DEFECTS.find((one) => one.name === name)
  if (defect === undefined) throw new RangeError(`no defect is named ${name}`)
  return defect
}
