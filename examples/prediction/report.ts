/**
 * The report: a page of text, and one picture with the ROC curve, the columns that matter, and the calibration.
 * Names from the table are text of others: they are escaped wherever they are written.
 */
import type { CleaningReport } from './clean.ts'
import type { Point } from './curves.ts'
import type { Evaluation } from './evaluate.ts'

export interface Subject {
  readonly data: string
  readonly target: string
  readonly positive: string
  readonly cleaning: CleaningReport
  readonly evaluation: Evaluation
}

const panel = 300
const gap = 70
const top = 56
const ink = '#1f2933'
const faint = '#cbd2d9'
const accent = '#0b6e99'

/** An SVG picture with three panels. */
export function pictureOf({ target, positive, evaluation }: Subject): string {
  const width = 3 * panel + 4 * gap
  const height = panel + top + 64
  const title = `Is "${target}" ${positive}?  Area under the ROC curve ${evaluation.auc.toFixed(3)}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`,
    ` font-family="system-ui, sans-serif" font-size="12" fill="${ink}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(gap, 30, title, { size: 16 }),
    at(0, rocPanel(evaluation)),
    at(1, importancePanel(evaluation)),
    at(2, calibrationPanel(evaluation)),
    '</svg>\n',
  ].join('\n')
}

function at(column: number, content: string): string {
  return `<g transform="translate(${gap + column * (panel + gap)} ${top})">\n${content}\n</g>`
}

function rocPanel({ roc, rowsTest }: Evaluation): string {
  return [
    frame('false alarms', 'hits', `ROC curve, ${rowsTest} rows never trained on`),
    line(
      [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
      faint,
      '4 4',
    ),
    line(roc, accent),
  ].join('\n')
}

function calibrationPanel({ calibration }: Evaluation): string {
  const most = Math.max(0.05, ...calibration.flatMap(({ predicted, seen }) => [predicted, seen]))
  const scaled = calibration.map(({ predicted, seen }) => ({ x: predicted / most, y: seen / most }))
  const dots = scaled.map(({ x, y }) => `<circle cx="${px(x)}" cy="${py(y)}" r="4" fill="${accent}"/>`)
  return [
    frame(
      `said (0 to ${percent(most)})`,
      `seen (0 to ${percent(most)})`,
      'Calibration, tenths of the test rows',
    ),
    line(
      [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
      faint,
      '4 4',
    ),
    ...dots,
  ].join('\n')
}

function importancePanel({ importance }: Evaluation): string {
  const shown = importance.slice(0, 10)
  const most = Math.max(...shown.map(({ loss }) => loss), 1e-9)
  const step = panel / Math.max(shown.length, 4)
  const bars = shown.flatMap(({ column, loss }, row) => {
    const y = row * step
    const width = (Math.max(loss, 0) / most) * panel
    return [
      text(0, y + step * 0.38, `${short(column, 34)}  ${loss.toFixed(3)}`),
      `<rect x="0" y="${(y + step * 0.48).toFixed(1)}" width="${width.toFixed(1)}" ` +
        `height="${(step * 0.36).toFixed(1)}" fill="${accent}"/>`,
    ]
  })
  return [text(0, -8, 'Area lost when a column is shuffled', { weight: 600 }), ...bars].join('\n')
}

function frame(below: string, left: string, title: string): string {
  return [
    text(0, -8, title, { weight: 600 }),
    `<rect width="${panel}" height="${panel}" fill="none" stroke="${faint}"/>`,
    text(panel / 2, panel + 24, below, { anchor: 'middle' }),
    `<text transform="translate(-12 ${panel / 2}) rotate(-90)" text-anchor="middle">${escaped(left)}</text>`,
  ].join('\n')
}

function line(points: readonly Point[], colour: string, dashes = ''): string {
  const path = points.map(({ x, y }) => `${px(x)},${py(y)}`).join(' ')
  const dashed = dashes === '' ? '' : ` stroke-dasharray="${dashes}"`
  return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashed}/>`
}

const px = (x: number): string => (x * panel).toFixed(1)
const py = (y: number): string => (panel - y * panel).toFixed(1)

interface Style {
  readonly size?: number
  readonly weight?: number
  readonly anchor?: string
}

function text(x: number, y: number, content: string, { size, weight, anchor }: Style = {}): string {
  const style =
    (size === undefined ? '' : ` font-size="${size}"`) +
    (weight === undefined ? '' : ` font-weight="${weight}"`) +
    (anchor === undefined ? '' : ` text-anchor="${anchor}"`)
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}"${style}>${escaped(content)}</text>`
}

/** Text for XML: what has a meaning there is escaped. */
export function escaped(content: string): string {
  return printable(content)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Without what XML forbids and a terminal obeys. */
function printable(content: string): string {
  return content.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, '')
}

function short(content: string, most: number): string {
  return content.length > most ? `${content.slice(0, most - 1)}…` : content
}

function percent(share: number): string {
  return `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`
}

/** The page, in Markdown. */
export function pageOf({ data, target, positive, cleaning, evaluation }: Subject): string {
  const { auc, brier, brierOfPrior, rowsTrain, rowsTest, calibration, importance } = evaluation
  const leftOut = cleaning.leftOut.map(({ column, reason }) => `| ${cell(column)} | ${cell(reason)} |`)
  return `# Is ${cell(target)} ${cell(positive)}?

Source: ${cell(data)}, ${cleaning.rows} rows with an answer, of which ${cleaning.positives} say yes
(${percent(cleaning.positives / cleaning.rows)}).

![ROC curve, importance of the columns, calibration](report.svg)

| measure | value |
|---|---|
| rows trained on | ${rowsTrain} |
| rows tested on, never trained on | ${rowsTest} |
| area under the ROC curve | ${auc.toFixed(4)} |
| mean squared error of the probability | ${brier.toFixed(4)} |
| the same, if the share of yes were always said | ${brierOfPrior.toFixed(4)} |
| missing cells | ${cleaning.missingCells}, of which ${cleaning.unreadableCells} could not be read |
| rows without an answer | ${cleaning.unanswered} |

## Columns left out

${leftOut.length === 0 ? 'None.' : `| column | reason |\n|---|---|\n${leftOut.join('\n')}`}

## Columns that matter

| column | area lost when it is shuffled |
|---|---|
${importance.map(({ column, loss }) => `| ${cell(column)} | ${loss.toFixed(4)} |`).join('\n')}

## What is said, and what is so

| probability said | share seen | rows |
|---|---|---|
${calibration.map((bin) => `| ${percent(bin.predicted)} | ${percent(bin.seen)} | ${bin.rows} |`).join('\n')}
`
}

/** Text for a cell of a Markdown table. */
function cell(content: string): string {
  return printable(content)
    .replace(/\s+/g, ' ')
    .replace(/[\\`*_[\]<>|#]/g, (mark) => `\\${mark}`)
}
