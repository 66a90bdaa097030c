// The page of a server that was built without npm: GraphiQL's last release that runs from plain script tags, with the
// same samples and the same session as the built page.
import { events, listens } from '../shared/events.js'
import { HEADERS, sent, tabs } from '../shared/samples.js'
import { Session } from '../shared/session.js'

const demo = document.querySelector('meta[name="lectern-demo"]')?.getAttribute('content') === 'true'
const root = /** @type {HTMLElement} */ (document.getElementById('root'))
const status = /** @type {HTMLElement} */ (document.getElementById('status'))
const session = new Session('/graphql')

session.subscribe(() => {
  const { person, notice } = session.snapshot()
  status.textContent = person ? `Signed in as ${person.name}, ${person.role} at ${person.school}` : (notice ?? 'Signed out')
})
void session.resume()

const { React, ReactDOM, GraphiQL } = /** @type {any} */ (globalThis)
if (GraphiQL) {
  const samples = tabs({ now: new Date(), demo })
  const [first] = samples
  const ask = GraphiQL.createFetcher({ url: '/graphql', fetch: session.fetch })
  /** @param {any} params @param {any} options */
  const fetcher = (params, options) =>
    listens(options?.documentAST?.definitions ?? [], params.operationName)
      ? events(params, () => session.authorization(options?.headers))
      : ask(sent(params), options)
  const page = React.createElement(GraphiQL, {
    fetcher,
    // Variables hold passwords: nothing that is typed outlives the browser tab.
    storage: sessionStorage,
    defaultTabs: samples,
    query: sessionStorage.getItem('graphiql:query') ?? first?.query,
    variables: sessionStorage.getItem('graphiql:variables') ?? first?.variables,
    headers: HEADERS,
    defaultHeaders: HEADERS,
    defaultEditorToolsVisibility: 'variables',
    shouldPersistHeaders: false,
    inputValueDeprecation: true,
    schemaDescription: true,
  })
  root.classList.remove('plain')
  ReactDOM.createRoot(root).render(page)
} else {
  root.textContent =
    'GraphiQL could not be loaded from the CDN. Install npm and build again, and the server brings its own.'
}
