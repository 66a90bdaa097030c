// The benchmark's own PostgreSQL: durable as in production, seeded once for each scale, and kept between runs.

import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { readdirSync } from 'node:fs'
import { tmpdir, totalmem, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { postgresFolder, run, start, stop, until } from './shell.js'

/** A seed is about "now": bookings of the coming weeks. After so many days it is made anew. */
const SEED_LASTS_DAYS = 5

/** The same for everybody who is measured. */
function settings() {
  const gigabytes = totalmem() / 2 ** 30
  return {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    shared_buffers: `${Math.max(1, Math.min(4, Math.floor(gigabytes / 4)))}GB`,
    effective_cache_size: `${Math.max(1, Math.floor(gigabytes / 2))}GB`,
    work_mem: '16MB',
    maintenance_work_mem: '256MB',
    max_connections: '100',
    max_wal_size: '8GB',
    checkpoint_timeout: '30min',
    random_page_cost: '1.1',
    jit: 'off',
    // The driver vacuums between rounds, so that no round pays for another's rows.
    autovacuum: 'off',
    listen_addresses: '',
    password_encryption: 'scram-sha-256',
  }
}

/** PostgreSQL refuses to run as root: then it runs as the system's own user for it. */
function account() {
  if (userInfo().uid !== 0) return {}
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(run('id', [flag, 'postgres'])))
  return { uid, gid }
}

export class Cluster {
  /** @param {{folder: string, scale: number, lectern: string, root: string, settings?: object}} options `settings`: beside those of everybody */
  constructor({ folder, scale, lectern, root, settings = {} }) {
    Object.assign(this, { scale, lectern, root, own: settings, account: account(), bin: postgresFolder() })
    this.folder = join(folder, `scale-${scale}`)
    this.data = join(this.folder, 'data')
    this.log = join(this.folder, 'postgres.log')
  }

  url(role, scheme = 'postgresql') {
    return `${scheme}://${role}@${encodeURIComponent(this.socket)}:5432/lectern?sslmode=disable`
  }

  /** What `lectern` is told of the database. */
  environment() {
    return {
      ...process.env,
      DATABASE_URL: this.url('lectern_app'),
      LECTERN_OWNER_URL: this.url('lectern_owner'),
      LECTERN_PLATFORM_URL: this.url('lectern_platform'),
    }
  }

