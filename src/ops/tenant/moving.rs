//! `lectern tenant move`: a school goes to another shard with all that it has, what is sealed included, for the keys are the same everywhere.
//!
//! Both shards hold back writes from the first row that is read to the last that is deleted; reads go on. The rows are compared on both sides before
//! they count, and PgDog looks for the school where its rows are before those that it left are deleted: whatever is cut off, one whole copy is
//! where PgDog looks. The triggers are off on both sides, as for an import: nothing is sent, made or logged anew.

use std::{
    collections::{HashMap, HashSet},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, anyhow, bail, ensure};
use futures_util::TryStreamExt as _;
use sqlx::{AssertSqlSafe, Executor as _, PgConnection, Postgres, Transaction};
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use super::{
    super::{Cluster, Spread},
    import::{become_platform, late, owner},
    tables::{Pointer, Table, pointers, quoted, tables},
};
use crate::config::{Settings, TenantMove};

/// How long it is waited for that nobody writes.
const PATIENCE: &str = "30s";
/// How long PgDog may take to look elsewhere once it was told to. Writes wait as long.
const SWITCHING: Duration = Duration::from_secs(60);
/// How long it is looked at where telling it failed: it may have heard all the same.
const DOUBT: Duration = Duration::from_secs(3);
/// How often the tables are asked for where somebody who writes waits for this in turn.
const LOCKINGS: u32 = 8;

/// The tables, those first that others point at, each with the columns that are pointed with later.
struct Plan {
    tables: Vec<(Table, Vec<String>)>,
}

/// Moves a school; answers what the operator may want to know. `switch` tells PgDog where to look for it: the school, and the shard counted from 0.
///
/// # Errors
/// What stands in the way, in one sentence; the school is where it was then, unless it says otherwise.
pub async fn relocate(
    settings: &Settings,
    spread: &Spread<'_>,
    wanted: &TenantMove,
    switch: impl AsyncFnOnce(Uuid, usize) -> anyhow::Result<()>,
) -> anyhow::Result<String> {
    let count = settings.shard_urls.len();
    ensure!((1..=count).contains(&wanted.to), "--to must be from 1 to {count}: LECTERN_SHARD_URLS names so many");
    let (slug, to) = (&wanted.slug, wanted.to - 1);
    let school = spread.school(slug).await?;
    let (seats, place) = (spread.seats(school).await?, spread.place(school).await?);
    ensure!(seats.contains(&place), "PgDog looks for {slug} on shard {}, where it is not: mend PgDog's mapping first", place + 1);
    let others: Vec<usize> = seats.into_iter().filter(|seat| *seat != place).collect();
    if wanted.remove_other {
        // Also where the school itself lies no more: what was written while it went may have stayed.
        for other in (0..count).filter(|other| *other != place) {
            remove(settings, spread, other, school).await?;
        }
        return Ok(if others.is_empty() {
            format!("{slug} lies on shard {} alone.", place + 1)
        } else {
            format!("{slug} lies on shard {}; what lay elsewhere is removed.", place + 1)
        });
    }
    if let Some(other) = others.first() {
        bail!(
            "{slug} lies on shard {} as well, since a move was cut off: where PgDog is right to look for it on shard {}, add --remove-other",
            other + 1,
            place + 1
        );
    }
    if place == to {
        return Ok(format!("{slug} lies on shard {} already.", to + 1));
    }

    let began = Instant::now();
    let (mut source, mut target) = (Side::open(settings, place).await?, Side::open(settings, to).await?);
    let plan = Plan::of(&mut target.connection).await?;
    let mut from = hold(&mut source.connection, &plan, school).await?;
    let mut into = hold(&mut target.connection, &plan, school).await?;
    let (rows, tables) = copy(&mut from, &mut into, &plan, school).await?;
    release(&mut into, &plan).await?;
    into.commit().await?;
    // From here on the rows lie on both sides, and nobody writes where they came from.
    let untold = match switched(spread, switch, school, to).await {
        Ok(untold) => untold,
        Err((error, looks)) => {
            if looks != Some(place) {
                return Err(error.context(format!(
                    "{slug} lies on both shards, and it is not known on which one PgDog looks for it: once it answers, and before anything else, \
                     run it with --remove-other"
                )));
            }
            remove(settings, spread, to, school)
                .await
                .context("the rows that were copied could not be removed again: run it once more with --remove-other")?;
            return Err(error.context(format!("{slug} stays on shard {}", place + 1)));
        }
    };
    empty(&mut from, &plan, school).await?;
    sqlx::query("SELECT pg_notify('lectern', $1)").bind(format!("{school} moved")).execute(&mut *from).await?;
    release(&mut from, &plan).await?;
    from.commit().await.context("the rows that were left could not be deleted: run it once more with --remove-other")?;
    let held = began.elapsed().as_secs_f64();
    // Who had waited to write there, the schedule above all, may have found the school still: that is done once this has its locks, and nobody finds it any more.
    remove(settings, spread, place, school)
        .await
        .with_context(|| {
            format!("{slug} lies on shard {} now, but what was written on shard {} while it went could not be deleted: run it once more with --remove-other", to + 1, place + 1)
        })?;
    let untold = untold.map(|error| {
        format!(" PgDog looks there, although telling it failed ({error:#}): one that was not reached does not find the school, tell it as well.")
    });
    let untold = untold.unwrap_or_default();
    Ok(format!(
        "{slug} lies on shard {} now: {rows} rows of {tables} tables, the same on both sides; writes waited for {held:.1} s.{untold}",
        to + 1
    ))
}

