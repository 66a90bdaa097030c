//! The job of an import: batch by batch, each with its cursor in one transaction, as whoever started it.

use std::{sync::Arc, time::Duration};

use futures_util::future::BoxFuture;
use lectern_kernel::{
    db::{ColumnReader, DbError, Tx},
    error::Error,
    jobs::{Done, Failure, Job, JobKind, JobLane},
    store::Store,
};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::{
    archive::{Broken, fetch},
    bundle::Survey,
    columns::{ImportFormat, IssueSeverity, RosterEntity},
    ledger::Ledger,
    lines::{Body, Issue, Line, Parsed, Part},
    look::Asker,
    plan::{Counts, Outcome, Plan, Unwritten, apply},
    reader,
    removals::{self, Missing},
    sql,
};

/// Reads a file into the school.
pub const IMPORT: JobKind = JobKind { limit: Duration::from_secs(2 * 3600), ..JobKind::new("import.run", JobLane::Bulk, import) };

/// How often a batch is tried that loses races.
const TRIES: u32 = 8;
/// How many issues of a run are kept: `app.step_import` has the same number.
const KEPT: usize = 1000;

#[derive(Deserialize)]
struct Payload {
    run: Uuid,
}

/// Why nothing more is done.
enum Stop {
    /// The run fails, for this reason.
    Fails(&'static str, Vec<Issue>),
    /// It has ended meanwhile.
    Ended,
    /// The attempt has failed.
    Attempt(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Stop::Attempt(failure)
    }
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        Stop::Attempt(error.into())
    }
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Stop::Attempt(error.into())
    }
}

impl From<Broken> for Stop {
    fn from(broken: Broken) -> Self {
        let told = |file: &str, message: String| Issue {
            file: file.to_owned(),
            line: 1,
            column: None,
            severity: IssueSeverity::Error,
            reason: broken.reason(),
            message,
            sourced_id: None,
        };
        let issues = match &broken {
            Broken::MissingFile(file) => vec![told(file, "The archive lacks this file.".to_owned())],
            Broken::MissingColumn(file, column) => vec![told(file, format!("This file lacks the column {column}"))],
            Broken::Encoding(file) => vec![told(file, "This file is not UTF-8.".to_owned())],
            Broken::Manifest(line, property, value) => {
                let message = format!("{property} must be bulk, delta or absent, and not “{value}”.");
                vec![Issue { line: *line, column: Some("value"), reason: "BAD_VALUE", ..told("manifest.csv", message) }]
            }
            Broken::Archive | Broken::TooManyRows => Vec::new(),
        };
        Stop::Fails(broken.reason(), issues)
    }
}

/// What the run was asked for with, and how far it has come.
struct Run {
    id: Uuid,
    format: ImportFormat,
    source: String,
    is_rehearsal: bool,
    remove_missing: bool,
    max_removals: i32,
    notify: bool,
    done: i32,
    total: i32,
    counts: Counts,
}

fn import(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Payload { run: id } = job.payload()?;
        let tx = job.begin().await?;
        let Some(begun) = tx.query(sql::BEGIN, &[&id]).await?.into_iter().next() else { return job.finish(tx).await };
        let object: Option<String> = begun.try_get(0)?;
        if job.actor().is_none() {
            tx.query(sql::END, &[&id, &"IMPORTER_GONE"]).await?;
            return job.finish(tx).await;
        }
        let Some(row) = tx.query(sql::RUN, &[&id]).await?.into_iter().next() else {
            tx.query(sql::END, &[&id, &"IMPORTER_GONE"]).await?;
            return job.finish(tx).await;
        };
        let mut run = read(id, &row)?;
        job.step(tx).await?;
        match go(&mut job, &mut run, object).await {
            Ok(tx) => {
                tx.query(sql::END, &[&id, &None::<&str>]).await?;
                job.finish(tx).await
            }
            Err(Stop::Fails(reason, issues)) => {
                let tx = job.begin().await?;
                if !issues.is_empty() {
                    let issues = Value::Array(issues.iter().map(Issue::json).collect());
                    tx.query(sql::STEP, &[&id, &run.done, &run.total, &run.counts.json(), &issues]).await?;
                }
                tx.query(sql::END, &[&id, &reason]).await?;
                job.finish(tx).await
            }
            Err(Stop::Ended) => {
                let tx = job.begin().await?;
                job.finish(tx).await
            }
            Err(Stop::Attempt(failure)) => Err(failure),
        }
    })
}

fn read(id: Uuid, row: &tokio_postgres::Row) -> Result<Run, Failure> {
    let mut reader = ColumnReader::new(row);
    let (format, source): (ImportFormat, String) = (reader.next()?, reader.next()?);
    let (is_rehearsal, remove_missing, max_removals): (bool, bool, i32) = (reader.next()?, reader.next()?, reader.next()?);
    let (notify, done, counts): (bool, i32, Value) = (reader.next()?, reader.next()?, reader.next()?);
    let counts = Counts::read(&counts);
    Ok(Run { id, format, source, is_rehearsal, remove_missing, max_removals, notify, done, total: 0, counts })
}

