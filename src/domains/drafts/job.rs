//! Drafting: all calls to the model first, then everything that it drafted in one transaction, by the rights of who asked.

use std::time::Duration;

use futures_util::future::BoxFuture;
use lectern_kernel::{
    db::{ColumnReader, DbError},
    jobs::{Done, Failure, Job, JobKind, JobLane},
    permission::Permission,
};
use serde::Deserialize;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::{
    GenerationKind,
    asking::{Asker, Ended, Place},
    prompts::{self, Brief, Work},
    shapes, sql, writing,
};
use crate::domains::{
    answers::Endpoint,
    knowledge::{Among, Passage, retrieve},
};

/// Drafts what was asked for.
pub const RUN: JobKind =
    JobKind { attempts: 3, limit: Duration::from_secs(3 * 3600), ..JobKind::new("generation.run", JobLane::Bulk, run) };

/// Tokens of an outline, of a section, of a judgement.
const OUTLINE_TOKENS: i32 = 4000;
const SECTION_TOKENS: i32 = 8000;
const JUDGEMENT_TOKENS: i32 = 2000;
/// Passages that a call is given.
const PASSAGES: i64 = 6;

#[derive(Deserialize)]
struct Payload {
    generation: Uuid,
}

/// What was asked for.
struct Terms {
    kind: GenerationKind,
    model: String,
    brief: Brief,
    bases: Vec<Uuid>,
    overwrites: bool,
    course: Option<Uuid>,
    section: Option<Uuid>,
    submission: Option<Uuid>,
    maximum: f64,
    silence: Duration,
    hosts: Vec<String>,
}

/// What came of it, to be written with its end.
enum Made {
    Course(serde_json::Value, Vec<Uuid>),
    Section(serde_json::Value),
    Grade(shapes::Judgement),
}

fn run(mut job: Job) -> BoxFuture<'static, Result<Done, Failure>> {
    Box::pin(async move {
        let Payload { generation } = job.payload()?;
        let of_job = job.id;
        let tx = job.begin().await?;
        if tx.value::<bool>(sql::TAKE, &[&generation, &of_job]).await? != Some(true) {
            // It was called off, has ended, or is another job's; a worker that is gone settles nothing.
            tx.query(sql::FREE, &[&generation]).await?;
            return job.finish(tx).await;
        }
        job.step(tx).await?;
        let ended = match drafted(&mut job, generation).await? {
            Ok((terms, made)) => return write(job, generation, terms, made).await,
            Err(ended) => ended,
        };
        end(job, generation, ended).await
    })
}

/// Ends a generation without what was asked for.
async fn end(mut job: Job, generation: Uuid, ended: Ended) -> Result<Done, Failure> {
    let tx = job.begin().await?;
    if let Ended::Failed(reason) = ended {
        tx.query(sql::END, &params_of_end(&generation, &"FAILED", &Some(reason))).await?;
    }
    job.finish(tx).await
}

fn params_of_end<'a>(generation: &'a Uuid, state: &'a &'static str, reason: &'a Option<&'static str>) -> [&'a (dyn ToSql + Sync); 8] {
    const NONE: Option<Uuid> = None;
    const NUMBER: Option<f64> = None;
    const TEXT: Option<&str> = None;
    [generation, state, reason, &NONE, &NONE, &NUMBER, &NUMBER, &TEXT]
}

