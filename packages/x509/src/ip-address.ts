export function parseIpAddress(text: string): Uint8Array | null {
  throw new Error(`not yet ${text}`)
}
export function formatIpAddress(address: Uint8Array): string {
  throw new Error(`not yet ${address.length}`)
}
