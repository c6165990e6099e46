// Line plots as SVG: logarithmic x axis, logarithmic or linear y axis, one line for each series.

export interface Series {
  readonly name: string
  readonly points: readonly (readonly [x: number, y: number])[]
}

export interface PlotOptions {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly logY?: boolean
  readonly formatX?: (x: number) => string
}

const WIDTH = 720
const HEIGHT = 400
const LEFT = 70
const RIGHT = 130
const TOP = 40
const BOTTOM = 50
// Okabe and Ito's colours, which the colour-blind can tell apart.
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000']

type Scale = (value: number) => number

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function label(value: number): string {
  if (value >= 1e9) return `${value / 1e9}G`
  if (value >= 1e6) return `${value / 1e6}M`
  if (value >= 1e3) return `${value / 1e3}k`
  return String(Number(value.toPrecision(3)))
}

function logTicks(low: number, high: number): number[] {
  const ticks = []
  const last = Math.ceil(Math.log10(high) - 1e-9)
  for (let e = Math.floor(Math.log10(low) + 1e-9); e <= last; e++) ticks.push(10 ** e)
  return ticks
}

function linearTicks(high: number): number[] {
  const rough = high / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power
  const ticks = []
  for (let i = 0; i * step < high + step; i++) ticks.push(i * step)
  return ticks
}

function scaleOf(ticks: readonly number[], from: number, to: number, log: boolean): Scale {
  const f = log ? Math.log10 : (value: number) => value
  const low = f(ticks[0])
  const high = f(ticks[ticks.length - 1])
  return (value) => from + ((f(value) - low) / (high - low || 1)) * (to - from)
}

/** Draws the series; points that are not finite, or not positive on a logarithmic axis, are left out. */
export function plot(series: readonly Series[], options: PlotOptions): string {
  const logY = options.logY ?? false
  const good = series.map(({ name, points }) => ({
    name,
    points: points.filter(([x, y]) => x > 0 && Number.isFinite(y) && (y > 0 || !logY)),
  }))
  const all = good.flatMap(({ points }) => points)
  if (all.length === 0) return ''
  const xs = all.map(([x]) => x)
  const ys = all.map(([, y]) => y)
  const xTicks = logTicks(Math.min(...xs), Math.max(...xs))
  const yTicks = logY ? logTicks(Math.min(...ys), Math.max(...ys)) : linearTicks(Math.max(...ys))
  const sx = scaleOf(xTicks, LEFT, WIDTH - RIGHT, true)
  const sy = scaleOf(yTicks, HEIGHT - BOTTOM, TOP, logY)
  const out = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="22" font-size="15">${escape(options.title)}</text>`,
  ]
  for (const tick of xTicks) {
    const x = sx(tick).toFixed(1)
    const text = escape((options.formatX ?? label)(tick))
    out.push(`<path d="M${x} ${TOP}V${HEIGHT - BOTTOM}" stroke="#ddd"/>`)
    out.push(`<text x="${x}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${text}</text>`)
  }
  for (const tick of yTicks) {
    const y = sy(tick).toFixed(1)
    out.push(`<path d="M${LEFT} ${y}H${WIDTH - RIGHT}" stroke="#ddd"/>`)
    out.push(`<text x="${LEFT - 8}" y="${y}" dy="4" text-anchor="end">${label(tick)}</text>`)
  }
  const middle = (TOP + HEIGHT - BOTTOM) / 2
  out.push(
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle">${escape(options.x)}</text>`,
    `<text transform="translate(18 ${middle}) rotate(-90)" text-anchor="middle">${escape(options.y)}</text>`,
  )
  good.forEach(({ name, points }, i) => {
    const colour = COLOURS[i % COLOURS.length]
    const sorted = [...points].sort((a, b) => a[0] - b[0])
    const path = sorted.map(([x, y]) => `${sx(x).toFixed(1)} ${sy(y).toFixed(1)}`)
    if (path.length > 0)
      out.push(`<path d="M${path.join('L')}" fill="none" stroke="${colour}" stroke-width="2"/>`)
    for (const at of path) {
      const [x, y] = at.split(' ')
      out.push(`<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`)
    }
    const y = TOP + 14 + i * 18
    out.push(`<path d="M${WIDTH - RIGHT + 12} ${y - 4}h18" stroke="${colour}" stroke-width="3"/>`)
    out.push(`<text x="${WIDTH - RIGHT + 36}" y="${y}">${escape(name)}</text>`)
  })
  out.push('</svg>\n')
  return out.join('\n')
}
