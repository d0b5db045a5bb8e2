/**
 * Charts as SVG: bars from zero, and lines over two logarithmic axes. The colours follow the reader's light or dark
 * scheme.
 * Must never happen here: a scale that does not begin at zero and is not logarithmic.
 */
import type { BarChart, Chart, LineChart } from './benchmark.ts'
import { numberText } from './table.ts'

const width = 760
const margin = 28
const style = `
  text { font: 13px system-ui, -apple-system, 'Segoe UI', sans-serif; fill: #1f2933; }
  .title { font-size: 16px; font-weight: 600; }
  .quiet { fill: #66727f; }
  .end { text-anchor: end; }
  .middle { text-anchor: middle; }
  .paper { fill: #ffffff; stroke: #dfe4ea; }
  .grid { stroke: #e6eaef; }
  .track { fill: #f1f4f7; }
  .series0 { --series: #2463c9; }
  .series1 { --series: #b5501b; }
  .series2 { --series: #11786a; }
  .series3 { --series: #7d46b3; }
  .bar { fill: var(--series); }
  .line { stroke: var(--series); stroke-width: 2.5; stroke-linejoin: round; fill: none; }
  .label { fill: var(--series); font-weight: 600; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e4e9ef; }
    .quiet { fill: #98a4b2; }
    .paper { fill: #14191f; stroke: #2a323c; }
    .grid { stroke: #28303a; }
    .track { fill: #1d242c; }
    .series0 { --series: #78a6f8; }
    .series1 { --series: #eb9a63; }
    .series2 { --series: #4dc3ae; }
    .series3 { --series: #c29cf0; }
  }
`

export function chartSvg(chart: Chart): string {
  return chart.kind === 'bars' ? bars(chart) : lines(chart)
}

function page(chart: Chart, height: number, body: readonly string[]): string {
  const size = `viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`
  const spoken = `role="img" aria-label="${escaped(chart.title)}"`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} ${spoken}>`,
    `<style>${style}</style>`,
    `<rect class="paper" x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="10"/>`,
    text(margin, 36, 'title', chart.title),
    text(margin, 57, 'quiet', chart.values),
    ...body,
    '</svg>\n',
  ].join('\n')
}

function bars(chart: BarChart): string {
  const rowHeight = 34
  const top = 78
  const left = margin + Math.min(260, Math.max(...chart.bars.map(({ label }) => label.length)) * 7.2 + 14)
  const room = width - margin - 90 - left
  const most = Math.max(...chart.bars.map(({ value }) => value))
  const body = chart.bars.flatMap(({ label, value, note }, index) => {
    const y = top + index * rowHeight
    const length = round((value / most) * room)
    const said = note === undefined ? numberText(value) : `${numberText(value)} ${note}`
    return [
      text(margin, y + 16, '', label),
      `<rect class="track" x="${left}" y="${y}" width="${room}" height="22" rx="4"/>`,
      `<rect class="bar series0" x="${left}" y="${y}" width="${length}" height="22" rx="4"/>`,
      text(left + room + 10, y + 16, '', said),
    ]
  })
  return page(chart, top + chart.bars.length * rowHeight + margin - 10, body)
}

function lines(chart: LineChart): string {
  const height = 400
  const points = chart.lines.flatMap((line) => line.points)
  const box = { left: 86, right: width - 170, top: 84, bottom: height - 62 }
  const across = axis(
    points.map(({ x }) => x),
    box.left,
    box.right,
  )
  const up = axis(
    points.map(({ y }) => y),
    box.bottom,
    box.top,
  )
  const grid = [
    ...up.ticks.flatMap((tick) => [
      `<path class="grid" d="M${box.left} ${up.at(tick)}H${box.right}"/>`,
      text(box.left - 10, up.at(tick) + 4, 'quiet end', numberText(tick)),
    ]),
    ...across.ticks.flatMap((tick) => [
      `<path class="grid" d="M${across.at(tick)} ${box.top}V${box.bottom}"/>`,
      text(across.at(tick), box.bottom + 22, 'quiet middle', numberText(tick)),
    ]),
    text((box.left + box.right) / 2, height - 16, 'quiet middle', chart.along),
  ]
  const drawn = chart.lines.flatMap(({ label, points }, index) => {
    const series = `series${index % 4}`
    const path = points.map(({ x, y }) => `${across.at(x)} ${up.at(y)}`).join('L')
    const last = points.at(-1)
    return [
      `<path class="line ${series}" d="M${path}"/>`,
      ...points.map(
        ({ x, y }) => `<circle class="bar ${series}" cx="${across.at(x)}" cy="${up.at(y)}" r="3.5"/>`,
      ),
      ...(last === undefined ? [] : [text(box.right + 12, up.at(last.y) + 4, `label ${series}`, label)]),
    ]
  })
  return page(chart, height, [...grid, ...drawn])
}

interface Axis {
  readonly ticks: readonly number[]
  at(value: number): number
}

/** A logarithmic axis over whole powers of ten. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const low = Math.floor(Math.log10(Math.min(...values)) + 1e-9)
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values)) - 1e-9))
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i)),
    at: (value) => round(from + ((Math.log10(value) - low) / (high - low)) * (to - from)),
  }
}

function text(x: number, y: number, kind: string, words: string): string {
  const named = kind === '' ? '' : ` class="${kind}"`
  return `<text x="${round(x)}" y="${round(y)}"${named}>${escaped(words)}</text>`
}

function escaped(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}