  async start() {
    const old = this.seed()
    const age = old ? (Date.now() - Date.parse(old.at)) / 86_400_000 : Infinity
    if (age > SEED_LASTS_DAYS || old.fingerprint !== this.fingerprint()) {
      rmSync(this.folder, { recursive: true, force: true })
    }
    mkdirSync(this.folder, { recursive: true })
    if (this.account.uid !== undefined) chownSync(this.folder, this.account.uid, this.account.gid)
    if (!existsSync(this.data)) {
      run(join(this.bin, 'initdb'), ['-D', this.data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--data-checksums'], this.account)
    }
    this.socket = mkdtempSync(join(tmpdir(), 'lectern-bench-'))
    if (this.account.uid !== undefined) chownSync(this.socket, this.account.uid, this.account.gid)
    const flags = Object.entries({ ...settings(), ...this.own, unix_socket_directories: this.socket }).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    this.process = start(join(this.bin, 'postgres'), ['-D', this.data, ...flags], this.log, this.account)
    await until('PostgreSQL', 60, async () => {
      await this.query('SELECT 1', [], 'postgres')
      return true
    })
    await this.fill()
  }

  async fill() {
    const exists = await this.query("SELECT FROM pg_database WHERE datname = 'lectern'", [], 'postgres')
    if (exists.length === 0) {
      this.psql('postgres', ['-f', join(this.root, 'sql/roles.sql')])
      await this.query('CREATE DATABASE lectern OWNER lectern_owner', [], 'postgres')
    }
    run(this.lectern, ['migrate'], { env: this.environment() })
    if (!this.seed()) {
      console.log(`seeding ${this.scale} schools; this is done once`)
      run(this.lectern, ['seed', '--scale', String(this.scale)], { env: this.environment(), stdio: ['ignore', 'inherit', 'inherit'] })
      writeFileSync(join(this.folder, 'seed.json'), JSON.stringify({ at: new Date().toISOString(), fingerprint: this.fingerprint() }))
    }
    for (const file of ['lessons', 'grades', 'slots', 'commerce', 'schema']) this.psql('lectern', ['-f', join(this.root, `bench/peers/${file}.sql`)])
    await this.vacuum()
  }

  async vacuum() {
    await this.query('VACUUM (ANALYZE)')
    await this.query('CHECKPOINT')
  }

  /** So that every round begins with the same rows, and none pays for another's. */
  async restore() {
    await this.forget()
    await this.vacuum()
  }

  /** Takes back what mutations left since the seed. */
  async forget() {
    const since = this.seed().at
    const client = await this.client()
    await client.query("SET session_replication_role = replica; SET app.audit = 'off'")
    // Nothing that refers to them goes by itself here.
    for (const [table, column, owner] of [
      ['time_claim', 'booking_id', 'booking'], ['time_claim', 'hold_id', 'slot_hold'], ['booking_assignment', 'booking_id', 'booking'],
    ]) {
      await client.query(`DELETE FROM ${table} x USING ${owner} o WHERE o.tenant_id = x.tenant_id AND o.id = x.${column} AND o.created_at >= $1`, [since])
    }
    for (const table of ['slot_hold', 'booking', 'booking_series']) await client.query(`DELETE FROM ${table} WHERE created_at >= $1`, [since])
    await client.query('UPDATE booking_type_instructor i SET assigned_count = 0, last_assigned_at = NULL FROM booking_type y ' +
      "WHERE y.tenant_id = i.tenant_id AND y.id = i.type_id AND y.name LIKE 'Measured, of %' AND i.last_assigned_at IS NOT NULL")
    await client.query('DELETE FROM audit_entry WHERE at >= $1', [since])
    // Lessons of the seed were completed long before it.
    await client.query('DELETE FROM lesson_progress WHERE completed_at >= $1', [since])
    // Nobody had points.
    for (const table of ['points_entry', 'course_points', 'reward_standing', 'badge_award']) await client.query(`DELETE FROM ${table}`)
    // Grades were given before it, too; nobody had tried the quiz of L4.
    await client.query('DELETE FROM lesson_grade WHERE graded_at >= $1', [since])
    await client.query("DELETE FROM enrollment_grade g USING course c WHERE c.tenant_id = g.tenant_id AND c.id = g.course_id AND c.title = 'Zoology, Questioned'")
    for (const table of ['score_change', 'attempt_question']) {
      await client.query(`DELETE FROM ${table} h USING quiz_attempt a WHERE a.tenant_id = h.tenant_id AND a.id = h.attempt_id AND a.started_at >= $1`, [since])
    }
    await client.query('DELETE FROM quiz_attempt WHERE started_at >= $1', [since])
    await client.query(`UPDATE enrollment e SET lessons_completed = 0, progress = 0 FROM course c
      WHERE c.tenant_id = e.tenant_id AND c.id = e.course_id AND c.title = 'Zoology, Questioned' AND e.lessons_completed > 0`)
    await client.query(`UPDATE enrollment e SET lessons_completed = n.done, progress = n.done / 2.0
      FROM (SELECT p.tenant_id, p.enrollment_id, count(*)::integer AS done FROM lesson_progress p GROUP BY 1, 2) AS n
      WHERE e.tenant_id = n.tenant_id AND e.id = n.enrollment_id AND e.lessons_completed <> n.done`)
    await client.end()
  }

  seed() {
    const file = join(this.folder, 'seed.json')
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  }

  fingerprint() {
    const hash = createHash('sha256').update(String(this.scale))
    for (const name of readdirSync(join(this.root, 'sql/seed')).filter((name) => name.endsWith('.sql')).sort()) hash.update(readFileSync(join(this.root, 'sql/seed', name)))
    return hash.digest('hex')
  }

  psql(database, args) {
    return run(join(this.bin, 'psql'), ['-X', '-q', '-v', 'ON_ERROR_STOP=1', '-h', this.socket, '-U', 'postgres', '-d', database, ...args])
  }

  async client(role = 'postgres', database = 'lectern') {
    const client = new pg.Client({ host: this.socket, user: role, database })
    await client.connect()
    return client
  }

  async query(sql, values = [], database = 'lectern') {
    const client = await this.client('postgres', database)
    try {
      return (await client.query(sql, values)).rows
    } finally {
      await client.end()
    }
  }

  async stop() {
    await stop(this.process, 'SIGINT')
    if (this.socket) rmSync(this.socket, { recursive: true, force: true })
  }
}