impl Run {
    fn asker<'a>(&'a self, tx: &'a Tx) -> Asker<'a> {
        Asker { tx, source: &self.source, is_rehearsal: self.is_rehearsal, notify: self.notify }
    }

    fn count(&mut self, plan: &Plan) {
        for (entity, outcome) in &plan.outcomes {
            self.counts.add(*entity, *outcome);
        }
    }

    /// Writes the cursor in the transaction of what it stands for.
    async fn step(&self, tx: &Tx, issues: &[Issue]) -> Result<(), Stop> {
        self.step_on(tx, issues.iter().map(Issue::json).collect()).await
    }

    async fn step_on(&self, tx: &Tx, issues: Vec<Value>) -> Result<(), Stop> {
        let issues = Value::Array(issues);
        let goes_on = tx.value::<bool>(sql::STEP, &[&self.id, &self.done, &self.total, &self.counts.json(), &issues]).await?;
        if goes_on == Some(true) { Ok(()) } else { Err(Stop::Ended) }
    }
}

/// Does all of it; answers the transaction in which the run is to be ended.
async fn go(job: &mut Job, run: &mut Run, object: Option<String>) -> Result<Arc<Tx>, Stop> {
    let store = job.outside::<Store>()?;
    let Some(object) = object else { return Err(Stop::Fails("FILE_GONE", Vec::new())) };
    let Some(file) = fetch(&store, &object).await? else { return Err(Stop::Fails("FILE_GONE", Vec::new())) };
    let (again, format) = (file.try_clone().map_err(|error| Error::unavailable(format!("a temporary file: {error}")))?, run.format);
    let surveyed = tokio::task::spawn_blocking(move || Survey::of(&again, format)).await;
    let survey = Arc::new(surveyed.map_err(|error| Error::internal(format!("the reader of an import: {error}")))??);
    run.total = survey.rows;
    if run.is_rehearsal { rehearse(job, run, &survey, file).await } else { perform(job, run, &survey, file).await }
}

/// Refuses where more would be removed than may be.
fn check_removals(run: &Run, missing: &[Missing]) -> Result<(), Stop> {
    if i32::try_from(missing.len()).unwrap_or(i32::MAX) > run.max_removals {
        return Err(Stop::Fails("REMOVALS_OVER_LIMIT", Vec::new()));
    }
    Ok(())
}

/// Who teaches the classes that these lines are about, or say whom of.
fn teachers(survey: &Survey, lines: &[&Line]) -> Vec<String> {
    let classes = lines.iter().filter_map(|line| match &line.body {
        Body::Class { .. } => Some(&line.key),
        Body::Seat { class, part: Part::Teacher { is_primary: true }, .. } => Some(class),
        _ => None,
    });
    classes.filter_map(|class| survey.teachers.get(class)).filter(|key| !key.contains('\0')).cloned().collect()
}

/// Plans a batch.
async fn plan(asker: &Asker<'_>, ledger: &mut Ledger, survey: &Survey, batch: &[Parsed], entity: RosterEntity) -> Result<Plan, Stop> {
    let lines: Vec<&Line> = batch.iter().filter_map(|parsed| parsed.as_ref().ok()).collect();
    asker.look(ledger, &lines, &teachers(survey, &lines)).await?;
    let mut plan = Plan::default();
    for parsed in batch {
        match parsed {
            Ok(line) => plan.line(ledger, survey, line),
            Err(issue) => {
                plan.issues.push(issue.clone());
                plan.outcomes.push((entity, Outcome::Rejected));
            }
        }
    }
    Ok(plan)
}

/// What the lines of a batch are about: all the same.
fn entity_of(survey: &Survey, batch: &[Parsed]) -> RosterEntity {
    let named = |file: &str| survey.sheets.iter().find(|(def, _)| def.file == file).map(|(def, _)| def.entity);
    let first = batch.first().and_then(|parsed| match parsed {
        Ok(line) => Some(line.entity),
        Err(issue) => named(&issue.file),
    });
    first.unwrap_or(RosterEntity::User)
}

/// What a dry run has to tell: as much as `app.step_import` keeps, and of the rest how much there is.
#[derive(Default)]
struct Told {
    first: Vec<Issue>,
    more: usize,
}

impl Told {
    fn add(&mut self, issues: impl IntoIterator<Item = Issue>) {
        for issue in issues {
            if self.first.len() < KEPT {
                self.first.push(issue);
            } else {
                self.more += 1;
            }
        }
    }

