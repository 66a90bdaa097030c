// Who the page speaks for. GraphiQL sends every request through `fetch` here, which reads each answer for a new token and
// puts the token into the requests whose header pane left the Bearer empty. A header that somebody typed is never touched.
//
// The refresh token stays in the memory of the one tab that was given it: used twice, it ends the sign-in. The access token
// survives a reload in sessionStorage, and goes along into a tab that is duplicated. Tabs of one sign-in share one refresh: by a
// Web Lock one of them at a time sees to it; the tab with the refresh token exchanges it, and tells the others.

const KEPT = 'lectern:session'
const EMPTY_BEARER = /^bearer\s*$/i
const JSON_TYPE = /^application\/(graphql-response\+)?json\b/i
const ACCEPT = 'application/graphql-response+json, application/json;q=0.9'
/** An access token that ends this soon is renewed before it is used. */
const MARGIN_MS = 15_000
/** What the lock and the channel of all tabs are called. */
const SHARED = 'lectern:refresh'
/** How long a tab without a refresh token waits for one that has it. */
const PATIENCE_MS = 2_000

const PERSON = 'viewer { user { name } tenant { name } activeRole { name } }'
const TOKENS = 'accessToken accessTokenExpiresAt refreshToken'
const WHO = `query Who { ${PERSON} }`
const SIGN_IN = `mutation SignIn($input: LoginInput!) { login(input: $input) { ${TOKENS} ${PERSON} } }`
const REFRESH = `mutation Refresh($input: RefreshSessionInput!) { refreshSession(input: $input) { ${TOKENS} } }`
const SIGN_OUT = 'mutation SignOut { logout }'
/** What the page itself asks, for the test that holds it against the schema. */
export const DOCUMENTS = [WHO, SIGN_IN, REFRESH, SIGN_OUT]

/**
 * @typedef {{ name: string, school: string, role: string }} Person
 * @typedef {{ accessToken: string, expiresAt: number, refreshToken: string | null }} Tokens
 * @typedef {{ person: Person | null, busy: boolean, notice: string | null }} State
 * @typedef {{ postMessage(message: any): void, onmessage: ((event: any) => void) | null }} Channel
 * @typedef {{ alone: <T>(work: () => Promise<T>) => Promise<T>, channel: Channel | null }} Tabs
 */

export class Session {
  /** @type {State} replaced, never changed in place, so that a reader can compare by identity */
  #state = { person: null, busy: false, notice: null }
  /** @type {Tokens | null} */
  #tokens = null
  /** @type {Promise<void> | null} one renewal at a time: the second use of a refresh token ends the session */
  #renewal = null
  /** @type {Promise<void> | null} the exchange itself, which another tab may have asked for */
  #exchange = null
  /** @type {string | null} the access token before this one */
  #former = null
  /** @type {string | null} an access token that no other tab could renew */
  #last = null
  #tabs
  /** @type {Set<() => void>} */
  #listeners = new Set()
  #url
  #send
  #storage

  /**
   * @param {string} url
   * @param {typeof globalThis.fetch} send
   * @param {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} storage
   * @param {Tabs} tabs
   */
  constructor(url, send = globalThis.fetch.bind(globalThis), storage = globalThis.sessionStorage, tabs = otherTabs()) {
    this.#url = url
    this.#send = send
    this.#storage = storage
    this.#tabs = tabs
    if (tabs.channel) tabs.channel.onmessage = ({ data }) => void this.#hear(data)
  }

  snapshot = () => this.#state
  token = () => this.#tokens?.accessToken ?? null

