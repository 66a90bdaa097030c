// A dashboard as a picture: each panel where it stands, its lines drawn by uPlot.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { chromium } from 'playwright-core'

const UPLOT = dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
/** Pixels of a column, and of a row. */
const [COLUMN, ROW] = [72, 32]

/** A number in a panel's unit, for people. */
function worded(value, unit) {
  if (value === undefined || !Number.isFinite(value)) return '–'
  const short = (number) => (Math.abs(number) >= 1000 ? `${(number / 1000).toFixed(1)} k` : Number(number.toPrecision(3)).toString())
  switch (unit) {
    case 's': return value === 0 ? '0 s' : value < 1e-3 ? `${short(value * 1e6)} µs` : value < 1 ? `${short(value * 1000)} ms` : `${short(value)} s`
    case 'percentunit': return `${short(value * 100)} %`
    case 'bytes': case 'Bps': {
      const power = value < 1 ? 0 : Math.min(3, Math.floor(Math.log2(value) / 10))
      return `${short(value / 1024 ** power)} ${['B', 'KiB', 'MiB', 'GiB'][power]}${unit === 'Bps' ? '/s' : ''}`
    }
    case 'reqps': return `${short(value)} req/s`
    case 'ops': return `${short(value)} /s`
    case 'cpm': return `${short(value)} /min`
    default: return short(value)
  }
}

/** Runs in the page: a place for each panel, and what is in it. */
function build({ panels, times, column, row }) {
  const colours = ['#73bf69', '#f2cc0c', '#5794f2', '#ff9830', '#f2495c', '#b877d9', '#8ab8ff', '#ffa6b0', '#96d98d', '#ffee52']
  const board = document.getElementById('board')
  for (const panel of panels) {
    const box = document.createElement('div')
    box.className = panel.type
    Object.assign(box.style, { left: `${panel.x * column}px`, top: `${panel.y * row}px`, width: `${panel.w * column - 8}px`, height: `${panel.h * row - 8}px` })
    const title = document.createElement('h2')
    title.textContent = panel.title
    box.append(title)
    board.append(box)
    if (panel.type === 'stat') {
      const value = document.createElement('p')
      value.textContent = panel.last
      box.append(value)
    } else if (panel.lines?.length > 0) {
      const legend = document.createElement('ul')
      panel.lines.forEach(({ name, last }, place) => {
        const item = document.createElement('li')
        item.style.setProperty('--colour', colours[place % colours.length])
        item.textContent = `${name}  ${last}`
        legend.append(item)
      })
      const chart = document.createElement('div')
      box.append(chart, legend)
      const axis = { stroke: '#9fa7b3', grid: { stroke: '#2c3235', width: 1 }, ticks: { stroke: '#2c3235' }, font: '11px sans-serif' }
      // The words of the axis come with the panel: their numbers are known before it is drawn.
      new uPlot({
        width: panel.w * column - 26, height: panel.h * row - 50 - legend.offsetHeight, legend: { show: false }, cursor: { show: false },
        scales: { y: { range: [0, panel.top * 1.1 || 1] } },
        axes: [axis, { ...axis, size: 74, splits: () => [0, 0.25, 0.5, 0.75, 1].map((part) => part * (panel.top || 1)), values: () => panel.marks }],
        series: [{}, ...panel.lines.map((_, place) => ({ stroke: colours[place % colours.length], fill: `${colours[place % colours.length]}1a`, width: 1.5, points: { show: false }, spanGaps: true }))],
      }, [times, ...panel.lines.map(({ values }) => values)], chart)
    } else if (panel.type === 'timeseries') {
      const none = document.createElement('p')
      none.textContent = 'No data'
      box.append(none)
    }
  }
}

const STYLE = `
  body { margin: 0; background: #111217; color: #ccccdc; font: 13px "Inter", "Helvetica", "Arial", sans-serif }
  h1 { font-size: 18px; font-weight: 500; margin: 12px 16px }
  #board { position: relative; margin: 0 12px }
  #board > div { position: absolute; background: #181b1f; border: 1px solid #25282d; border-radius: 3px; overflow: hidden; box-sizing: border-box; padding: 8px }
  #board > div.row { background: none; border: none; padding: 4px 0 }
  h2 { font-size: 13px; font-weight: 500; margin: 0 0 6px }
  div.row h2 { font-size: 15px }
  div.stat p { font-size: 30px; font-weight: 500; margin: 18px 0 0; text-align: center; color: #73bf69 }
  div.timeseries > p { text-align: center; margin-top: 80px; color: #8e8e8e }
  ul { list-style: none; margin: 2px 0 0; padding: 0; display: flex; flex-wrap: wrap; gap: 0 14px; font-size: 11px; max-height: 44px; overflow: hidden }
  li::before { content: ""; display: inline-block; width: 12px; height: 3px; margin-right: 5px; vertical-align: middle; background: var(--colour) }
`

/** Draws the panels, whose `lines` are known, into a PNG. */
export async function draw({ title, panels }, { from, to, step }, file) {
  const executablePath = process.env.CHROMIUM ?? CHROMIUM.find((path) => existsSync(path))
  if (!executablePath) throw new Error('no Chromium (CHROMIUM names its path)')
  const times = Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, place) => from + place * step)
  const drawn = panels.map(({ type, title, gridPos, lines = [], fieldConfig }) => {
    const unit = fieldConfig?.defaults?.unit
    const all = lines.map(({ name, values }) => {
      const known = new Map(values.filter(([, value]) => Number.isFinite(value)))
      return { name, values: times.map((at) => known.get(at) ?? null), last: worded([...known.values()].at(-1), unit) }
    }).filter(({ values }) => values.some((value) => value !== null))
    const top = Math.max(0, ...all.flatMap(({ values }) => values.map((value) => value ?? 0)))
    return { type, title, ...gridPos, lines: all, top, last: all[0]?.last ?? '–', marks: [0, 0.25, 0.5, 0.75, 1].map((part) => worded(part * (top || 1), unit)) }
  })
  const height = Math.max(...drawn.map(({ y, h }) => y + h)) * ROW
  const browser = await chromium.launch({ executablePath, args: ['--headless', '--no-sandbox', '--disable-gpu'] })
  try {
    const page = await browser.newPage({ viewport: { width: 24 * COLUMN + 24, height: height + 60 } })
    await page.setContent(`<style>${STYLE}${readFileSync(join(UPLOT, 'dist/uPlot.min.css'), 'utf8')}</style><h1>${title}</h1><div id="board" style="height:${height}px"></div>`)
    await page.addScriptTag({ path: join(UPLOT, 'dist/uPlot.iife.min.js') })
    await page.evaluate(build, { panels: drawn, times, column: COLUMN, row: ROW })
    await page.screenshot({ path: file, fullPage: true })
  } finally {
    await browser.close()
  }
}
