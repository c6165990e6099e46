export function runAttacks(_smoke: boolean): { result: unknown; text: string } {
  return { result: {}, text: '' }
}
