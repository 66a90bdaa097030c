// Asks operations of two requests, the second of which names what the first has made: `node chain.js ADDRESS QUESTIONS CONNECTIONS WARM_UP SECONDS`.
//
// It does what the load generator does (`load/`), which knows no answers: requests are written down beforehand, and the id goes into its place, which is as long.
// Each connection has its own people, because nobody takes a quiz twice at once. The result is one line of JSON.

import { readFileSync } from 'node:fs'
import { connect } from 'node:net'

const [address, file, connections, warmUp, seconds] = process.argv.slice(2)
const [host, port] = address.split(':')

class Connection {
  constructor() {
    this.socket = connect({ host, port: Number(port), noDelay: true })
    this.parts = []
    this.socket.on('data', (part) => this.read(part))
    this.socket.on('error', (error) => this.fail?.(error))
    this.socket.on('close', () => this.fail?.(new Error('the server hung up')))
  }

  read(part) {
    this.parts.push(part)
    const bytes = this.parts.length === 1 ? part : Buffer.concat(this.parts)
    this.parts = [bytes]
    const end = bytes.indexOf('\r\n\r\n')
    if (end < 0) return
    this.head ??= bytes.toString('latin1', 0, end)
    const length = /content-length: *(\d+)/i.exec(this.head)?.[1]
    const isWhole = length !== undefined ? bytes.length >= end + 4 + Number(length) : bytes.subarray(-5).equals(Buffer.from('0\r\n\r\n'))
    if (!isWhole) return
    const answer = { head: this.head, body: bytes.toString('utf8', end + 4) }
    this.parts = []
    this.head = undefined
    this.done(answer)
  }

  exchange(request) {
    return new Promise((resolve, reject) => {
      this.done = resolve
      this.fail = reject
      this.socket.write(request)
    })
  }
}

const people = new Map()
for (const question of JSON.parse(readFileSync(file, 'utf8'))) people.set(question.person, [...(people.get(question.person) ?? []), question])
const lists = Array.from({ length: Math.min(Number(connections), people.size) }, () => [])
for (const [at, questions] of [...people.values()].entries()) lists[at % lists.length].push(...questions)

const latencies = []
const tally = { refused: 0, total: 0, bytes: 0, sample: '' }
const begin = performance.now() + Number(warmUp) * 1000
const end = begin + Number(seconds) * 1000

function refuse(body) {
  tally.sample ||= body.slice(0, 600)
  return true
}

async function ask(questions) {
  const connection = new Connection()
  for (let at = 0; ; at = (at + 1) % questions.length) {
    const { place, requests } = questions[at]
    const sent = performance.now()
    if (sent >= end) break
    let id = place
    let isRefused = false
    let bytes = 0
    for (const request of requests) {
      const { head, body } = await connection.exchange(request.replaceAll(place, id))
      bytes += body.length
      isRefused ||= (!/^HTTP\/1.1 200/.test(head) || body.includes('"errors":')) && refuse(body)
      id = /"id":"([^"]+)"/.exec(body)?.[1] ?? id
    }
    const answered = performance.now()
    tally.total++
    if (sent < begin || answered > end) continue
    latencies.push(answered - sent)
    tally.bytes += bytes
    if (isRefused) tally.refused++
  }
  connection.fail = undefined
  connection.socket.destroy()
}

await Promise.all(lists.map(ask))
latencies.sort((one, other) => one - other)
const quantile = (share) => latencies[Math.max(0, Math.ceil(latencies.length * share) - 1)] ?? 0
console.log(JSON.stringify({ answers: latencies.length, ...tally, seconds: Number(seconds), p50: quantile(0.5), p90: quantile(0.9), p99: quantile(0.99), max: quantile(1) }))