  /** @param {() => void} listener */
  subscribe = (listener) => {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Takes up the session that a reload interrupted; asks the server whether it still stands. */
  async resume() {
    const kept = this.#storage.getItem(KEPT)
    if (!kept) return
    try {
      this.#tokens = { ...JSON.parse(kept), refreshToken: null }
    } catch {
      return this.#forget(null)
    }
    await this.#introduce()
  }

  /** @type {typeof globalThis.fetch} a drop-in for the browser's own */
  fetch = async (input, init = {}) => {
    const headers = new Headers(init.headers)
    const given = headers.get('authorization')
    const authorization = await this.authorization(headers)
    if (authorization === null) headers.delete('authorization')
    else headers.set('authorization', authorization)
    const used = authorization === given ? null : this.token()
    const response = await this.#send(input, { ...init, headers })
    await this.#learn(response.clone(), used)
    return response
  }

  /**
   * What a request with these headers says of who asks: an empty Bearer is filled.
   * @param {HeadersInit} [headers]
   * @returns {Promise<string | null>}
   */
  authorization = async (headers) => {
    const given = new Headers(headers).get('authorization')
    if (!EMPTY_BEARER.test(given ?? '')) return given
    await this.#renewIfDue()
    return this.#tokens && `Bearer ${this.#tokens.accessToken}`
  }

  /** @param {{ tenant: string, email: string, password: string }} input */
  async signIn(input) {
    this.#set({ busy: true, notice: null })
    try {
      const body = await this.#ask(SIGN_IN, { input }, null)
      const session = tokensIn(body)
      if (session) this.#keep(session, personIn(body?.data?.login?.viewer))
      else this.#set({ notice: body?.errors?.[0]?.message ?? 'The server refused the sign-in.' })
    } catch {
      this.#set({ notice: 'The server cannot be reached.' })
    } finally {
      this.#set({ busy: false })
    }
  }

  async signOut() {
    const token = this.token()
    this.#forget(null)
    // The page forgets the token in any case; a server that cannot be reached lets it run out.
    if (token) await this.#ask(SIGN_OUT, {}, token).catch(() => undefined)
  }

  /**
   * @param {Response} response
   * @param {string | null} used the session's own token, if this request carried it
   */
  async #learn(response, used) {
    if (!JSON_TYPE.test(response.headers.get('content-type') ?? '')) return
    const body = await response.json().catch(() => null)
    const session = tokensIn(body)
    if (session) {
      this.#keep(session, null)
      await this.#introduce()
    } else if (used !== null && used === this.token()) {
      if (body?.data?.logout === true || body?.data?.logoutEverywhere === true) this.#forget(null)
      else if (refused(body)) this.#forget('The session has ended.')
    }
  }

