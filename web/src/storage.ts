// Where GraphiQL keeps its state. How the page looks outlives the browser; what was typed into it does not, because
// variables hold passwords and refresh tokens. A new browser tab therefore also opens with fresh samples.

const LOOKS = /^graphiql:(theme|visiblePlugin|\w+Flex)$/

/** A narrower side panel and taller variables than GraphiQL's own, until somebody drags them. */
const DEFAULTS: Record<string, string> = { 'graphiql:docExplorerFlex': '0.26', 'graphiql:secondaryEditorFlex': '2' }

const home = (key: string) => (LOOKS.test(key) ? localStorage : sessionStorage)

export const storage = {
  get length() {
    return localStorage.length + sessionStorage.length
  },
  getItem: (key: string) => home(key).getItem(key) ?? DEFAULTS[key] ?? null,
  setItem: (key: string, value: string) => home(key).setItem(key, value),
  removeItem: (key: string) => home(key).removeItem(key),
  clear() {
    for (const place of [localStorage, sessionStorage]) {
      for (const key of Object.keys(place).filter((key) => key.startsWith('graphiql:'))) place.removeItem(key)
    }
  },
}

type Tab = { query: string | null; variables: string | null }

/** The tab that was in front before a reload. */
export function activeTab(): Tab | undefined {
  try {
    const { tabs, activeTabIndex } = JSON.parse(storage.getItem('graphiql:tabState') ?? '')
    return tabs[activeTabIndex]
  } catch {
    return undefined
  }
}

/** Whether the reader has opened or closed a side panel before; until then the documentation is open. */
export const sawDocs = () => storage.getItem('graphiql:visiblePlugin') !== null
