// Nothing is timed before everybody gives the same answers.

import { isDeepStrictEqual } from 'node:util'
import { OPERATIONS } from './operations.js'
import { bare } from './people.js'

const MOMENT = /^\d{4}-\d\d-\d\dT/

/** The same content in the same form: ids as UUIDs, moments as numbers, fields in alphabetical order. */
export function content(value) {
  if (Array.isArray(value)) return value.map(content)
  if (value && typeof value === 'object') {
    return Object.fromEntries(Object.keys(value).sort().map((name) => [name, content(value[name])]))
  }
  if (typeof value !== 'string') return value
  return MOMENT.test(value) ? Date.parse(value) : bare(value)
}

function difference(one, other, path = '') {
  if (isDeepStrictEqual(one, other)) return undefined
  if (one && other && typeof one === 'object' && typeof other === 'object') {
    const names = new Set([...Object.keys(one), ...Object.keys(other)])
    for (const name of names) {
      const found = difference(one[name], other[name], `${path}.${name}`)
      if (found) return found
    }
  }
  return `${path || '.'}: ${JSON.stringify(one)?.slice(0, 200)} and ${JSON.stringify(other)?.slice(0, 200)}`
}

const isEmpty = (value) => value === null || (Array.isArray(value) && value.length === 0)

/** Asks everybody the same and compares; throws at the first difference. */
export async function agree(systems, operation, questions) {
  const { forget = (data) => data } = OPERATIONS[operation]
  let filled = 0
  for (const [, asked] of questions) {
    const answers = []
    for (const system of systems) answers.push(content(forget(await system.answer(operation, asked))))
    for (let at = 1; at < answers.length; at++) {
      const found = difference(answers[0], answers[at])
      if (found) throw new Error(`${operation}: ${systems[0].title} and ${systems[at].title} differ at ${found}`)
    }
    const [first] = Object.values(answers[0])
    if (!isEmpty(first) && !isEmpty(first.nodes)) filled++
  }
  if (filled * 2 < questions.length) throw new Error(`${operation}: most answers are empty`)
}
