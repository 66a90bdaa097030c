//! The attack on each tenant table, in SQL, as the service's own role: school B, with every permission, against the rows
//! of school A. Every statement names A or B, so that it could touch no other school even where the wall is down; every
//! transaction is rolled back.

use sqlx::{AssertSqlSafe, PgConnection, postgres::PgDatabaseError};
use uuid::Uuid;

use super::pair::{Pair, School};
use crate::ops::{report::Check, sources};

/// These stay readable after a school's subscription has lapsed, so that signing in, `viewer` and signing out go on. Written here
/// by hand, because what the catalog of the database says is on trial; the list grows by nothing but what a sign-in itself needs.
const SPARED: [&str; 26] = [
    "access_version",
    "account_request",
    "api_key_secret",
    "app_user",
    "credential",
    "failed_sign_in",
    "feature_flag",
    "known_network",
    "mailed_token",
    "password_change_credential",
    "provider_account",
    "provider_sign_in",
    "recovery_code",
    "refresh_token",
    "role",
    "role_manages",
    "second_factor",
    "session",
    "sign_in_code",
    "sign_up_credential",
    "tenant",
    "tenant_export",
    "tenant_settings",
    "used_budget",
    "user_permission",
    "user_role",
];

/// Of the deployment, and of no school: the service's role holds no right on them, and no row of them is a school's.
pub(super) const OF_NO_SCHOOL: [&str; 8] = [
    "platform_admin",
    "platform_audit_entry",
    "platform_credential",
    "platform_factor",
    "platform_recovery_code",
    "platform_refresh_token",
    "platform_session",
    "tenant_erasure",
];

/// Rows that only the service itself can make and nobody can remove: they are made anew inside each attack's transaction.
const MADE_BY_SERVICE: [(&str, &str); 1] = [("audit_entry", "SELECT app.audit_refusal('audit', 'Probe', NULL, 'PROBE', NULL)")];