  /** Learns the person behind the token; a token that stands for nobody is dropped. */
  async #introduce() {
    const token = this.token()
    const body = await this.#ask(WHO, {}, token).catch(() => null)
    if (token === null || token !== this.token() || body === null) return
    const person = personIn(body.data?.viewer)
    if (person) this.#set({ person, notice: null })
    else this.#forget('The session has ended.')
  }

  async #renewIfDue() {
    if (!this.#isDue()) return
    this.#renewal ??= this.#tabs
      .alone(() => this.#renewOnce())
      .finally(() => {
        this.#renewal = null
      })
    await this.#renewal
  }

  #isDue() {
    const { accessToken, refreshToken, expiresAt } = this.#tokens ?? {}
    if (!expiresAt || Date.now() < expiresAt - MARGIN_MS) return false
    return Boolean(refreshToken) || (this.#tabs.channel !== null && accessToken !== this.#last)
  }

  /** Alone among all tabs: one that waited for another may find that it has been done. */
  async #renewOnce() {
    if (!this.#isDue() || !this.#tokens) return
    const { accessToken, refreshToken } = this.#tokens
    if (refreshToken) return this.#renew(refreshToken)
    this.#tabs.channel?.postMessage({ renew: accessToken })
    const until = Date.now() + PATIENCE_MS
    while (this.token() === accessToken && Date.now() < until && this.#answered !== accessToken) await pause(20)
    if (this.token() === accessToken) this.#last = accessToken
  }

  /** @type {string | null} an access token that another tab has said it sees to, or that it can't */
  #answered = null

  /**
   * What another tab says: that it wants a renewal, or that there was one.
   * @param {{ renew?: string, was?: string, accessToken?: string, expiresAt?: number }} message
   */
  async #hear({ renew, was, accessToken, expiresAt }) {
    const tokens = this.#tokens
    if (!tokens) return
    if (renew && tokens.refreshToken) {
      if (renew === tokens.accessToken) await this.#renew(tokens.refreshToken)
      else if (renew === this.#former) this.#tell()
      else return
      // What could not be renewed is not waited for.
      if (this.token() === renew || this.token() === null) this.#tabs.channel?.postMessage({ was: renew })
    } else if (was && was === tokens.accessToken && !tokens.refreshToken) {
      if (accessToken) this.#keep({ accessToken, expiresAt: expiresAt ?? 0, refreshToken: null }, this.#state.person)
      else this.#answered = was
    }
  }

  #tell() {
    if (!this.#tokens || !this.#former) return
    const { accessToken, expiresAt } = this.#tokens
    this.#tabs.channel?.postMessage({ was: this.#former, accessToken, expiresAt })
  }

  /** @param {string} refreshToken */
  #renew(refreshToken) {
    this.#exchange ??= this.#present(refreshToken).finally(() => {
      this.#exchange = null
    })
    return this.#exchange
  }

  /** @param {string} refreshToken */
  async #present(refreshToken) {
    const former = this.token()
    const body = await this.#ask(REFRESH, { input: { refreshToken } }, null).catch(() => null)
    const session = tokensIn(body)
    if (session) {
      this.#keep(session, this.#state.person)
      this.#former = former
      this.#tell()
    } else if (body !== null) this.#forget('The session has ended.')
  }

  /**
   * @param {string} query
   * @param {Record<string, unknown>} variables
   * @param {string | null} token
   * @returns {Promise<any>} the answer's body
   */
  async #ask(query, variables, token) {
    /** @type {Record<string, string>} */
    const headers = { accept: ACCEPT, 'content-type': 'application/json' }
    if (token) headers.authorization = `Bearer ${token}`
    const body = JSON.stringify({ query, variables })
    return (await this.#send(this.#url, { method: 'POST', headers, body })).json()
  }

  /**
   * @param {Tokens} tokens
   * @param {Person | null} person
   */
  #keep(tokens, person) {
    this.#tokens = tokens
    const { accessToken, expiresAt } = tokens
    this.#storage.setItem(KEPT, JSON.stringify({ accessToken, expiresAt }))
    this.#set({ person, notice: null })
  }

  /** @param {string | null} notice */
  #forget(notice) {
    this.#tokens = null
    this.#storage.removeItem(KEPT)
    this.#set({ person: null, notice })
  }

  /** @param {Partial<State>} change */
  #set(change) {
    this.#state = { ...this.#state, ...change }
    for (const listener of this.#listeners) listener()
  }
}

/** The other tabs of this browser, where it lets them agree (a secure context); elsewhere each is on its own. */
function otherTabs() {
  const locks = globalThis.navigator?.locks
  if (!locks || typeof BroadcastChannel === 'undefined') return { alone: (/** @type {() => Promise<any>} */ work) => work(), channel: null }
  return {
    alone: (/** @type {() => Promise<any>} */ work) => locks.request(SHARED, work),
    channel: new BroadcastChannel(SHARED),
  }
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/**
 * The session in an answer, under whatever name the document gave its root field.
 * @param {any} body
 * @returns {Tokens | null}
 */
function tokensIn(body) {
  for (const [field, value] of Object.entries(body?.data ?? {})) {
    // Seeing as somebody is no sign-in of one's own.
    if (field !== 'startViewAs' && typeof value?.accessToken === 'string') {
      const { accessToken, accessTokenExpiresAt, refreshToken = null } = value
      return { accessToken, expiresAt: Date.parse(accessTokenExpiresAt) || 0, refreshToken }
    }
  }
  return null
}

/**
 * @param {any} viewer
 * @returns {Person | null}
 */
function personIn(viewer) {
  return viewer && { name: viewer.user.name, school: viewer.tenant.name, role: viewer.activeRole.name }
}

/**
 * Whether the server did not know the token: it says so on a field that needs somebody, and `viewer` is null. A reason is about something else
 * that was given: a mailed link, a code.
 * @param {any} body
 */
function refused(body) {
  if (body?.data?.viewer === null) return true
  const errors = Array.isArray(body?.errors) ? body.errors : []
  return errors.some((/** @type {any} */ error) => error?.extensions?.code === 'UNAUTHENTICATED' && !error.extensions.reason)
}
