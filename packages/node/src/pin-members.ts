// Express replaces the prototypes of request and response by objects that inherit from those of
// node:http. Members that are the object's own survive that.

const DESCRIPTORS = new WeakMap<object, PropertyDescriptorMap>()

/** Makes every member between `prototype` and EventEmitter's the own property of `object`. */
export function pinMembers(object: object, prototype: object): void {
  let descriptors = DESCRIPTORS.get(prototype)
  if (descriptors === undefined) {
    descriptors = collect(prototype)
    DESCRIPTORS.set(prototype, descriptors)
  }
  Object.defineProperties(object, descriptors)
}

/** An application gives an object a member of its own under a name that has an accessor. */
export function assignOwn(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, {
    value,
    writable: true,
    configurable: true,
    enumerable: true,
  })
}

function collect(prototype: object): PropertyDescriptorMap {
  const descriptors: PropertyDescriptorMap = {}
  let level: object | null = prototype
  // Up to and with Readable or Writable; Stream and EventEmitter are node:http's own base too.
  for (let depth = 0; depth < 2 && level !== null; depth++) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (name === 'constructor' || Object.hasOwn(descriptors, name)) continue
      if (name === 'res' || name === 'req') continue // plain properties from now on
      descriptors[name] = { ...descriptor, configurable: true }
    }
    level = Object.getPrototypeOf(level) as object | null
  }
  return descriptors
}