/// Runs the command of `--switch`.
///
/// # Errors
/// Where it fails.
pub async fn switched_by(wanted: &TenantMove, school: Uuid, shard: usize) -> anyhow::Result<()> {
    let command = wanted.switch.as_deref().context("--switch is needed: it tells PgDog where to look for the school")?;
    let mut shell = tokio::process::Command::new("sh");
    shell.arg("-c").arg(command).env("LECTERN_SCHOOL", school.to_string()).env("LECTERN_SHARD", shard.to_string());
    let status = shell.stdin(Stdio::null()).kill_on_drop(true).status().await.context("--switch can't be run")?;
    ensure!(status.success(), "--switch failed ({status})");
    Ok(())
}

/// Has PgDog told, and waits until it looks there; answers why it could not be told, where it looks there all the same.
///
/// # Errors
/// Why it does not, and where it looks, if it says so.
async fn switched(
    spread: &Spread<'_>,
    switch: impl AsyncFnOnce(Uuid, usize) -> anyhow::Result<()>,
    school: Uuid,
    to: usize,
) -> Result<Option<anyhow::Error>, (anyhow::Error, Option<usize>)> {
    let told = switch(school, to).await;
    let (began, patience) = (Instant::now(), if told.is_ok() { SWITCHING } else { DOUBT });
    let looks = loop {
        let looks = spread.place(school).await;
        if matches!(looks, Ok(place) if place == to) {
            return Ok(told.err());
        }
        if began.elapsed() >= patience {
            break looks;
        }
        sleep(Duration::from_millis(100)).await;
    };
    Err(match (told, looks) {
        (Err(error), looks) => (error, looks.ok()),
        (Ok(()), Err(error)) => (error, None),
        (Ok(()), Ok(place)) => {
            (anyhow!("PgDog was told, and looks for the school where it was all the same: take back what it was told"), Some(place))
        }
    })
}

/// Who owns the tables of a shard.
struct Side {
    connection: PgConnection,
    _cluster: Cluster,
}

impl Side {
    async fn open(settings: &Settings, shard: usize) -> anyhow::Result<Side> {
        let opened = async {
            let cluster = Cluster::open(&settings.of_shard(shard)?).await?;
            Ok::<_, anyhow::Error>(Side { connection: owner(&cluster).await?, _cluster: cluster })
        };
        opened.await.with_context(|| format!("shard {}", shard + 1))
    }
}

/// Opens a transaction that nobody writes beside, without triggers, as the operator of a school.
async fn hold<'c>(connection: &'c mut PgConnection, plan: &Plan, school: Uuid) -> anyhow::Result<Transaction<'c, Postgres>> {
    let mut tx = super::begin(connection, "system:tenant-move", school).await?;
    // What is read as text is to be the same text on both sides.
    let settings = "SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO, YMD'; SET LOCAL intervalstyle = 'postgres'; SET LOCAL bytea_output = 'hex'; \
                    SET LOCAL extra_float_digits = 1";
    tx.execute(settings).await?;
    tx.execute(AssertSqlSafe(format!("SET LOCAL lock_timeout = '{PATIENCE}'"))).await?;
    let names: Vec<String> = plan.names().collect();
    tx.execute("SAVEPOINT unlocked").await?;
    let lock = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", names.join(", "));
    let mut tries = 1;
    while let Err(error) = tx.execute(AssertSqlSafe(lock.clone())).await {
        if tries == LOCKINGS || error.as_database_error().and_then(|error| error.code()).as_deref() != Some("40P01") {
            return Err(late(error));
        }
        tries += 1;
        tx.execute("ROLLBACK TO SAVEPOINT unlocked").await?;
    }
    for name in &names {
        tx.execute(AssertSqlSafe(format!("ALTER TABLE {name} DISABLE TRIGGER USER"))).await.map_err(late)?;
    }
    // What nobody may delete goes along, too; nobody else sees this.
    for name in plan.kept() {
        tx.execute(AssertSqlSafe(format!("GRANT DELETE ON {name} TO lectern_platform"))).await?;
    }
    become_platform(&mut tx).await?;
    Ok(tx)
}

