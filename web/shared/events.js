// Subscriptions, for both pages: GraphiQL itself asks by HTTP alone. Each has a socket of its own and speaks
// graphql-transport-ws by it; what GraphiQL gets is an observable, which it knows how to start and to stop.

const PROTOCOL = 'graphql-transport-ws'

/**
 * @typedef {{ query: string, operationName?: string | null, variables?: any }} Operation
 * @typedef {{ next(result: any): void, error(error: any): void, complete(): void }} Observer
 * @typedef {Pick<WebSocket, 'send' | 'close' | 'addEventListener'>} Socket
 */

/**
 * Whether the chosen operation of a document is a subscription.
 * @param {readonly any[]} definitions
 * @param {string | null | undefined} name
 */
export function listens(definitions, name) {
  const operations = definitions.filter((part) => part.kind === 'OperationDefinition')
  const chosen = operations.length === 1 ? operations[0] : operations.find((operation) => operation.name?.value === name)
  return chosen?.operation === 'subscription'
}

/**
 * What a subscription brings.
 * @param {Operation} operation
 * @param {() => Promise<string | null>} authorization what the header of that name would say
 * @param {() => Socket} open
 */
export function events(operation, authorization, open = here) {
  return {
    /** @param {Observer} observer */
    subscribe(observer) {
      const socket = open()
      let over = false
      /** @param {object} message */
      const say = (message) => socket.send(JSON.stringify(message))
      /** @param {() => void} last */
      const end = (last) => {
        if (over) return
        over = true
        socket.close(1000)
        last()
      }
      socket.addEventListener('open', async () => {
        const bearer = await authorization()
        if (!over) say({ type: 'connection_init', payload: bearer ? { Authorization: bearer } : {} })
      })
      socket.addEventListener('message', ({ data }) => {
        if (over) return
        const { type, payload } = JSON.parse(data)
        if (type === 'connection_ack') say({ type: 'subscribe', id: '1', payload: operation })
        else if (type === 'next') observer.next(payload)
        else if (type === 'complete') end(() => observer.complete())
        else if (type === 'ping') say({ type: 'pong' })
        else if (type === 'error') {
          observer.next({ errors: payload })
          end(() => observer.complete())
        }
      })
      socket.addEventListener('close', ({ code, reason }) => {
        end(() => observer.error(new Error(`The socket was closed: ${code} ${reason || 'without a reason'}`)))
      })
      return { unsubscribe: () => end(() => undefined) }
    },
  }
}

/** A socket to the origin that the page is from. */
function here() {
  const url = new URL('/graphql', location.href)
  url.protocol = url.protocol.replace('http', 'ws')
  return new WebSocket(url, PROTOCOL)
}
