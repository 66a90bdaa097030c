// The numbers as text.

import { readFileSync, writeFileSync } from 'node:fs'

/** Columns as wide as they need to be; the first two lean left. */
export function table(head, rows) {
  const cells = [head, ...rows].map((row) => row.map((cell) => (cell === undefined ? '' : String(cell))))
  const widths = head.map((_, column) => Math.max(...cells.map((row) => row[column].length)))
  const line = (row) => row.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join('  ').trimEnd()
  return [line(cells[0]), widths.map((width) => '-'.repeat(width)).join('  '), ...cells.slice(1).map(line)].join('\n')
}

const percent = (share) => `${(share * 100).toFixed(0)} %`
const fixed = (number, digits) => (number === undefined ? '' : number.toFixed(digits))

export function resultsTable(results, titles, systems) {
  const rows = []
  for (const [operation, { systems: bySystem, timesPeer }] of Object.entries(results)) {
    for (const [number, { name, title, version }] of systems.entries()) {
      const one = bySystem[name]
      const isServer = one.memoryMiB > 0
      rows.push([
        number ? '' : operation, `${title} ${name === 'lectern' ? '' : version}`.trim(), Math.round(one.rps), fixed(one.p50, 2), fixed(one.p99, 2),
        percent(one.shareOfTheLimit), timesPeer[name] ? `×${timesPeer[name]}` : '', isServer ? fixed(one.serverCpuMs, 3) : '', fixed(one.databaseCpuMs, 3),
        isServer ? fixed(one.memoryMiB, 1) : '', percent(one.spreadOfRps),
      ])
    }
  }
  const legend = Object.keys(results).map((operation) => `  ${operation.padEnd(4)} ${titles[operation]}`)
  const head = ['', '', 'req/s', 'p50 ms', 'p99 ms', 'of limit', 'Lectern', 'CPU ms', 'PG CPU ms', 'MiB', 'spread']
  return [table(head, rows), '', ...legend].join('\n')
}

export function targetsTable(judged) {
  return table(['target', 'of', 'wanted', 'reached', ''], judged.map(({ operation, what, wanted, reached, met }) => [what, operation, wanted, reached, met ? 'met' : 'MISSED']))
}

/** Puts the table into a page, between its two marks. */
export function writeTable(page, report, text) {
  const { machine, versions } = report
  const about =
    `${report.date.slice(0, 10)}, ${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Linux ${machine.kernel}; ` +
    `${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')}; ${report.scale} schools, ` +
    `${report.connections} connections, medians of ${report.rounds} rounds of ${report.secondsEach} s.`
  const old = readFileSync(page, 'utf8')
  writeFileSync(page, old.replace(/(<!-- last -->\n)[\s\S]*(<!-- \/last -->)/, (_, open, close) => `${open}${about}\n\n\`\`\`\n${text}\`\`\`\n${close}`))
}