/// Checks what was put off, and switches the triggers on again.
async fn release(tx: &mut PgConnection, plan: &Plan) -> anyhow::Result<()> {
    tx.execute("SET CONSTRAINTS ALL IMMEDIATE").await.context("rows point at what is not there")?;
    tx.execute("RESET ROLE").await?;
    for name in plan.kept() {
        tx.execute(AssertSqlSafe(format!("REVOKE DELETE ON {name} FROM lectern_platform"))).await?;
    }
    for name in plan.names() {
        tx.execute(AssertSqlSafe(format!("ALTER TABLE {name} ENABLE TRIGGER USER"))).await?;
    }
    Ok(())
}

/// Copies all rows and compares them; answers how many there are, and in how many tables.
async fn copy(from: &mut PgConnection, into: &mut PgConnection, plan: &Plan, school: Uuid) -> anyhow::Result<(i64, usize)> {
    for (at, (table, late)) in plan.tables.iter().enumerate() {
        let (name, columns) = (table.quoted(), listed(&table.columns));
        let there = table.holds(&mut *into, school).await?;
        ensure!(!there, "{name} holds rows of this school on the other shard already: what was it there?");
        let staged = format!("staged_{at}");
        into.execute(AssertSqlSafe(format!("CREATE TEMPORARY TABLE {staged} ON COMMIT DROP AS SELECT {columns} FROM {name} WITH NO DATA")))
            .await?;
        let mut rows = from.copy_out_raw(&format!("COPY (SELECT {columns} FROM {name} WHERE tenant_id = '{school}') TO STDOUT")).await?;
        let mut copied = into.copy_in_raw(&format!("COPY {staged} ({columns}) FROM STDIN")).await?;
        while let Some(bytes) = rows.try_next().await? {
            copied.send(bytes).await?;
        }
        copied.finish().await?;
        let values: Vec<String> =
            table.columns.iter().map(|column| if late.contains(column) { "NULL".to_owned() } else { quoted(column) }).collect();
        let insert = format!("INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE SELECT {} FROM {staged}", values.join(", "));
        into.execute(AssertSqlSafe(insert)).await.with_context(|| format!("the rows of {name} are refused"))?;
    }
    for (at, (table, late)) in plan.tables.iter().enumerate().filter(|(_, (_, late))| !late.is_empty()) {
        let (name, point) = (table.quoted(), table.pointing(late, &format!("staged_{at}")));
        into.execute(AssertSqlSafe(point)).await.with_context(|| format!("the rows of {name} are refused"))?;
    }
    let (mut all, mut tables) = (0, 0);
    for (table, _) in &plan.tables {
        let (here, there) = (weighed(&mut *from, table, school).await?, weighed(&mut *into, table, school).await?);
        ensure!(here == there, "{} is not the same on both sides: {} rows here, {} there", table.name, here.0, there.0);
        all += here.0;
        tables += usize::from(here.0 > 0);
    }
    Ok((all, tables))
}

/// How many rows there are of a school, and a number that tells them from others, in whatever order they lie.
async fn weighed(connection: &mut PgConnection, table: &Table, school: Uuid) -> anyhow::Result<(i64, String)> {
    let sql = format!(
        "SELECT count(*), coalesce(sum(hashtextextended(r::text, 0)::numeric), 0)::text FROM (SELECT {} FROM {} WHERE tenant_id = $1) AS r",
        listed(&table.columns),
        table.quoted()
    );
    Ok(sqlx::query_as(AssertSqlSafe(sql)).bind(school).fetch_one(connection).await?)
}

