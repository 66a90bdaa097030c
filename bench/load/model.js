// Stands in for a provider of models: `node load/model.js [--pieces 150] [--every 200] [--first 2000]`. It says the port that it listens at, and then answers whatever it is asked at
// `/v1/chat/completions` in the streaming protocol of OpenAI, slowly: the first piece after so many milliseconds, and so many pieces, one every so many milliseconds. Each begins with the moment at
// which it was sent (`t1790000000000.25`), so that whoever reads it knows how old it is. `/asked` says how often it was asked.

import { createServer } from 'node:http'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: { pieces: { type: 'string', default: '150' }, every: { type: 'string', default: '200' }, first: { type: 'string', default: '2000' } },
})
const [PIECES, EVERY, FIRST] = ['pieces', 'every', 'first'].map((name) => Number(options[name]))

const event = (data) => `data: ${JSON.stringify(data)}\n\n`
const piece = (delta, finish = null) => event({ object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })

let asked = 0

function stream(response) {
  asked++
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
  let sent = 0
  let timer = setTimeout(function next() {
    if (sent++ < PIECES) {
      response.write(piece({ content: `t${(performance.timeOrigin + performance.now()).toFixed(2)} and some words of an answer. ` }))
      timer = setTimeout(next, EVERY)
    } else {
      response.end(`${piece({}, 'stop')}${event({ choices: [], usage: { prompt_tokens: 500, completion_tokens: PIECES * 12 } })}data: [DONE]\n\n`)
    }
  }, FIRST)
  response.on('close', () => clearTimeout(timer))
}

const server = createServer((request, response) => {
  request.resume().on('end', () => {
    if (request.method === 'POST' && request.url === '/v1/chat/completions') return stream(response)
    if (request.url === '/asked') return response.end(String(asked))
    response.writeHead(404).end()
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
