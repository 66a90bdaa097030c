import { DOC_EXPLORER_PLUGIN } from '@graphiql/plugin-doc-explorer'
import { explorerPlugin } from '@graphiql/plugin-explorer'
import { HISTORY_PLUGIN } from '@graphiql/plugin-history'
import { useGraphiQL } from '@graphiql/react'
import { createGraphiQLFetcher, type Fetcher } from '@graphiql/toolkit'
import { GraphiQL } from 'graphiql'
import { Kind, parse, type DefinitionNode } from 'graphql'
import { useEffect, useState } from 'react'
import { events, listens } from '../shared/events.js'
import { HEADERS, sent, tabs } from '../shared/samples.js'
import type { Session } from '../shared/session.js'
import { activeTab, sawDocs, storage } from './storage'
import { Strip } from './strip'

// GraphiQL compares these by identity, so they are made once.
const PLUGINS = [explorerPlugin({ showAttribution: false }), HISTORY_PLUGIN]
/** What the variables pane should know of scalars that GraphQL itself leaves open. */
const SCALARS = {
  DateTime: { type: 'string', format: 'date-time' },
  Date: { type: 'string', format: 'date' },
  JSON: {},
} as const

/** The whole page: who is signed in above, GraphiQL below. */
export function Console({ session, demo }: { session: Session; demo: boolean }) {
  const [start] = useState(() => opening(session, demo))
  return (
    <>
      <Strip session={session} demo={demo} />
      <main>
        <GraphiQL
          {...start}
          storage={storage}
          plugins={PLUGINS}
          defaultHeaders={HEADERS}
          shouldPersistHeaders={false}
          defaultEditorToolsVisibility="variables"
          customScalarSchemas={SCALARS}
          inputValueDeprecation
          schemaDescription
        >
          <GraphiQL.Logo>
            <></>
          </GraphiQL.Logo>
          <Legible />
        </GraphiQL>
      </main>
    </>
  )
}

/** Long lines wrap, so that a narrow pane hides nothing. */
function Legible() {
  const editors = useGraphiQL(({ queryEditor, variableEditor, headerEditor, responseEditor }) => ({
    queryEditor,
    variableEditor,
    headerEditor,
    responseEditor,
  }))
  useEffect(() => {
    for (const editor of Object.values(editors)) {
      editor?.updateOptions({ fontSize: 13, wordWrap: 'on', wrappingIndent: 'indent' })
    }
  }, [editors])
  return null
}

/** What GraphiQL opens with: the tabs of before a reload, else the samples. */
function opening(session: Session, demo: boolean) {
  const samples = tabs({ now: new Date(), demo })
  // Without the initial… props GraphiQL opens its first tab with empty variables.
  const first = activeTab() ?? samples[0]!
  return {
    fetcher: fetcher(session),
    defaultTabs: samples,
    initialQuery: first.query ?? '',
    initialVariables: first.variables ?? '',
    initialHeaders: HEADERS,
    visiblePlugin: sawDocs() ? undefined : DOC_EXPLORER_PLUGIN,
  }
}

/** Asks by HTTP, and listens by a socket. */
function fetcher(session: Session): Fetcher {
  const ask = createGraphiQLFetcher({ url: '/graphql', fetch: session.fetch })
  return (params, options) => {
    const definitions = parsed(params.query)
    const operation = { ...params, operationName: onlyOperation(definitions) ?? params.operationName }
    return listens(definitions, operation.operationName)
      ? events(operation, () => session.authorization(options?.headers))
      : ask(sent(operation), options)
  }
}

/** GraphiQL learns the operation's name a moment after a tab is shown: a quick click would send the last tab's. */
function onlyOperation(definitions: readonly DefinitionNode[]): string | undefined {
  const operations = definitions.filter((part) => part.kind === Kind.OPERATION_DEFINITION)
  return operations.length === 1 ? operations[0]!.name?.value : undefined
}

function parsed(document: string): readonly DefinitionNode[] {
  try {
    return parse(document).definitions
  } catch {
    // The server explains a syntax error better than this page could.
    return []
  }
}
