// First, because it tells Monaco where its workers are before anything starts one.
import 'graphiql/setup-workers/vite'
import 'graphiql/style.css'
import '@graphiql/plugin-explorer/style.css'
import './page.css'

import { createRoot } from 'react-dom/client'
import { Session } from '../shared/session.js'
import { Console } from './console'

const demo = document.querySelector<HTMLMetaElement>('meta[name="lectern-demo"]')?.content === 'true'
const session = new Session('/graphql')

void session.resume()
createRoot(document.getElementById('root')!).render(<Console session={session} demo={demo} />)
