//! Functions and policies: each file that changed is applied whole, in a transaction of its own, so that other sessions see all
//! of the old one or all of the new one. A file has changed where its text did, or where somebody changed in the
//! database what it made.

use std::collections::BTreeSet;

use anyhow::Context as _;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::{
    Part, Script,
    ledger::{self, Entry, Ledger},
    patience::{code, database_error, patiently},
    source::digest,
    things::{self, Kind, Thing},
};

/// Answers the files that were applied.
pub(super) async fn apply(
    connection: &mut PgConnection,
    scripts: &[Script],
    ledger: &mut Ledger,
    always: bool,
) -> anyhow::Result<Vec<String>> {
    let known: Vec<String> = scripts.iter().filter_map(|script| ledger.get(&script.file)).flat_map(|entry| entry.makes.clone()).collect();
    let things = things::read_made(connection, &known).await?;
    let mut applied = Vec::new();
    for script in scripts {
        let is_current = |entry: &Entry| entry.digest == script.digest() && entry.state == state(&things, &entry.makes);
        if !always && ledger.get(&script.file).is_some_and(is_current) {
            continue;
        }
        let entry = apply_one(connection, script, ledger).await.with_context(|| format!("{} can't be applied", script.file))?;
        ledger.insert(script.file.clone(), entry);
        applied.push(script.file.clone());
    }
    Ok(applied)
}

/// The digest of some things as they are.
fn state(things: &[Thing], names: &[String]) -> String {
    let of = |name: &String| things.iter().find(|thing| thing.name == *name).map_or("", |thing| thing.definition.as_str());
    digest(names.iter().flat_map(|name| [name, of(name)]))
}

/// A function can't be replaced by one that answers something else: then the old one goes first, as long as nothing leans on it.
async fn apply_one(connection: &mut PgConnection, script: &Script, ledger: &Ledger) -> anyhow::Result<Entry> {
    let mut first: Vec<String> = Vec::new();
    loop {
        match patiently(async || transaction(connection, script, ledger, &first).await).await {
            Err(error) => match irreplaceable(&error) {
                Some(drop) if !first.contains(&drop) => first.push(drop),
                _ => return Err(error),
            },
            done => return done,
        }
    }
}

/// The statement that PostgreSQL advises where a function can't be replaced; it is the same in every language.
fn irreplaceable(error: &anyhow::Error) -> Option<String> {
    if code(error)? != "42P13" {
        return None;
    }
    let hint = database_error(error)?.hint()?;
    let from = ["DROP FUNCTION ", "DROP PROCEDURE "].iter().find_map(|verb| hint.find(verb))?;
    Some(hint[from..=hint.rfind(')')?].to_owned())
}

async fn transaction(connection: &mut PgConnection, script: &Script, ledger: &Ledger, first: &[String]) -> anyhow::Result<Entry> {
    let mut tx = connection.begin().await?;
    for drop in first {
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(drop.clone())).execute(&mut *tx).await {
            let error = anyhow::Error::from(error);
            return Err(match leaning(&error) {
                Some(leaning) => anyhow::anyhow!(
                    "a function answers something else than before, and can't be replaced while something leans on it ({leaning}): give the new one another name"
                ),
                None => error,
            });
        }
    }
    let known: &[String] = ledger.get(&script.file).map_or(&[], |entry| &entry.makes);
    let held = if script.part == Part::Functions { withdraw(&mut tx, script, ledger).await? } else { Vec::new() };
    sqlx::raw_sql(AssertSqlSafe(script.sql.clone())).execute(&mut *tx).await?;

    let things = things::read_made(&mut tx, known).await?;
    let made: BTreeSet<&str> =
        things.iter().filter(|thing| thing.is_made && script.part.makes(thing.kind)).map(|thing| thing.name.as_str()).collect();
    if script.part == Part::Functions {
        for grant in held.iter().filter(|(name, _)| !made.contains(name.as_str())).map(|(_, grant)| grant) {
            sqlx::raw_sql(AssertSqlSafe(grant.clone())).execute(&mut *tx).await?;
        }
        let of = |name: &str| name.split('(').next().unwrap_or(name).to_owned();
        let names: BTreeSet<String> = made.iter().map(|name| of(name)).collect();
        let superseded = |thing: &&Thing| {
            thing.kind == Kind::Function
                && known.contains(&thing.name)
                && !made.contains(thing.name.as_str())
                && names.contains(&of(&thing.name))
        };
        for thing in things.iter().filter(superseded) {
            drop_if_free(&mut tx, thing).await?;
        }
        close(&mut tx, &made).await?;
    }
    let makes: Vec<String> = made.into_iter().map(str::to_owned).collect();
    let state = state(&things::read_made(&mut tx, &makes).await?, &makes);
    let entry = Entry { file: script.file.clone(), digest: script.digest(), makes, state, changed: None, finished: true };
    ledger::write(&mut tx, &entry).await?;
    tx.commit().await?;
    Ok(entry)
}

