// Tables that read well in a terminal and are Markdown at the same time.

/** A number with about three significant digits; '-' for one that is not there. */
export function figure(value: number | undefined, digits?: number): string {
  if (value === undefined || !Number.isFinite(value)) return '-'
  if (digits !== undefined) return value.toFixed(digits)
  const size = Math.abs(value)
  if (size >= 100) return Math.round(value).toString()
  return value.toFixed(size >= 10 ? 1 : size >= 1 ? 2 : 3)
}

export function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, i) =>
    Math.max(title.length, ...rows.map((row) => (row[i] ?? '').length)),
  )
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((w, i) => (i === 0 ? (cells[i] ?? '').padEnd(w) : (cells[i] ?? '').padStart(w))).join(' | ')} |`
  const rule = `| ${widths.map((w, i) => (i === 0 ? '-'.repeat(w) : `${'-'.repeat(w - 1)}:`)).join(' | ')} |`
  return [line(head), rule, ...rows.map((row) => line(row))].join('\n')
}
