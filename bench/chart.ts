/**
 * Bars as SVG: to be seen in a page or by themselves, in light and dark, without a script or a browser to
 * draw them.
 *
 * @module
 */
import { shown } from './figures.ts'
import type { Bars } from './told.ts'

const [row, left, wide, right, top] = [24, 300, 380, 90, 62]

const style = `text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600; font-size: 15px } .caption { fill: #59636e; font-size: 12px }
.ours { fill: #0a7d55 } .peer { fill: #8a6fc2 } .limit { fill: #9aa4ae }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .caption { fill: #9198a1 }
.ours { fill: #3fb98a } .peer { fill: #a894d8 } .limit { fill: #6e7681 } }`

/** Draws them, the greatest first. */
export function chart({ title, caption, unit, bars }: Bars): string {
  const sorted = bars.toSorted((a, b) => b.value - a.value)
  const most = sorted[0]?.value ?? 1
  const [width, height] = [left + wide + right, top + sorted.length * row + 8]
  const drawn = sorted.map(({ label, value, kind }, at) => {
    const y = top + at * row
    const length = Math.max(1, Math.round((value / most) * wide))
    return `<text x="${left - 8}" y="${y + 15}" text-anchor="end">${escaped(label)}</text>
<rect class="${kind}" x="${left}" y="${y + 3}" width="${length}" height="${row - 7}" rx="2"/>
<text x="${left + length + 6}" y="${y + 15}">${escaped(shown(value))}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">
<title>${escaped(title)}</title>
<desc>${escaped(sorted.map(({ label, value }) => `${label}: ${shown(value)} ${unit}`).join('; '))}</desc>
<style>${style}</style>
<text class="title" x="8" y="22">${escaped(title)}</text>
<text class="caption" x="8" y="42">${escaped(caption)}</text>
${drawn.join('\n')}
</svg>
`
}

/** Names of code are marked in Markdown only. */
const escaped = (text: string): string =>
  text.replaceAll('`', '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
