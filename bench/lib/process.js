// What processes cost: memory and processor time, from /proc.

import { readdirSync, readFileSync } from 'node:fs'

const TICKS_PER_SECOND = 100

/** The fields of /proc/<pid>/stat behind the program's name; undefined where it has gone. */
function stat(pid) {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')
  } catch {
    return undefined
  }
}

/** A process and everything that it has started. */
export function descendants(root) {
  const children = new Map()
  for (const name of readdirSync('/proc')) {
    const parent = /^\d+$/.test(name) && stat(name)?.[1]
    if (parent) children.set(Number(parent), [...(children.get(Number(parent)) ?? []), Number(name)])
  }
  const found = [root]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  return found
}

/** Seconds of processor time that they took, with those of their children that have ended. */
export function cpuSeconds(pids) {
  const ticks = pids.map((pid) => (stat(pid) ?? []).slice(11, 15).reduce((sum, field) => sum + Number(field), 0))
  return ticks.reduce((sum, each) => sum + each, 0) / TICKS_PER_SECOND
}

/** Mebibytes that they hold, shared pages counted in parts (PSS). */
export function memory(pids) {
  const kibibytes = pids.map((pid) => {
    try {
      return Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))[1])
    } catch {
      return 0
    }
  })
  return kibibytes.reduce((sum, each) => sum + each, 0) / 1024
}