async fn terms(job: &mut Job, generation: Uuid) -> Result<Result<Terms, Ended>, Failure> {
    let tx = job.begin().await?;
    let rows = tx.query(sql::TERMS, &[&generation]).await?;
    let Some(row) = rows.first() else { return Ok(Err(Ended::Failed("REQUESTER_GONE"))) };
    let mut reader = ColumnReader::new(row);
    let (kind, model): (GenerationKind, String) = (reader.next()?, reader.next()?);
    let topic: Option<String> = reader.next()?;
    let (audience, language, instructions) = (reader.next()?, reader.next()?, reader.next()?);
    let (sections, lessons, questions): (Option<i32>, Option<i32>, Option<i32>) = (reader.next()?, reader.next()?, reader.next()?);
    let brief = Brief {
        topic: topic.unwrap_or_default(),
        audience,
        language,
        instructions,
        sections,
        lessons: lessons.unwrap_or(3),
        questions: questions.unwrap_or(3),
    };
    let (bases, overwrites) = (reader.next()?, reader.next()?);
    let (course, section, submission) = (reader.next()?, reader.next()?, reader.next()?);
    let maximum: Option<f64> = reader.next()?;
    let (seconds, hosts): (i32, Vec<String>) = (reader.next()?, reader.next()?);
    let silence = Duration::from_secs(u64::try_from(seconds).unwrap_or(60));
    let maximum = maximum.unwrap_or_default();
    let terms = Terms { kind, model, brief, bases, overwrites, course, section, submission, maximum, silence, hosts };
    let obstacle = tx.value::<Option<String>>(sql::OBSTACLE, &[]).await?.flatten();
    Ok(if obstacle.is_some() { Err(Ended::Failed("NOT_ALLOWED_BY_POLICY")) } else { Ok(terms) })
}

/// Asks the model for all that is to be written.
async fn drafted(job: &mut Job, generation: Uuid) -> Result<Result<(Terms, Made), Ended>, Failure> {
    let Some(actor) = job.actor() else { return Ok(Err(Ended::Failed("REQUESTER_GONE"))) };
    let person = actor.user;
    let (creates, updates) =
        (actor.can(Permission::CourseCreate), actor.can(Permission::CourseUpdate) || actor.can(Permission::CourseUpdateAll));
    let grades = actor.can(Permission::GradeManage);
    let mut terms = match terms(job, generation).await? {
        Ok(terms) => terms,
        Err(ended) => return Ok(Err(ended)),
    };
    let may = match terms.kind {
        GenerationKind::Course => creates,
        GenerationKind::Section => updates,
        GenerationKind::Grade => grades,
    };
    if !may {
        return Ok(Err(Ended::Failed("PERMISSION_LOST")));
    }
    let tx = job.begin().await?;
    let endpoint = Endpoint::read(&tx, job.everything_outside()).await?;
    drop(tx);
    let Some(endpoint) = endpoint else { return Ok(Err(Ended::Failed("ASSISTANT_NOT_CONFIGURED"))) };
    let mut asker = Asker::begin(job, generation, person, terms.model.clone(), endpoint, terms.silence).await?;
    let made = match terms.kind {
        GenerationKind::Course => course(job, &mut asker, &terms).await?,
        GenerationKind::Section => section(job, &mut asker, &mut terms).await?,
        GenerationKind::Grade => grade(job, &mut asker, &terms).await?,
    };
    Ok(made.map(|made| (terms, made)))
}

/// Passages of the terms' bases that go with some words, of documents that the person reads; noted as what the draft goes by.
async fn passages(job: &mut Job, asker: &Asker, terms: &Terms, at: i32, words: &str) -> Result<Vec<Passage>, Failure> {
    if terms.bases.is_empty() || asker.has(at) {
        return Ok(Vec::new());
    }
    let tx = job.begin().await?;
    let found = retrieve(&tx, words, Among { bases: &terms.bases, documents: &[] }, None, PASSAGES).await?;
    if !found.is_empty() {
        let documents: Vec<Uuid> = found.iter().map(|passage| passage.document.0).collect();
        tx.query(sql::NOTE_SOURCES, &[&asker.generation, &documents]).await?;
        job.step(tx).await?;
    }
    Ok(found)
}

