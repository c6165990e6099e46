// What must hold before a packet is handed to the module, which checks nothing itself: all keys share
// one memory, so a wrong offset would cross connections. NaN fails every comparison here.

/** Bytes of an AEAD tag. */
const TAG = 16
/** Bytes from the packet number to the end of the sample, RFC 9001 §5.4.2. */
const SAMPLE_END = 20

function outside(offset: number): RangeError {
  return new RangeError(`"offset" expected a packet within packet memory, got ${offset}`)
}

export function checkSeal(
  slots: Uint8Array,
  offset: number,
  pnOffset: number,
  pnLength: number,
  payloadLength: number,
): void {
  // RFC 9001 §5.4.2: there must be enough ciphertext to sample.
  if (!(pnLength >= 1 && pnLength <= 4 && payloadLength + pnLength >= 4)) {
    throw new RangeError(
      `"payloadLength" and "pnLength" expected at least 4 together, got ${payloadLength} and ${pnLength}`,
    )
  }
  const end = pnOffset + pnLength + payloadLength + TAG
  if (!(offset >= 0 && pnOffset >= offset && end <= slots.length)) throw outside(offset)
}

export function checkSample(slots: Uint8Array, offset: number, pnOffset: number): void {
  const end = pnOffset + SAMPLE_END
  if (!(offset >= 0 && pnOffset >= offset && end <= slots.length)) throw outside(offset)
}

/** False for a payload that cannot be one; throws for a region outside. */
export function checkOpen(
  slots: Uint8Array,
  offset: number,
  headerLength: number,
  payloadLength: number,
): boolean {
  const end = offset + headerLength + payloadLength + TAG
  if (!(offset >= 0 && headerLength >= 0 && end <= slots.length)) throw outside(offset)
  return payloadLength >= 0
}

export function checkNumber(packetNumber: number): void {
  if (!(Number.isSafeInteger(packetNumber) && packetNumber >= 0)) {
    throw new RangeError(`"packetNumber" expected an integer 0..2^53-1, got ${packetNumber}`)
  }
}
