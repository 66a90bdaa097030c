//! What of assignments and submissions is computed or may be held, many in one statement.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use jiff::Timestamp;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, DateTime},
};

use super::{
    Assignment, Submission, sql,
    submission::{RubricScore, SubmissionEvent},
};
use crate::domains::{files::File, identity::User};

/// What of a submission is computed or may be held.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    /// Whether it is late.
    pub is_late: bool,
    /// What that costs.
    pub penalty_percent: f64,
    /// As they were given.
    pub points: Option<f64>,
    /// Less the penalty.
    pub final_points: Option<f64>,
    /// Of the whole.
    pub percent: Option<f64>,
    /// Whether it reaches the pass mark.
    pub is_passed: Option<bool>,
    /// With the grade, or when it was given back.
    pub feedback: Option<String>,
    /// When it was graded.
    pub graded_at: Option<DateTime>,
    /// By whom.
    pub graded_by: Option<Id<User>>,
    /// When it was released.
    pub released_at: Option<DateTime>,
    /// For graders.
    pub version: Option<i32>,
}

/// The marks of a submission, as the viewer may see them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct MarksOf(pub Id<Submission>);

impl Loader<MarksOf> for Batch {
    type Value = Marks;
    type Error = Error;

    async fn load(&self, keys: &[MarksOf]) -> Result<HashMap<MarksOf, Marks>> {
        let submissions: Vec<Id<Submission>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::with_capacity(keys.len());
        for row in &self.tx.query(sql::MARKS, &[&submissions]).await? {
            let mut reader = ColumnReader::new(row);
            let of = MarksOf(reader.next()?);
            let marks = Marks {
                is_late: reader.next()?,
                penalty_percent: reader.next()?,
                points: reader.next()?,
                final_points: reader.next()?,
                percent: reader.next()?,
                is_passed: reader.next()?,
                feedback: reader.next()?,
                graded_at: reader.next::<Option<Timestamp>>()?.map(DateTime),
                graded_by: reader.next()?,
                released_at: reader.next::<Option<Timestamp>>()?.map(DateTime),
                version: reader.next()?,
            };
            found.insert(of, marks);
        }
        Ok(found)
    }
}

/// Whether the viewer may grade a submission or give it back; absent where not.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OpenToGrader(pub Id<Submission>);

impl Loader<OpenToGrader> for Batch {
    type Value = ();
    type Error = Error;

    async fn load(&self, keys: &[OpenToGrader]) -> Result<HashMap<OpenToGrader, ()>> {
        let submissions: Vec<Id<Submission>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::OPEN_TO_GRADER, &[&submissions]).await?;
        rows.iter().map(|row| Ok((OpenToGrader(ColumnReader::new(row).next()?), ()))).collect()
    }
}

/// The files of a submission.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FilesOf(pub Id<Submission>);

impl Loader<FilesOf> for Batch {
    type Value = Vec<Id<File>>;
    type Error = Error;

    async fn load(&self, keys: &[FilesOf]) -> Result<HashMap<FilesOf, Vec<Id<File>>>> {
        let submissions: Vec<Id<Submission>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<FilesOf, Vec<Id<File>>> = HashMap::new();
        for row in &self.tx.query(sql::FILES, &[&submissions]).await? {
            let mut reader = ColumnReader::new(row);
            found.entry(FilesOf(reader.next()?)).or_default().push(reader.next()?);
        }
        Ok(found)
    }
}

/// What the criteria of the rubric gave a submission.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ScoresOf(pub Id<Submission>);

impl Loader<ScoresOf> for Batch {
    type Value = Vec<RubricScore>;
    type Error = Error;

    async fn load(&self, keys: &[ScoresOf]) -> Result<HashMap<ScoresOf, Vec<RubricScore>>> {
        let submissions: Vec<Id<Submission>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<ScoresOf, Vec<RubricScore>> = HashMap::new();
        for row in &self.tx.query(sql::RUBRIC_SCORES, &[&submissions]).await? {
            let mut reader = ColumnReader::new(row);
            let of = ScoresOf(reader.next()?);
            let score = RubricScore { criterion_id: reader.next()?, points: reader.next()?, comment: reader.next()? };
            found.entry(of).or_default().push(score);
        }
        Ok(found)
    }
}

/// What has become of a submission.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HistoryOf(pub Id<Submission>);

impl Loader<HistoryOf> for Batch {
    type Value = Vec<SubmissionEvent>;
    type Error = Error;

    async fn load(&self, keys: &[HistoryOf]) -> Result<HashMap<HistoryOf, Vec<SubmissionEvent>>> {
        let submissions: Vec<Id<Submission>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<HistoryOf, Vec<SubmissionEvent>> = HashMap::new();
        for row in &self.tx.query(sql::HISTORY, &[&submissions]).await? {
            let mut reader = ColumnReader::new(row);
            let of = HistoryOf(reader.next()?);
            let event = SubmissionEvent {
                at: DateTime(reader.next()?),
                kind: reader.next()?,
                points: reader.next()?,
                feedback: reader.next()?,
                by_id: reader.next()?,
            };
            found.entry(of).or_default().push(event);
        }
        Ok(found)
    }
}

/// What an assignment still asks of the viewer.
#[derive(Debug, Clone, Copy, Default)]
pub struct OwnAssignment {
    /// When their work is due.
    pub due_at: Option<DateTime>,
    /// How often they may still hand in; none: as often as they like.
    pub attempts_left: Option<i32>,
}

/// What an assignment still asks of the viewer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnAssignmentOf(pub Id<Assignment>);

impl Loader<OwnAssignmentOf> for Batch {
    type Value = OwnAssignment;
    type Error = Error;

    async fn load(&self, keys: &[OwnAssignmentOf]) -> Result<HashMap<OwnAssignmentOf, OwnAssignment>> {
        let assignments: Vec<Id<Assignment>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::OWN_ASSIGNMENTS, &[&assignments]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            let of = OwnAssignmentOf(reader.next()?);
            let due_at = reader.next::<Option<Timestamp>>()?.map(DateTime);
            Ok((of, OwnAssignment { due_at, attempts_left: reader.next()? }))
        };
        rows.iter().map(read).collect()
    }
}