async fn course(job: &mut Job, asker: &mut Asker, terms: &Terms) -> Result<Result<Made, Ended>, Failure> {
    let brief = &terms.brief;
    let found = passages(job, asker, terms, 0, &brief.topic).await?;
    let wanted = brief.sections.and_then(|count| usize::try_from(count).ok());
    let place = Place { at: 0, schema: shapes::outline_schema(), tokens: OUTLINE_TOKENS };
    let outline = asker.ask(job, place, &prompts::outline(brief, &found), |answer| shapes::outline(answer, wanted, &terms.hosts)).await?;
    let outline = match outline {
        Ok(outline) => outline,
        Err(ended) => return Ok(Err(ended)),
    };
    let titles: Vec<String> = outline.sections.iter().map(|heading| heading.title.clone()).collect();
    let mut drafts = Vec::with_capacity(titles.len());
    for (nth, title) in titles.iter().enumerate() {
        let at = 2 + 2 * i32::try_from(nth).unwrap_or(i32::MAX / 4);
        let found = passages(job, asker, terms, at, &format!("{title} {}", brief.topic)).await?;
        let place = Place { at, schema: shapes::section_schema(), tokens: SECTION_TOKENS };
        let prompt = prompts::section(brief, &outline.title, &titles, nth, &found);
        match asker.ask(job, place, &prompt, |answer| shapes::section(answer, &terms.hosts)).await? {
            // The outline's title holds.
            Ok(draft) => drafts.push((Uuid::now_v7(), shapes::Draft { title: title.clone(), ..draft })),
            Err(ended) => return Ok(Err(ended)),
        }
    }
    let sections = drafts.iter().map(|(id, _)| *id).collect();
    Ok(Ok(Made::Course(writing::course(&outline, &drafts)?, sections)))
}

async fn section(job: &mut Job, asker: &mut Asker, terms: &mut Terms) -> Result<Result<Made, Ended>, Failure> {
    let Some(id) = terms.section else { return Ok(Err(Ended::Failed("COURSE_NOT_DRAFT"))) };
    let tx = job.begin().await?;
    let rows = tx.query(sql::SECTION, &[&id]).await?;
    let Some(row) = rows.first() else { return Ok(Err(Ended::Failed("PERMISSION_LOST"))) };
    let mut reader = ColumnReader::new(row);
    let (course, is_draft, title): (String, bool, String) = (reader.next()?, reader.next()?, reader.next()?);
    let (titles, is_edited): (Vec<String>, bool) = (reader.next()?, reader.next()?);
    let (lessons, questions): (i64, i64) = (reader.next()?, reader.next()?);
    drop(tx);
    if let Some(ended) = in_the_way(is_draft, is_edited, terms.overwrites) {
        return Ok(Err(ended));
    }
    terms.brief.topic = format!("{course}: {title}");
    terms.brief.lessons = i32::try_from(lessons.clamp(1, 20)).unwrap_or(3);
    terms.brief.questions = i32::try_from(questions.min(20)).unwrap_or(3);
    let nth = titles.iter().position(|one| *one == title).unwrap_or(0);
    let prompt = prompts::section(&terms.brief, &course, &titles, nth, &[]);
    let place = Place { at: 0, schema: shapes::section_schema(), tokens: SECTION_TOKENS };
    match asker.ask(job, place, &prompt, |answer| shapes::section(answer, &terms.hosts)).await? {
        Ok(draft) => Ok(Ok(Made::Section(writing::section(id, &draft)?))),
        Err(ended) => Ok(Err(ended)),
    }
}

fn in_the_way(is_draft: bool, is_edited: bool, overwrites: bool) -> Option<Ended> {
    if !is_draft {
        Some(Ended::Failed("COURSE_NOT_DRAFT"))
    } else if is_edited && !overwrites {
        Some(Ended::Failed("SECTION_EDITED"))
    } else {
        None
    }
}

async fn grade(job: &mut Job, asker: &mut Asker, terms: &Terms) -> Result<Result<Made, Ended>, Failure> {
    let Some(submission) = terms.submission else { return Ok(Err(Ended::Failed("NO_TEXT"))) };
    let tx = job.begin().await?;
    let rows = tx.query(sql::SUBMISSION, &[&submission]).await?;
    let Some(row) = rows.first() else { return Ok(Err(Ended::Failed("PERMISSION_LOST"))) };
    let mut reader = ColumnReader::new(row);
    let (title, task, text): (String, Option<String>, Option<String>) = (reader.next()?, reader.next()?, reader.next()?);
    let criteria = reader.next()?;
    drop(tx);
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else { return Ok(Err(Ended::Failed("NO_TEXT"))) };
    let work = Work { title, task, text, criteria, rubric: terms.brief.instructions.clone(), maximum: terms.maximum };
    let place = Place { at: 0, schema: shapes::judgement_schema(), tokens: JUDGEMENT_TOKENS };
    let made = asker.ask(job, place, &prompts::judgement(&work), |answer| shapes::judgement(answer, work.maximum, &terms.hosts)).await?;
    Ok(made.map(Made::Grade))
}

