//! The attack of the platform's role, lectern_desk, in SQL: it sees the one school that its transaction names and no other, none where it names
//! none; it writes nothing but by functions, and deletes rows of that one school alone whose erasure has begun.

use sqlx::{AssertSqlSafe, PgConnection};
use uuid::Uuid;

use super::{
    isolation::{OF_NO_SCHOOL, Outcome, is_closed},
    pair::{Pair, School},
};
use crate::ops::report::Check;

/// Attacks every table.
pub(super) async fn attack(
    desk: &mut PgConnection,
    platform: &mut PgConnection,
    pair: &Pair,
    tables: &[String],
) -> sqlx::Result<Vec<Check>> {
    let mut checks = Vec::new();
    for table in tables {
        let mut faults = Vec::new();
        reading(desk, table, pair, &mut faults).await?;
        writing(platform, table, &mut faults).await?;
        deleting(desk, table, &pair.a, Some(&pair.a), "although it is not being erased", &mut faults).await?;
        checks.push(Check::faultless(
            "desk",
            table,
            &faults,
            "one school at a time, nothing without one, nothing written, nothing deleted",
        ));
    }
    checks.push(erasing(desk, platform, pair, tables).await?);
    Ok(checks)
}

async fn reading(desk: &mut PgConnection, table: &str, Pair { a, b }: &Pair, faults: &mut Vec<String>) -> sqlx::Result<()> {
    let of_a = format!("SELECT count(*) FROM {table} WHERE tenant_id = '{}'", a.tenant);
    if !OF_NO_SCHOOL.contains(&table) && table != "audit_entry" && !matches!(run(desk, Some(a), &of_a).await?, Outcome::Rows(1..)) {
        faults.push("it does not see the rows of the school that it names, so that nothing is proven".to_owned());
    }
    if run(desk, Some(b), &of_a).await? != Outcome::Rows(0) {
        faults.push("rows of A are visible to a transaction of B".to_owned());
    }
    let others = format!("SELECT count(*) FROM (SELECT FROM {table} WHERE tenant_id <> '{}' LIMIT 1) AS other", b.tenant);
    if run(desk, Some(b), &others).await? != Outcome::Rows(0) {
        faults.push("rows of other schools are visible to a transaction of B".to_owned());
    }
    let of_schools = format!("SELECT count(*) FROM (SELECT FROM {table} WHERE tenant_id <> '{}' LIMIT 1) AS one", Uuid::nil());
    if run(desk, None, &of_schools).await? != Outcome::Rows(0) {
        faults.push("rows of schools are visible to a transaction that names none".to_owned());
    }
    // Outside any transaction: nothing has named a school.
    let bare = sqlx::query_scalar(AssertSqlSafe(of_schools)).persistent(false).fetch_one(&mut *desk).await;
    let bare = Outcome::of(bare)?;
    if !is_closed(&bare) {
        faults.push(format!("rows are visible without a transaction ({bare:?})"));
    }
    Ok(())
}

async fn writing(platform: &mut PgConnection, table: &str, faults: &mut Vec<String>) -> sqlx::Result<()> {
    let rights: Option<String> = sqlx::query_scalar(
        "SELECT string_agg(v.verb, ', ') FROM unnest('{INSERT,UPDATE,REFERENCES}'::text[]) AS v(verb) WHERE has_any_column_privilege('lectern_desk', $1::regclass, v.verb)",
    )
    .bind(format!("public.{table}"))
    .fetch_one(&mut *platform)
    .await?;
    if let Some(rights) = rights {
        faults.push(format!("it may {rights} without a function"));
    }
    let empties: bool = sqlx::query_scalar("SELECT has_table_privilege('lectern_desk', $1::regclass, 'TRUNCATE, TRIGGER')")
        .bind(format!("public.{table}"))
        .fetch_one(platform)
        .await?;
    if empties {
        faults.push("it may empty the table past row security".to_owned());
    }
    Ok(())
}

async fn deleting(
    desk: &mut PgConnection,
    table: &str,
    of: &School,
    named: Option<&School>,
    why: &str,
    faults: &mut Vec<String>,
) -> sqlx::Result<()> {
    let sql = format!("DELETE FROM {table} WHERE tenant_id = '{}'", of.tenant);
    let outcome = run(desk, named, &sql).await?;
    if !matches!(outcome, Outcome::Rows(0) | Outcome::NotGranted) {
        faults.push(format!("it may delete rows of {table} of {}, {why} ({outcome:?})", of.slug));
    }
    Ok(())
}

/// While A is being erased, neither a transaction of A reaches rows of B, nor one of B those of either.
async fn erasing(desk: &mut PgConnection, platform: &mut PgConnection, Pair { a, b }: &Pair, tables: &[String]) -> sqlx::Result<Check> {
    let id = Uuid::now_v7();
    sqlx::query("INSERT INTO tenant_erasure (tenant_id, id, school_id, slug, state) VALUES ($1, $2, $3, $4, 'RUNNING')")
        .bind(Uuid::nil())
        .bind(id)
        .bind(a.tenant)
        .bind(&a.slug)
        .execute(&mut *platform)
        .await?;
    let attacked = attack_beside(desk, a, b, tables).await;
    sqlx::query("DELETE FROM tenant_erasure WHERE tenant_id = $1 AND id = $2").bind(Uuid::nil()).bind(id).execute(platform).await?;
    Ok(Check::faultless("desk", "an erasure", &attacked?, "reaches the school that is erased, and no row of another"))
}

async fn attack_beside(desk: &mut PgConnection, a: &School, b: &School, tables: &[String]) -> sqlx::Result<Vec<String>> {
    let mut faults = Vec::new();
    for table in tables {
        deleting(desk, table, b, Some(a), "while A is erased", &mut faults).await?;
        deleting(desk, table, b, Some(b), "while A is erased", &mut faults).await?;
        deleting(desk, table, a, Some(b), "in a transaction of B", &mut faults).await?;
        deleting(desk, table, a, None, "in a transaction of no school", &mut faults).await?;
    }
    // Nothing points at these: where the erasure is real, they go.
    let sql = format!("DELETE FROM refresh_token WHERE tenant_id = '{}'", a.tenant);
    if !matches!(run(desk, Some(a), &sql).await?, Outcome::Rows(1..)) {
        faults.push("the school that is being erased can't be deleted from, so that nothing is proven".to_owned());
    }
    Ok(faults)
}

/// Runs a statement in a transaction of a school, or of none, and rolls it back. A count is read, a change is counted.
async fn run(desk: &mut PgConnection, school: Option<&School>, sql: &str) -> sqlx::Result<Outcome> {
    let tenant = school.map_or(Uuid::nil(), |school| school.tenant);
    let open = format!(
        "BEGIN; SET LOCAL statement_timeout = '30s'; SET LOCAL app.correlation_id = 'audit'; SET LOCAL app.tenant_id = '{tenant}'; \
         SET LOCAL app.user_id = '{}'; SET LOCAL app.permissions = ''",
        Uuid::nil()
    );
    sqlx::raw_sql(AssertSqlSafe(open)).execute(&mut *desk).await?;
    let done = if sql.starts_with("SELECT") {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).persistent(false).fetch_one(&mut *desk).await
    } else {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut *desk).await.map(|done| done.rows_affected().cast_signed())
    };
    sqlx::raw_sql("ROLLBACK").execute(&mut *desk).await?;
    Outcome::of(done)
}
