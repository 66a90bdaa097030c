// What the load tests have in common: asking as a client does, and how long that takes.

import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { sleep } from './shell.js'

/** How long the steps of a test take. */
export class Times {
  steps = new Map()

  add(step, milliseconds) {
    const list = this.steps.get(step)
    if (list) list.push(milliseconds)
    else this.steps.set(step, [milliseconds])
  }

  async timed(step, work) {
    const began = process.hrtime.bigint()
    const result = await work()
    this.add(step, Number(process.hrtime.bigint() - began) / 1e6)
    return result
  }

  clear() {
    this.steps.clear()
  }

  /** Of each step how often, and its percentiles; beside them what one of these may be at most: `{ p99: { 'a step': 50 } }`. */
  table(targets) {
    const share = (list, part) => Number([...list].sort((one, other) => one - other)[Math.max(0, Math.ceil(list.length * part) - 1)].toFixed(1))
    const most = (step) => Object.entries(targets).filter(([, steps]) => steps[step]).map(([part, steps]) => [`${part} at most`, steps[step]])
    return Object.fromEntries([...this.steps].map(([step, list]) => [
      step, { times: list.length, p50: share(list, 0.5), p95: share(list, 0.95), p99: share(list, 0.99), ...Object.fromEntries(most(step)) },
    ]))
  }
}

/** Shows how long the steps took, says which targets are missed, and writes both down where a file is named; the process fails where any is missed. */
export function conclude(times, targets, about, file) {
  const steps = times.table(targets)
  console.table(steps)
  const wanted = Object.entries(targets).flatMap(([part, of]) => Object.entries(of).map(([step, most]) => ({ step, most, took: steps[step]?.[part] })))
  const missed = wanted.filter(({ took, most }) => !(took <= most))
  console.log(missed.length === 0 ? 'every target is met' : `missed: ${missed.map(({ step, most, took }) => `${step}: ${took} ms, at most ${most}`).join('; ')}`)
  const results = { at: new Date().toISOString().slice(0, 10), cores: cpus().length, ...about, milliseconds: steps }
  if (file) writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`)
  if (missed.length > 0) process.exitCode = 1
}

/** Whoever is told that there is too much to do comes again when they are told to, as clients do. Answers the data, or the first error; and how often they were turned away. */
export async function say(server, { token }, query, variables) {
  for (let turnedAway = 0; ; turnedAway++) {
    const { data, errors } = await server.post(token, { query, variables })
    if (!errors) return { data, turnedAway }
    const [{ message, extensions: { code, reason, field, retryAfter } = {} }] = errors
    if (code !== 'UNAVAILABLE' || !retryAfter) return { refused: { message, reason: reason ?? code, field }, turnedAway }
    await sleep(retryAfter * 1000 * (1 + Math.random()))
  }
}

/** The data; whatever is refused is an error. */
export async function ask(server, person, query, variables) {
  const { data, refused } = await say(server, person, query, variables)
  if (refused) throw new Error(`${query}\n${JSON.stringify(variables)}\n${JSON.stringify(refused)}`)
  return data
}