/// Deletes all rows of a school, those first that point at others.
async fn empty(tx: &mut PgConnection, plan: &Plan, school: Uuid) -> anyhow::Result<()> {
    for (table, _) in plan.tables.iter().rev() {
        let delete = format!("DELETE FROM {} WHERE tenant_id = $1", table.quoted());
        let deleted = sqlx::query(AssertSqlSafe(delete)).bind(school).execute(&mut *tx).await;
        deleted.with_context(|| format!("the rows of {} can't be deleted", table.name))?;
    }
    Ok(())
}

/// The same in a transaction of its own, on a shard where PgDog does not look for the school.
async fn remove(settings: &Settings, spread: &Spread<'_>, shard: usize, school: Uuid) -> anyhow::Result<()> {
    let mut side = Side::open(settings, shard).await?;
    let plan = Plan::of(&mut side.connection).await?;
    let mut tx = hold(&mut side.connection, &plan, school).await?;
    // Asked while nobody can write here.
    ensure!(spread.place(school).await? != shard, "PgDog looks for the school on shard {} now", shard + 1);
    empty(&mut tx, &plan, school).await?;
    release(&mut tx, &plan).await?;
    Ok(tx.commit().await?)
}

fn listed(columns: &[String]) -> String {
    columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ")
}

impl Plan {
    async fn of(connection: &mut PgConnection) -> anyhow::Result<Plan> {
        let tables = tables(&mut *connection).await?;
        Plan::ordered(tables, &pointers(connection).await?)
    }

    fn names(&self) -> impl Iterator<Item = String> {
        self.tables.iter().map(|(table, _)| table.quoted())
    }

    fn kept(&self) -> impl Iterator<Item = String> {
        self.tables.iter().filter(|(table, _)| table.is_kept).map(|(table, _)| table.quoted())
    }

    /// Puts tables into the order of their pointers. Of a circle those are left out that may be empty: they point when all rows are there.
    fn ordered(mut tables: Vec<Table>, pointers: &[Pointer]) -> anyhow::Result<Plan> {
        let known: HashSet<String> = tables.iter().map(|table| table.name.clone()).collect();
        let mut waits_for: HashMap<&str, Vec<&Pointer>> = HashMap::new();
        for pointer in pointers.iter().filter(|pointer| pointer.from != pointer.to && known.contains(&pointer.to)) {
            waits_for.entry(&pointer.from).or_default().push(pointer);
        }
        let (mut ordered, mut done) = (Vec::with_capacity(tables.len()), HashSet::new());
        while !tables.is_empty() {
            let next = [false, true].into_iter().find_map(|leaves_out_weak| {
                tables.iter().position(|table| {
                    let waits = waits_for.get(table.name.as_str()).into_iter().flatten();
                    waits.filter(|pointer| !(pointer.is_weak && leaves_out_weak)).all(|pointer| done.contains(pointer.to.as_str()))
                })
            });
            let table = tables.remove(next.context("tables point at one another in a circle")?);
            let late = waits_for.get(table.name.as_str()).into_iter().flatten();
            let late = late.filter(|pointer| !pointer.is_deferred && !done.contains(pointer.to.as_str()));
            let late = late.flat_map(|pointer| pointer.columns.iter().cloned()).collect();
            if let Some(name) = known.get(&table.name) {
                done.insert(name.as_str());
            }
            ordered.push((table, late));
        }
        Ok(Plan { tables: ordered })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(names: &[&str], pointers: &[(&str, &str, bool)]) -> Option<String> {
        let tables = names.iter().map(|name| Table { name: (*name).to_owned(), ..Table::default() }).collect();
        let pointers: Vec<Pointer> = pointers
            .iter()
            .map(|(from, to, is_weak)| {
                let columns = if *is_weak { vec![format!("{to}_id")] } else { Vec::new() };
                Pointer { from: (*from).to_owned(), to: (*to).to_owned(), columns, is_deferred: false, is_weak: *is_weak }
            })
            .collect();
        let plan = Plan::ordered(tables, &pointers).ok()?;
        let shown = plan.tables.iter().map(|(table, late)| format!("{}({})", table.name, late.join(" ")));
        Some(shown.collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn what_is_pointed_at_comes_first_and_a_circle_is_closed_at_the_end() {
        let pointers = [("booking", "course", false), ("course", "person", true), ("booking", "booking", false)];
        assert_eq!(plan(&["booking", "course", "person"], &pointers).unwrap(), "person() course() booking()");
        assert_eq!(plan(&["file", "person"], &[("file", "person", false), ("person", "file", true)]).unwrap(), "person(file_id) file()");
        assert!(plan(&["file", "person"], &[("file", "person", false), ("person", "file", false)]).is_none());
    }
}
