// The packet-protection engine: what src/simd/ calls. Bounds are checked there, before every call;
// nothing here checks an address. To read first: the twins in test/reference/.

export { aesInit, aesProtect, aesUnmask, aesUnprotect, counters, keystream } from "./gcm";
export { hmacSha256 } from "./sha256";
export { chachaProtect, chachaUnmask, chachaUnprotect } from "./chacha20-poly1305";