/// Writes what was drafted, and that the generation is done: both, or neither. What the person may not write any more ends it.
async fn write(mut job: Job, generation: Uuid, terms: Terms, made: Made) -> Result<Done, Failure> {
    let tx = job.begin().await?;
    let written = match written(tx, generation, &terms, &made).await {
        Ok(written) => written,
        Err(error) => match refused(&error) {
            Some(reason) => Err(Ended::Failed(reason)),
            None => return Err(error.into()),
        },
    };
    match written {
        Ok(tx) => job.finish(tx).await,
        Err(ended) => end(job, generation, ended).await,
    }
}

/// Why the database does not take a draft, where that is no accident.
fn refused(error: &DbError) -> Option<&'static str> {
    match error.constraint() {
        _ if error.is_row_security() => Some("PERMISSION_LOST"),
        Some("submission_assignment_fkey" | "quiz_attempt_quiz_fkey") => Some("IN_USE"),
        Some("lesson_count" | "lesson_position_check" | "question_count") => Some("OUTPUT_INVALID"),
        _ => None,
    }
}

type Open = std::sync::Arc<lectern_kernel::db::Tx>;

async fn written(tx: Open, generation: Uuid, terms: &Terms, made: &Made) -> Result<Result<Open, Ended>, DbError> {
    let (mut of_course, mut of_section): (Option<Uuid>, Option<Uuid>) = (None, None);
    let (mut points, mut maximum, mut feedback): (Option<f64>, Option<f64>, Option<&str>) = (None, None, None);
    match made {
        Made::Course(draft, sections) => {
            let id = Uuid::now_v7();
            tx.query(sql::WRITE_COURSE, &[&id, draft]).await?;
            tx.query(sql::NOTE_PROVENANCE, &[&generation, &id, sections, &true]).await?;
            of_course = Some(id);
        }
        Made::Section(draft) => {
            let (Some(course), Some(section)) = (terms.course, terms.section) else { return Ok(Err(Ended::Failed("PERMISSION_LOST"))) };
            tx.query(sql::LOCK_SECTION, &[&course, &section]).await?;
            let rows = tx.query(sql::SECTION, &[&section]).await?;
            let Some(row) = rows.first() else { return Ok(Err(Ended::Failed("PERMISSION_LOST"))) };
            let (is_draft, is_edited): (bool, bool) = (row.try_get(1)?, row.try_get(4)?);
            if let Some(ended) = in_the_way(is_draft, is_edited, terms.overwrites) {
                return Ok(Err(ended));
            }
            if tx.value::<bool>(sql::WRITE_SECTION, &[&course, &section, draft]).await? != Some(true) {
                return Ok(Err(Ended::Failed("PERMISSION_LOST")));
            }
            tx.query(sql::NOTE_PROVENANCE, &[&generation, &course, &vec![section], &false]).await?;
            of_section = Some(section);
        }
        Made::Grade(judgement) => {
            (points, maximum, feedback) = (Some(judgement.points), Some(terms.maximum), Some(judgement.feedback.as_str()));
        }
    }
    let reason: Option<&str> = None;
    let params: [&(dyn ToSql + Sync); 8] = [&generation, &"COMPLETED", &reason, &of_course, &of_section, &points, &maximum, &feedback];
    match tx.value::<bool>(sql::END, &params).await? {
        Some(true) => Ok(Ok(tx)),
        // It was called off at the last moment: nothing of it stays.
        _ => Ok(Err(Ended::Gone)),
    }
}