    fn json(&self) -> Vec<Value> {
        self.first.iter().map(Issue::json).chain(std::iter::repeat_n(Value::Null, self.more)).collect()
    }
}

/// Does it, and changes nothing: the same plans over one moment of the school.
async fn rehearse(job: &mut Job, run: &mut Run, survey: &Arc<Survey>, file: std::fs::File) -> Result<Arc<Tx>, Stop> {
    let tx = job.snapshot().await?;
    let (mut ledger, mut told) = (Ledger::default(), Told::default());
    run.counts = Counts::default();
    {
        let (source, notify) = (run.source.clone(), run.notify);
        let asker = Asker { tx: &tx, source: &source, is_rehearsal: true, notify };
        if asker.begin(&mut ledger).await?.is_none() {
            return Err(Stop::Fails("IMPORTER_GONE", Vec::new()));
        }
        asker.room(&mut ledger).await?;
        if run.remove_missing {
            check_removals(run, &removals::missing(&asker, &ledger, survey).await?)?;
        }
        let mut batches = reader::start(file, run.format, survey.clone(), 0);
        while let Some(batch) = batches.recv().await {
            let batch = batch?;
            let plan = plan(&asker, &mut ledger, survey, &batch, entity_of(survey, &batch)).await?;
            run.count(&plan);
            told.add(plan.issues);
        }
        if run.remove_missing {
            let missing = removals::missing(&asker, &ledger, survey).await?;
            for some in missing.chunks(reader::BATCH) {
                let plan = removals::plan(&asker, &mut ledger, some).await?;
                run.count(&plan);
                told.add(plan.issues);
            }
            told.add(removals::impossible(survey));
        }
    }
    tx.end_read();
    run.done = run.total;
    let tx = job.begin().await?;
    run.step_on(&tx, told.json()).await?;
    Ok(tx)
}

async fn perform(job: &mut Job, run: &mut Run, survey: &Arc<Survey>, file: std::fs::File) -> Result<Arc<Tx>, Stop> {
    if run.remove_missing && run.done == 0 {
        let tx = job.begin().await?;
        let mut ledger = Ledger::default();
        let missing = {
            let asker = run.asker(&tx);
            asker.begin(&mut ledger).await?;
            removals::missing(&asker, &ledger, survey).await?
        };
        tx.end_read();
        check_removals(run, &missing)?;
    }
    let mut batches = reader::start(file, run.format, survey.clone(), run.done);
    while let Some(batch) = batches.recv().await {
        let batch = batch?;
        do_batch(job, run, survey, &batch).await?;
    }
    if run.remove_missing {
        let tx = job.begin().await?;
        let mut ledger = Ledger::default();
        let missing = {
            let asker = run.asker(&tx);
            asker.begin(&mut ledger).await?;
            removals::missing(&asker, &ledger, survey).await?
        };
        tx.end_read();
        for some in missing.chunks(reader::BATCH) {
            remove(job, run, some).await?;
        }
    }
    let tx = job.begin().await?;
    let told: Vec<Issue> = removals::impossible(survey).filter(|_| run.remove_missing).into_iter().collect();
    run.step(&tx, &told).await?;
    Ok(tx)
}

/// Why the database refused a line, by the rule that did.
fn refusal(unwritten: &Unwritten) -> Option<(Option<&'static str>, &'static str, &'static str)> {
    let Unwritten::Refused(error) = unwritten else {
        return Some((None, "MISSING_PERMISSION", "This is not yours to change."));
    };
    if error.is_row_security() {
        return Some((None, "MISSING_PERMISSION", "This is not yours to change."));
    }
    Some(match error.constraint()? {
        "app_user_email_key" | "app_user_address_key" => (Some("email"), "EMAIL_TAKEN", "Somebody else in this school has this address."),
        "tenant_max_users" => (None, "LIMIT_REACHED", "The school's plan allows no more people."),
        "tenant_max_instructors" => (None, "LIMIT_REACHED", "The school's plan allows no more instructors."),
        "tenant_last_admin" => (None, "LAST_ADMIN", "This is the school's last active administrator."),
        "course_seats" => (Some("classSourcedId"), "COURSE_FULL", "All seats of this course are taken."),
        "enrollment_course_published" => (Some("classSourcedId"), "COURSE_NOT_PUBLISHED", "Only a published course takes people in."),
        "enrollment_course_deleted" | "person_deleted" | "enrollment_once_key" => (None, "UNKNOWN_REFERENCE", "It has gone meanwhile."),
        "job_lease" => return None,
        _ => (None, "BAD_VALUE", "The school's rules refuse this line."),
    })
}

