// From rounds to numbers: medians, ratios within a round, and whether the targets are met.

import { median } from './measure.js'

const PEERS = ['postgraphile5', 'postgraphile4']

/** `rounds[n][operation][system]` are the runs. Ratios are taken within each round, where the machine was the same to all. */
export function summarise(rounds, operations, systems, limit) {
  const results = {}
  for (const operation of operations) {
    const all = (system, pick) => rounds.map((round) => pick(round[operation][system], round[operation]))
    const bySystem = {}
    for (const { name } of systems) {
      const of = (field) => median(all(name, (run) => run[field]))
      bySystem[name] = {
        rps: round(of('rps'), 1), p50: round(of('p50'), 3), p90: round(of('p90'), 3), p99: round(of('p99'), 3), bytes: Math.round(of('bytes')),
        serverCpuMs: round(of('serverCpu'), 4), databaseCpuMs: round(of('databaseCpu'), 4),
        memoryMiB: round(Math.max(...all(name, (run) => run.memory)), 1),
        shareOfTheLimit: round(median(all(name, (run, others) => run.rps / others[limit].rps)), 3),
        p99OverP50InTheQuietestRound: round(Math.min(...all(name, (run) => run.p99 / run.p50)), 2),
        spreadOfRps: round(spread(all(name, (run) => run.rps)), 3),
      }
    }
    const peers = PEERS.filter((peer) => bySystem[peer])
    const timesPeer = Object.fromEntries(peers.map((peer) => [peer, round(median(all('lectern', (run, others) => run.rps / others[peer].rps)), 2)]))
    results[operation] = { systems: bySystem, timesPeer, timesTheBestPeer: peers.length ? Math.min(...Object.values(timesPeer)) : undefined }
  }
  return results
}

const round = (number, digits) => Number(number.toFixed(digits))
const spread = (numbers) => (Math.max(...numbers) - Math.min(...numbers)) / median(numbers)

/** Each target with what was reached; those of operations that were not run are left out. */
export function judge(results, targets) {
  const judged = []
  const hold = (operation, what, wanted, reached, met) => judged.push({ operation, what, wanted, reached, met })
  for (const [operation, { systems, timesTheBestPeer }] of Object.entries(results)) {
    const { lectern } = systems
    const times = targets.timesTheBestPeer[operation]
    if (times && timesTheBestPeer) hold(operation, 'times the best peer, at least', times, timesTheBestPeer, timesTheBestPeer >= times)
    const tail = targets.p99OverP50InTheQuietestRound
    hold(operation, 'p99 / p50 in the quietest round, at most', tail, lectern.p99OverP50InTheQuietestRound, lectern.p99OverP50InTheQuietestRound <= tail)
  }
  const most = Math.max(...Object.values(results).map(({ systems }) => systems.lectern.memoryMiB))
  hold('all', 'memory in MiB, at most', targets.memoryMiB, most, most <= targets.memoryMiB)
  return judged
}