/// Takes back who may call the functions of a file, which is about to say so anew; those that no file is known to make are
/// treated as its own. Answers the grants, for what turns out to be another's. In a savepoint, so that nothing of it counts as
/// made by the file.
async fn withdraw(tx: &mut PgConnection, script: &Script, ledger: &Ledger) -> anyhow::Result<Vec<(String, String)>> {
    let others: Vec<&String> = ledger.values().filter(|entry| entry.file != script.file).flat_map(|entry| &entry.makes).collect();
    // The transaction's own number comes before the savepoint's.
    sqlx::raw_sql("SELECT pg_current_xact_id()").execute(&mut *tx).await?;
    let mut savepoint = tx.begin().await?;
    let held: Vec<(String, String, String)> = sqlx::query_as(
        "SELECT h.name, string_agg(format('REVOKE ALL ON ROUTINE %s FROM %s', h.routine, h.holder), '; '), \
                string_agg(format('GRANT EXECUTE ON ROUTINE %s TO %s', h.routine, h.holder), '; ') \
         FROM (SELECT 'function ' || p.oid::regprocedure AS name, p.oid::regprocedure AS routine, \
                      CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS holder \
               FROM pg_proc p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a \
               WHERE p.pronamespace = 'app'::regnamespace AND p.prokind IN ('f', 'p') AND a.grantee <> p.proowner \
                 AND pg_has_role(current_user, p.proowner, 'USAGE')) AS h \
         WHERE h.name <> ALL ($1) GROUP BY h.name",
    )
    .bind(&others)
    .fetch_all(&mut *savepoint)
    .await?;
    let mut grants = Vec::new();
    for (name, revoke, grant) in held {
        sqlx::raw_sql(AssertSqlSafe(revoke)).execute(&mut *savepoint).await?;
        grants.push((name, grant));
    }
    savepoint.commit().await?;
    Ok(grants)
}

/// Nobody calls a function but whom its file names. One that sees more than its caller belongs to lectern_definer; any other
/// reads settings or what its caller may read, and is open to the service's roles where its file says nothing.
async fn close(tx: &mut PgConnection, made: &BTreeSet<&str>) -> anyhow::Result<()> {
    let functions: Vec<&str> = made.iter().filter_map(|name| name.strip_prefix("function ")).collect();
    let statements: Option<String> = sqlx::query_scalar(
        "SELECT string_agg(format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', f.name) \
                || CASE f.proowner WHEN f.keeper THEN '' ELSE format('; ALTER ROUTINE %s OWNER TO %s', f.name, f.keeper) END \
                || CASE WHEN f.prosecdef OR f.prokind = 'p' OR f.prorettype = 'trigger'::regtype OR f.is_granted THEN '' \
                        ELSE format('; GRANT EXECUTE ON FUNCTION %s TO lectern_app, lectern_definer, lectern_platform, lectern_desk', f.name) END, '; ') \
         FROM (SELECT p.*, p.oid::regprocedure::text AS name, CASE WHEN p.prosecdef THEN 'lectern_definer' ELSE 'lectern_owner' END::regrole AS keeper, \
                      EXISTS (SELECT FROM aclexplode(p.proacl) a WHERE a.grantee NOT IN (0, p.proowner)) AS is_granted \
               FROM pg_proc p WHERE p.pronamespace = 'app'::regnamespace) AS f \
         WHERE f.name = ANY ($1)",
    )
    .bind(&functions)
    .fetch_one(&mut *tx)
    .await?;
    if let Some(statements) = statements {
        // Whoever is given a function must be one who could have made it there.
        let sql = format!("GRANT CREATE ON SCHEMA app TO lectern_definer; {statements}; REVOKE CREATE ON SCHEMA app FROM lectern_definer");
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await?;
    }
    Ok(())
}

/// Drops a thing, unless something leans on it: then answers what does.
pub(super) async fn drop_if_free(tx: &mut PgConnection, thing: &Thing) -> anyhow::Result<Option<String>> {
    let Some(remove) = &thing.remove else { return Ok(None) };
    let mut savepoint = tx.begin().await?;
    match sqlx::raw_sql(AssertSqlSafe(remove.clone())).execute(&mut *savepoint).await {
        Ok(_) => {
            savepoint.commit().await?;
            Ok(None)
        }
        Err(error) => {
            savepoint.rollback().await?;
            let error = anyhow::Error::from(error);
            match leaning(&error) {
                Some(leaning) => Ok(Some(leaning)),
                None => Err(error.context(format!("the {} can't be dropped", thing.name))),
            }
        }
    }
}

/// What leans on something that was to be dropped, in one line.
fn leaning(error: &anyhow::Error) -> Option<String> {
    if code(error)? != "2BP01" {
        return None;
    }
    Some(database_error(error)?.detail()?.lines().collect::<Vec<_>>().join(", "))
}
