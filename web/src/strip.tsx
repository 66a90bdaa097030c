import { useState, useSyncExternalStore } from 'react'
import { PASSWORD, schools } from '../shared/accounts.js'
import type { Session } from '../shared/session.js'
import icon from './icon.svg'

type Props = { session: Session; demo: boolean }

/** The line at the top: the product, who is signed in, and on the demo data a way to be somebody else. */
export function Strip({ session, demo }: Props) {
  const { person, busy, notice } = useSyncExternalStore(session.subscribe, session.snapshot)
  return (
    <header className="strip">
      <span className="strip-product">
        <img src={icon} alt="" width="22" height="22" />
        Lectern
      </span>
      <p className="strip-status" role="status">
        <span className={person ? 'strip-dot strip-dot-on' : 'strip-dot'} aria-hidden="true" />
        {person ? (
          <span>
            Signed in as <strong>{person.name}</strong>
            <span className="strip-quiet"> · {person.role} at </span>
            {person.school}
          </span>
        ) : (
          <span className="strip-quiet">Signed out</span>
        )}
        {notice && <span className="strip-notice">{notice}</span>}
      </p>
      {demo && <DemoAccounts session={session} busy={busy} />}
      {person && (
        <>
          <CopyToken session={session} />
          <button type="button" onClick={() => void session.signOut()}>
            Sign out
          </button>
        </>
      )}
    </header>
  )
}

function DemoAccounts({ session, busy }: { session: Session; busy: boolean }) {
  const accounts = schools.flatMap((school) => school.accounts)
  const choose = (email: string) => {
    const account = accounts.find((account) => account.email === email)
    if (account) void session.signIn({ tenant: account.tenant, email, password: PASSWORD })
  }
  // The value stays empty: this is a button with ten answers, and the status beside it says who one is.
  return (
    <select
      aria-label="Sign in as a demo account"
      value=""
      disabled={busy}
      onChange={(event) => choose(event.target.value)}
    >
      <option value="" disabled hidden>
        {busy ? 'Signing in…' : 'Sign in as…'}
      </option>
      {schools.map((school) => (
        <optgroup key={school.name} label={school.name}>
          {school.accounts.map(({ role, email }) => (
            <option key={email} value={email}>
              {role} · {email}
            </option>
          ))}
        </optgroup>
      ))}
    </select>
  )
}

function CopyToken({ session }: { session: Session }) {
  const [label, setLabel] = useState('Copy token')
  const copy = async () => {
    // Outside https and localhost a browser has no clipboard to offer.
    const copied = await navigator.clipboard?.writeText(session.token() ?? '').then(
      () => true,
      () => false,
    )
    setLabel(copied ? 'Copied' : 'No clipboard here')
    setTimeout(() => setLabel('Copy token'), 1500)
  }
  return (
    <button type="button" onClick={() => void copy()}>
      {label}
    </button>
  )
}