/// Does a batch; where the database refuses it, line by line, so that only those are rejected that it is about.
async fn do_batch(job: &mut Job, run: &mut Run, survey: &Survey, batch: &[Parsed]) -> Result<(), Stop> {
    let mut waiting: Vec<&[Parsed]> = vec![batch];
    let mut tries = 0;
    while let Some(lines) = waiting.pop() {
        let tx = job.begin().await?;
        let before = (run.done, run.counts.clone());
        match try_lines(&tx, run, survey, lines).await? {
            Ok(()) => {
                job.step(tx).await?;
                tries = 0;
            }
            Err(unwritten) => {
                drop(tx);
                (run.done, run.counts) = before;
                let is_race = matches!(&unwritten, Unwritten::Refused(error) if error.is_retryable());
                if is_race && tries < TRIES {
                    tries += 1;
                    waiting.push(lines);
                } else if let (Unwritten::Refused(error), true) = (&unwritten, is_race || refusal(&unwritten).is_none()) {
                    return Err(Stop::Attempt(error.clone().into()));
                } else if lines.len() > 1 {
                    waiting.extend(lines.chunks(1).rev());
                } else {
                    reject(job, run, survey, lines, &unwritten).await?;
                }
            }
        }
    }
    Ok(())
}

/// Plans and writes some lines, in a transaction that is still to be committed.
async fn try_lines(tx: &Tx, run: &mut Run, survey: &Survey, lines: &[Parsed]) -> Result<Result<(), Unwritten>, Stop> {
    let mut ledger = Ledger::default();
    let entity = entity_of(survey, lines);
    let plan = {
        let asker = run.asker(tx);
        if asker.begin(&mut ledger).await?.is_none() {
            return Err(Stop::Fails("IMPORTER_GONE", Vec::new()));
        }
        if entity == RosterEntity::User {
            asker.room(&mut ledger).await?;
        }
        plan(&asker, &mut ledger, survey, lines, entity).await?
    };
    if let Err(unwritten) = apply(tx, &run.source, &ledger, &plan.changes).await {
        return Ok(Err(unwritten));
    }
    run.count(&plan);
    run.done += i32::try_from(lines.len()).unwrap_or(i32::MAX);
    run.step(tx, &plan.issues).await?;
    Ok(Ok(()))
}

/// Rejects a line that the database has refused.
async fn reject(job: &mut Job, run: &mut Run, survey: &Survey, lines: &[Parsed], unwritten: &Unwritten) -> Result<(), Stop> {
    let (column, reason, message) = refusal(unwritten).unwrap_or((None, "BAD_VALUE", "The school's rules refuse this line."));
    let issues: Vec<Issue> = lines
        .iter()
        .filter_map(|parsed| parsed.as_ref().ok())
        .map(|line| line.issue(IssueSeverity::Error, (column, reason, message.to_owned())))
        .collect();
    run.counts.add(entity_of(survey, lines), Outcome::Rejected);
    run.done += 1;
    let tx = job.begin().await?;
    run.step(&tx, &issues).await?;
    Ok(job.step(tx).await?)
}

/// Removes some of what is missing.
async fn remove(job: &mut Job, run: &mut Run, some: &[Missing]) -> Result<(), Stop> {
    let mut waiting: Vec<&[Missing]> = vec![some];
    let mut tries = 0;
    while let Some(some) = waiting.pop() {
        let tx = job.begin().await?;
        let mut ledger = Ledger::default();
        let before = run.counts.clone();
        let plan = {
            let asker = run.asker(&tx);
            if asker.begin(&mut ledger).await?.is_none() {
                return Err(Stop::Fails("IMPORTER_GONE", Vec::new()));
            }
            removals::plan(&asker, &mut ledger, some).await?
        };
        match apply(&tx, &run.source, &ledger, &plan.changes).await {
            Ok(()) => {
                run.count(&plan);
                run.step(&tx, &plan.issues).await?;
                job.step(tx).await?;
                tries = 0;
            }
            Err(unwritten) => {
                drop(tx);
                run.counts = before;
                let is_race = matches!(&unwritten, Unwritten::Refused(error) if error.is_retryable());
                if is_race && tries < TRIES {
                    tries += 1;
                    waiting.push(some);
                } else if let (Unwritten::Refused(error), true) = (&unwritten, is_race || refusal(&unwritten).is_none()) {
                    return Err(Stop::Attempt(error.clone().into()));
                } else if some.len() > 1 {
                    waiting.extend(some.chunks(1).rev());
                } else if let Some(one) = some.first() {
                    // The column that is at fault is one of a line, and there is none.
                    let (_, reason, message) = refusal(&unwritten).unwrap_or((None, "BAD_VALUE", "It can't be removed."));
                    let issue = one.issue((None, reason, message.to_owned()));
                    run.counts.add(one.entity, Outcome::Rejected);
                    let tx = job.begin().await?;
                    run.step(&tx, &[issue]).await?;
                    job.step(tx).await?;
                }
            }
        }
    }
    Ok(())
}
