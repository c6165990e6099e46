// Header protection once the mask is there, RFC 9001 §5.4.1. How long the packet number is shows in neither
// branches nor addresses (§9.5): before the packet has been opened, that is a secret of header protection.

/** The bits of the first byte that are protected. Whether the header is long is public. */
@inline
function firstBits(first: u32): u32 {
  return first & 0x80 ? 15 : 31;
}

/** XORs the five bytes at `mask` onto the first byte and onto `pnLength` bytes of the packet number. */
@inline
export function maskHeader(packet: usize, pnOffset: usize, pnLength: i32, mask: usize): void {
  const first = <u32>load<u8>(packet);
  store<u8>(packet, first ^ (load<u8>(mask) & firstBits(first)));
  // Always four bytes, of which the last ones may meet zeros: the sample comes after them.
  const bits = load<u32>(mask, 1) & (<u32>0xffffffff >> ((4 - pnLength) << 3));
  store<u32>(packet + pnOffset, load<u32>(packet + pnOffset) ^ bits);
}

/** Removes the mask; returns the packet number's length. */
@inline
export function unmaskHeader(packet: usize, pnOffset: usize, mask: usize): i32 {
  const first = <u32>load<u8>(packet);
  const clear = first ^ (load<u8>(mask) & firstBits(first));
  const pnLength = <i32>(clear & 3) + 1;
  maskHeader(packet, pnOffset, pnLength, mask);
  return pnLength;
}
