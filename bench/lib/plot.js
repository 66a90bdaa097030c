// The numbers as a picture: throughput above, p99 below, one group of bars an operation. Both axes are logarithmic, because
// the operations lie a hundredfold apart; each bar carries its number.

const COLOURS = { pgbench: '#9aa5b1', limit: '#cfd6dd', lectern: '#0b6e4f', postgraphile5: '#c8553d', postgraphile4: '#e0a458' }
const BAR = 22
const GAP = 26
const LEFT = 70
const HEIGHT = 240

const text = (x, y, words, more = '') => `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${words}</text>`

function chart(title, top, operations, systems, value) {
  const values = operations.flatMap(([, { systems: bySystem }]) => systems.map(({ name }) => value(bySystem[name])))
  const low = 10 ** Math.floor(Math.log10(Math.min(...values)))
  const high = 10 ** Math.ceil(Math.log10(Math.max(...values) * 1.05))
  const y = (number) => top + HEIGHT - (HEIGHT * Math.log10(number / low)) / Math.log10(high / low)
  const width = operations.length * (systems.length * BAR + GAP)
  const parts = [text(LEFT, top - 16, title, 'font-size="14" font-weight="bold"')]
  for (let line = low; line <= high * 1.001; line *= 10) {
    parts.push(`<line x1="${LEFT}" x2="${LEFT + width}" y1="${y(line).toFixed(1)}" y2="${y(line).toFixed(1)}" stroke="#dde2e7"/>`)
    parts.push(text(LEFT - 8, y(line) + 4, Number(line.toPrecision(3)).toLocaleString('en'), 'text-anchor="end"'))
  }
  for (const [group, [operation, { systems: bySystem }]] of operations.entries()) {
    const x = LEFT + GAP / 2 + group * (systems.length * BAR + GAP)
    for (const [at, { name }] of systems.entries()) {
      const number = value(bySystem[name])
      const label = number >= 100 ? Math.round(number) : Number(number.toPrecision(2))
      parts.push(`<rect x="${x + at * BAR}" y="${y(number).toFixed(1)}" width="${BAR - 3}" height="${(top + HEIGHT - y(number)).toFixed(1)}" fill="${COLOURS[name]}"/>`)
      parts.push(text(x + at * BAR + (BAR - 3) / 2, y(number) - 3, label, 'text-anchor="middle" font-size="7.5"'))
    }
    parts.push(text(x + (systems.length * BAR) / 2, top + HEIGHT + 16, operation, 'text-anchor="middle"'))
  }
  return parts
}

/** An SVG file. */
export function plot(report, systems) {
  const operations = Object.entries(report.operations)
  const width = LEFT + operations.length * (systems.length * BAR + GAP) + 20
  const legend = systems.flatMap(({ name, title }, at) => [
    `<rect x="${LEFT + at * 190}" y="34" width="12" height="12" fill="${COLOURS[name]}"/>`,
    text(LEFT + at * 190 + 18, 44, title),
  ])
  const about = `${report.connections} connections, ${report.scale} schools, ${report.machine.cores} cores, ${report.date.slice(0, 10)}, medians of ${report.rounds}`
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${Math.max(width, LEFT + systems.length * 190)}" height="690" font-family="sans-serif" font-size="11" fill="#243b53">`,
    '<rect width="100%" height="100%" fill="white"/>',
    text(LEFT, 20, about),
    ...legend,
    ...chart('requests per second (more is better, logarithmic)', 96, operations, systems, (one) => one.rps),
    ...chart('p99 in milliseconds (less is better, logarithmic)', 416, operations, systems, (one) => one.p99),
    '</svg>\n',
  ].join('\n')
}