/// What is changed in a copy of a row of the school `{tenant}`, so that nothing but a foreign key could stop it.
const RELAXED: [(&str, &str); 22] = [
    ("api_key_secret", r#"{"secret_hash": "\\x0000000000000000000000000000000000000000000000000000000000000000"}"#),
    ("booking", r#"{"status": "CANCELLED"}"#),
    ("check_in_program_fkey", r#"{"outcome": "UNKNOWN", "ticket_id": null, "admits_on": null}"#),
    ("feature_flag", r#"{"key": "another"}"#),
    ("file", r#"{"upload_id": null, "object": "schools/{tenant}/general/copy.txt"}"#),
    ("group_session", r#"{"status": "CANCELLED"}"#),
    ("invitation", r#"{"state": "REVOKED"}"#),
    ("ledger_posting", r#"{"n": 1000}"#),
    ("mailed_token", r#"{"token_hash": "\\x0000000000000000000000000000000000000000000000000000000000000000"}"#),
    ("order_line", r#"{"position": 1000}"#),
    ("password_change_request", r#"{"state": "REJECTED"}"#),
    ("provider_account", r#"{"account": "another"}"#),
    ("provider_sign_in", r#"{"state_hash": "\\x0000000000000000000000000000000000000000000000000000000000000000"}"#),
    ("refresh_token", r#"{"token_hash": "\\x0000000000000000000000000000000000000000000000000000000000000000"}"#),
    ("sign_in_provider", r#"{"key": "another"}"#),
    ("sign_up_request", r#"{"state": "REJECTED"}"#),
    ("waitlist_entry", r#"{"status": "LEFT"}"#),
    // One looks in one place at a time.
    ("view_as", r#"{"ended_at": "2026-03-09T14:00Z"}"#),
    // What one key asks of the rest of the row.
    ("certificate_path_fkey", r#"{"course_id": null, "code": "AAAAAAAAAAAAAAAA"}"#),
    ("line_reversal_by_fkey", r#"{"refund_id": null}"#),
    ("path_course_after_fkey", r#"{"unlock": "AFTER_COURSE"}"#),
    ("time_claim", r#"{"starts_at": "2099-03-09T14:00Z", "ends_at": "2099-03-09T15:00Z"}"#),
];

/// Keys before which another one speaks: of a row that a trigger makes at once.
const PRECEDED: [(&str, &str); 1] = [
    ("project_owner_fkey", "project_member_user_fkey"), // whoever owns a project is made a member of it
];

/// No rows; or an error, where the connection has named a school before: the setting is empty since then, and no UUID.
pub(super) fn is_closed(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Rows(rows) => *rows == 0,
        Outcome::Failed { state, .. } => state == "22P02",
        _ => false,
    }
}

/// Two connections of the service's role (one of which never says for whom), and the operator's.
pub(super) struct Attack<'a> {
    pub(super) app: &'a mut PgConnection,
    pub(super) bare: &'a mut PgConnection,
    pub(super) platform: &'a mut PgConnection,
    pub(super) pair: &'a Pair,
}

/// The result of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// So many rows were counted or changed.
    Rows(i64),
    /// Row security refused the new row; by a RESTRICTIVE policy of this name.
    Walled(Option<String>),
    /// The role holds no such right.
    NotGranted,
    /// Something else stopped it: SQLSTATE, constraint, text.
    Failed { state: String, constraint: Option<String>, text: String },
}

impl Outcome {
    pub(super) fn of(result: sqlx::Result<i64>) -> sqlx::Result<Outcome> {
        let error = match result {
            Ok(rows) => return Ok(Outcome::Rows(rows)),
            Err(error) => error,
        };
        let Some(refusal) = error.as_database_error().and_then(|error| error.try_downcast_ref::<PgDatabaseError>()) else {
            return Err(error);
        };
        Ok(match (refusal.code(), refusal.routine()) {
            ("42501", Some("ExecWithCheckOptions")) => {
                // `new row violates row-level security policy "tenant_wall" for table …`, in whatever language.
                let name = refusal.message().split('"').nth(1).filter(|name| name.ends_with("_wall"));
                Outcome::Walled(name.map(str::to_owned))
            }
            ("42501", _) => Outcome::NotGranted,
            (state, _) => Outcome::Failed {
                state: state.to_owned(),
                constraint: refusal.constraint().map(str::to_owned),
                text: refusal.message().to_owned(),
            },
        })
    }
}

/// What the service's role may do with a column.
#[derive(Debug, sqlx::FromRow)]
struct Column {
    name: String,
    generated: bool,
    may_select: bool,
    may_insert: bool,
    may_update: bool,
}

/// A table under attack.
struct Table<'t> {
    name: &'t str,
    columns: Vec<Column>,
    may_delete: bool,
    /// A row of the attacker's own, as JSON.
    own_row: Option<String>,
}

impl Table<'_> {
    fn may_select(&self) -> bool {
        self.columns.iter().any(|column| column.name == "tenant_id" && column.may_select)
    }

    /// A copy of the attacker's row in another school: everything else of it would be accepted, so that the wall alone
    /// stands between them.
    fn copy_into(&self, tenant: Uuid) -> Option<String> {
        let columns: Vec<&str> =
            self.columns.iter().filter(|column| column.may_insert && !column.generated).map(|column| column.name.as_str()).collect();
        if !columns.contains(&"tenant_id") {
            return None;
        }
        Some(insert(self.name, &columns, self.own_row.as_deref()?, &format!(r#"{{"tenant_id": "{tenant}"}}"#)))
    }
}

/// An INSERT of a row that is kept as JSON, under a new id, with some columns replaced.
fn insert(table: &str, columns: &[&str], row: &str, patch: &str) -> String {
    let list = columns.iter().map(|column| format!("\"{column}\"")).collect::<Vec<_>>().join(", ");
    format!(
        "INSERT INTO {table} ({list}) SELECT {list} FROM jsonb_populate_record(NULL::public.{table}, \
         {row}::jsonb || jsonb_build_object('id', gen_random_uuid()) || {patch}::jsonb)",
        row = quoted(row),
        patch = quoted(patch)
    )
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Attack<'_> {
    /// Attacks one table in every way.
    pub(super) async fn table(&mut self, name: &str) -> sqlx::Result<Check> {
        let table = self.describe(name).await?;
        let (a, b) = (self.pair.a.clone(), self.pair.b.clone());
        let made_by_service = MADE_BY_SERVICE.iter().any(|(made, _)| *made == name);
        let mut faults = Vec::new();
        if OF_NO_SCHOOL.contains(&name) {
            if table.may_delete || table.columns.iter().any(|column| column.may_select || column.may_insert) {
                faults.push("lectern_app holds a right on it".to_owned());
            }
            return Ok(Check::faultless("isolation", name, &faults, "of no school, and closed to the service"));
        }
        if !made_by_service && (table.own_row.is_none() || self.row(name, a.tenant).await?.is_none()) {
            faults.push(format!("no row to attack: give it one in {}", sources::probe_file(name)));
        }
        let mut notes = Vec::new();
        self.reading(&table, &a, &b, &mut faults, &mut notes).await?;
        self.writing(&table, &a, &b, &mut faults, &mut notes).await?;
        self.referring(&table, &a, &b, &mut faults, &mut notes).await?;
        self.without_school(&table, &mut faults, &mut notes).await?;
        self.pair.lapse(self.platform, true).await?;
        let lapsed = self.after_lapse(&table, &b, &mut faults, &mut notes).await;
        self.pair.lapse(self.platform, false).await?;
        lapsed?;
        Ok(Check::faultless("isolation", name, &faults, notes.join(", ")))
    }

    async fn reading(
        &mut self,
        table: &Table<'_>,
        a: &School,
        b: &School,
        faults: &mut Vec<String>,
        notes: &mut Vec<String>,
    ) -> sqlx::Result<()> {
        if !table.may_select() {
            notes.push("unreadable".to_owned());
            return Ok(());
        }
        let of_a = format!("SELECT count(*) FROM {} WHERE tenant_id = '{}'", table.name, a.tenant);
        match self.count(a, Some(a), &of_a).await? {
            Outcome::Rows(rows) if rows > 0 => {}
            other => faults.push(format!("the owner of the rows does not see them ({other:?}), so that nothing is proven")),
        }
        match self.count(a, Some(b), &of_a).await? {
            Outcome::Rows(0) => notes.push("invisible".to_owned()),
            other => faults.push(format!("rows of A are visible to B ({other:?})")),
        }
        let of_others = format!("SELECT count(*) FROM (SELECT FROM {} WHERE tenant_id <> '{}' LIMIT 1) AS other", table.name, b.tenant);
        if self.count(a, Some(b), &of_others).await? != Outcome::Rows(0) {
            faults.push("rows of other schools are visible to B".to_owned());
        }
        Ok(())
    }

    async fn writing(
        &mut self,
        table: &Table<'_>,
        a: &School,
        b: &School,
        faults: &mut Vec<String>,
        notes: &mut Vec<String>,
    ) -> sqlx::Result<()> {
        let name = table.name;
        let mut unchanged = true;
        if let Some(column) = table.columns.iter().find(|column| column.may_update && column.may_select) {
            let sql = format!("UPDATE {name} SET \"{0}\" = \"{0}\" WHERE tenant_id = '{1}'", column.name, a.tenant);
            if self.execute(a, Some(b), &sql).await? != Outcome::Rows(0) {
                unchanged = false;
                faults.push("B can change rows of A".to_owned());
            }
        }
        if table.may_delete {
            let sql = format!("DELETE FROM {name} WHERE tenant_id = '{}'", a.tenant);
            if self.execute(a, Some(b), &sql).await? != Outcome::Rows(0) {
                unchanged = false;
                faults.push("B can delete rows of A".to_owned());
            }
        }
        if unchanged {
            notes.push("unchangeable".to_owned());
        }
        if let Some(sql) = table.copy_into(a.tenant) {
            match self.execute(a, Some(b), &sql).await? {
                Outcome::Walled(Some(wall)) => notes.push(format!("not insertable for A ({wall})")),
                Outcome::Walled(None) => notes.push("not insertable for A (by an actor's policy)".to_owned()),
                other => faults.push(format!("no policy stopped B from inserting a row for A ({other:?})")),
            }
        }
        // Nobody holds this right; whoever did would meet the wall here, too.
        if table.columns.iter().any(|column| column.name == "tenant_id" && column.may_update) {
            let sql = format!("UPDATE {name} SET tenant_id = '{}' WHERE tenant_id = '{}'", a.tenant, b.tenant);
            // Whatever refuses: a wall, or on some tables a trigger that comes before it.
            if let Outcome::Rows(moved @ 1..) = self.execute(a, Some(b), &sql).await? {
                faults.push(format!("B can move {moved} rows to A"));
            }
        }
        notes.push("not movable".to_owned());
        Ok(())
    }

    /// Whether a row of B could point at one of A: as the operator, before whom no policy stands, so that the key alone
    /// has to say no.
    async fn referring(
        &mut self,
        table: &Table<'_>,
        a: &School,
        b: &School,
        faults: &mut Vec<String>,
        notes: &mut Vec<String>,
    ) -> sqlx::Result<()> {
        let columns: Vec<&str> = table.columns.iter().filter(|column| !column.generated).map(|column| column.name.as_str()).collect();
        let keys: Vec<(String, Vec<String>, String, Vec<String>)> = sqlx::query_as(
            "SELECT k.conname::text, ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(num, nth) \
                 JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num ORDER BY u.nth), \
                 c.relname::text, ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(num, nth) \
                 JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num ORDER BY u.nth) \
             FROM pg_constraint k JOIN pg_class c ON c.oid = k.confrelid \
             WHERE k.contype = 'f' AND k.conrelid = $1::regclass AND cardinality(k.conkey) > 1 ORDER BY 1",
        )
        .bind(format!("public.{}", table.name))
        .fetch_all(&mut *self.platform)
        .await?;
        let mut held = 0;
        // Where a key has more columns than another, that one may speak first.
        let holders = |key: &[String]| -> Vec<String> {
            keys.iter()
                .filter(|(_, columns, ..)| columns.iter().all(|column| key.contains(column)))
                .map(|(name, ..)| name.clone())
                .collect()
        };
        for (key, children, parent, parents) in &keys {
            let Some(target) = self.row(parent, a.tenant).await? else { continue };
            let own: Vec<String> =
                children.iter().filter(|child| *child != "tenant_id").map(|child| format!("t.\"{child}\" IS NULL")).collect();
            let Some(row) = self.row_by(table.name, b.tenant, &own.join(", ")).await? else { continue };
            let target: serde_json::Value = serde_json::from_str(&target).unwrap_or_default();
            let relaxed = RELAXED.iter().find(|(relaxed, _)| relaxed == key || *relaxed == table.name).map_or("{}", |(_, patch)| patch);
            let relaxed = relaxed.replace("{tenant}", &b.tenant.to_string());
            let mut patch: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&relaxed).unwrap_or_default();
            // A column that another key needs as well stays as it is: that key would speak first.
            let shared = |child: &String| {
                keys.iter()
                    .any(|(name, columns, ..)| name != key && columns.contains(child) && !columns.iter().all(|own| children.contains(own)))
            };
            let unshared = |child: &String| child != "tenant_id" && !shared(child);
            let alone = children.iter().any(unshared);
            let references =
                || children.iter().zip(parents).filter(|(child, _)| if alone { unshared(child) } else { *child != "tenant_id" });
            // Where an id stays as it is, a word that is the same in both schools (a currency) points at nothing of A.
            let points = |(_, parent): (&String, &String)| target[parent].as_str().is_some_and(|value| value.parse::<Uuid>().is_ok());
            if alone && references().count() + 1 < children.len() && !references().any(points) {
                continue;
            }
            patch.extend(references().map(|(child, parent)| (child.clone(), target[parent].clone())));
            let sql = insert(table.name, &columns, &row, &serde_json::Value::Object(patch).to_string());
            let begin = format!("SET LOCAL app.tenant_id = '{}'", b.tenant);
            let mut outcome = in_transaction(self.platform, &format!("{begin}; {sql}; SET CONSTRAINTS ALL IMMEDIATE")).await?;
            // Where the reference is no part of the key a copy can't be told from its row: that row is pointed elsewhere.
            if matches!(&outcome, Outcome::Failed { state, constraint: Some(taken), .. } if state == "23505" && (taken.ends_with("_pkey") || taken.ends_with("_key")))
            {
                let sets =
                    references().map(|(child, parent)| format!("\"{child}\" = {}", quoted(target[parent].as_str().unwrap_or_default())));
                let sets = sets.collect::<Vec<_>>().join(", ");
                let sql = format!(
                    "UPDATE {table} t SET {sets} WHERE ctid = (SELECT t.ctid FROM {table} t WHERE t.tenant_id = '{}' ORDER BY {}, t.ctid LIMIT 1)",
                    b.tenant,
                    own.join(", "),
                    table = table.name
                );
                outcome = in_transaction(self.platform, &format!("{begin}; {sql}; SET CONSTRAINTS ALL IMMEDIATE")).await?;
            }
            match outcome {
                Outcome::Failed { state, constraint, .. }
                    if state == "23503"
                        && constraint
                            .as_ref()
                            .is_some_and(|name| holders(children).contains(name) || PRECEDED.contains(&(key.as_str(), name.as_str()))) =>
                {
                    held += 1
                }
                other => faults.push(format!("{key} did not stop a row of B from pointing at {parent} of A ({other:?})")),
            }
        }
        if held > 0 {
            notes.push(format!("not referable ({held} keys)"));
        }
        Ok(())
    }

    /// Without a school there are no rows: neither for a connection that never named one, nor for the nil UUID of requests
    /// of people who are not signed in.
    async fn without_school(&mut self, table: &Table<'_>, faults: &mut Vec<String>, notes: &mut Vec<String>) -> sqlx::Result<()> {
        if table.may_select() {
            let sql = format!("SELECT count(*) FROM (SELECT FROM {} LIMIT 1) AS one", table.name);
            let bare = Outcome::of(sqlx::query_scalar(AssertSqlSafe(sql.clone())).persistent(false).fetch_one(&mut *self.bare).await)?;
            let nil = self.count(&self.pair.a.clone(), None, &sql).await?;
            if !is_closed(&bare) || nil != Outcome::Rows(0) {
                faults.push(format!("rows are visible without a school ({bare:?}, {nil:?})"));
            }
        }
        if let Some(sql) = table.copy_into(self.pair.b.tenant) {
            match in_transaction(self.bare, &sql).await? {
                Outcome::Walled(_) => {}
                other if is_closed(&other) => {}
                other => faults.push(format!("no policy stopped an INSERT without a school ({other:?})")),
            }
        }
        notes.push("nothing without a school".to_owned());
        Ok(())
    }

    async fn after_lapse(&mut self, table: &Table<'_>, b: &School, faults: &mut Vec<String>, notes: &mut Vec<String>) -> sqlx::Result<()> {
        let name = table.name;
        if SPARED.contains(&name) {
            let sql = format!("SELECT count(*) FROM {name} WHERE tenant_id = '{}'", b.tenant);
            if table.may_select() && self.count(b, Some(b), &sql).await? == Outcome::Rows(0) {
                faults.push("it is spared from a lapse of the subscription, and yet empty then".to_owned());
            }
            return Ok(());
        }
        if table.may_select() {
            let sql = format!("SELECT count(*) FROM (SELECT FROM {name} LIMIT 1) AS one");
            match self.count(b, Some(b), &sql).await? {
                Outcome::Rows(0) => {}
                other => faults.push(format!("rows are visible after the subscription has lapsed ({other:?})")),
            }
        }
        if let Some(sql) = table.copy_into(b.tenant) {
            match self.execute(b, Some(b), &sql).await? {
                Outcome::Walled(_) => {}
                other => faults.push(format!("no policy stopped an INSERT after the subscription has lapsed ({other:?})")),
            }
        }
        notes.push("nothing after a lapse".to_owned());
        Ok(())
    }

    async fn describe<'t>(&mut self, name: &'t str) -> sqlx::Result<Table<'t>> {
        let columns = sqlx::query_as(
            "SELECT a.attname::text AS name, a.attgenerated <> '' AS generated, \
                    has_column_privilege('lectern_app', a.attrelid, a.attnum, 'SELECT') AS may_select, \
                    has_column_privilege('lectern_app', a.attrelid, a.attnum, 'INSERT') AS may_insert, \
                    has_column_privilege('lectern_app', a.attrelid, a.attnum, 'UPDATE') AS may_update \
             FROM pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum",
        )
        .bind(format!("public.{name}"))
        .fetch_all(&mut *self.platform)
        .await?;
        let may_delete = sqlx::query_scalar("SELECT has_table_privilege('lectern_app', $1::regclass, 'DELETE')")
            .bind(format!("public.{name}"))
            .fetch_one(&mut *self.platform)
            .await?;
        let own_row = self.row(name, self.pair.b.tenant).await?;
        Ok(Table { name, columns, may_delete, own_row })
    }

    /// A row of a school, as JSON.
    async fn row(&mut self, table: &str, tenant: Uuid) -> sqlx::Result<Option<String>> {
        self.row_by(table, tenant, "t.tenant_id").await
    }

    /// The first row of a school by an order, as JSON; of those that are alike in it the one that lies first, whatever the planner prefers.
    async fn row_by(&mut self, table: &str, tenant: Uuid, order: &str) -> sqlx::Result<Option<String>> {
        let sql = format!("SELECT to_jsonb(t)::text FROM {table} t WHERE t.tenant_id = $1 ORDER BY {order}, t.ctid LIMIT 1");
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(tenant).fetch_optional(&mut *self.platform).await
    }

    /// Counts, in a transaction of the service's role for one school (or for none), where `owner` has rows.
    async fn count(&mut self, owner: &School, actor: Option<&School>, sql: &str) -> sqlx::Result<Outcome> {
        self.open(owner, actor).await?;
        let counted = sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).persistent(false).fetch_one(&mut *self.app).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut *self.app).await?;
        Outcome::of(counted)
    }

    /// The same for a statement that changes rows.
    async fn execute(&mut self, owner: &School, actor: Option<&School>, sql: &str) -> sqlx::Result<Outcome> {
        self.open(owner, actor).await?;
        let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *self.app).await;
        sqlx::raw_sql("ROLLBACK").execute(&mut *self.app).await?;
        Outcome::of(done.map(|done| done.rows_affected().cast_signed()))
    }

    async fn open(&mut self, owner: &School, actor: Option<&School>) -> sqlx::Result<()> {
        let mut sql =
            format!("BEGIN; SET LOCAL statement_timeout = '30s'; SET LOCAL app.correlation_id = 'audit'; {}", settings(Some(owner)));
        for (_, make) in MADE_BY_SERVICE {
            sql.push_str(&format!("; {make}"));
        }
        sqlx::raw_sql(AssertSqlSafe(format!("{sql}; {}", settings(actor)))).execute(&mut *self.app).await?;
        Ok(())
    }
}

/// A transaction as a learner of the school who holds every permission, as if in the role ADMIN; or as nobody.
pub(super) fn settings(school: Option<&School>) -> String {
    let (tenant, user) = school.map_or((Uuid::nil(), Uuid::nil()), |school| (school.tenant, school.person("LEARNER").user));
    format!(
        "SET LOCAL app.tenant_id = '{tenant}'; SET LOCAL app.user_id = '{user}'; \
         SELECT set_config('app.permissions', ',' || array_to_string(app.all_permissions(), ',') || ',=ADMIN,', true)"
    )
}

async fn in_transaction(connection: &mut PgConnection, sql: &str) -> sqlx::Result<Outcome> {
    sqlx::raw_sql("BEGIN").execute(&mut *connection).await?;
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *connection).await;
    sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await?;
    Outcome::of(done.map(|done| done.rows_affected().cast_signed()))
}
