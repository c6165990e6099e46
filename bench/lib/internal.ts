// Parts that packages do not export, as they were built. The type is that of the source:
//
//   const { decodeFrame } = await internal<typeof import('../../packages/quic/src/frame-decoder.ts')>(
//     'quic/frame-decoder',
//   )

/** Imports `packages/NAME/dist/PATH.js` for 'NAME/PATH'. */
export function internal<T>(path: string): Promise<T> {
  const [name, ...rest] = path.split('/')
  const url = new URL(`../../packages/${name}/dist/${rest.join('/')}.js`, import.meta.url)
  return import(url.href) as Promise<T> // sound: dist is built from the source that T names
}
