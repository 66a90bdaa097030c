//! What somebody's work in a lesson is worth.

use std::collections::HashMap;

use async_graphql::{Context, dataloader::Loader};
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Loaded, Rows},
};
use lectern_macros::{object, resolvers};

use super::sql;
use crate::domains::{enrollments::Enrollment, lessons::Lesson};

/// What somebody's work in a graded lesson is worth: the best of what they have handed in counts, less its penalty; a quiz by its `attemptGrading`, in
/// percent. What is held shows to those who grade the course and to GRADE_READ_ALL alone.
#[object(resolvers)]
#[derive(Debug, Clone)]
pub struct Grade {
    #[hidden]
    pub lesson_id: Id<Lesson>,
    /// How much of the whole it is, 0 to 100, to two places; null for none.
    pub percent: Option<f64>,
    /// The points, less the penalty; null for none.
    pub points: Option<f64>,
    /// How many points there are.
    pub max_points: f64,
    /// What the lesson weighs among the graded lessons of the course.
    pub weight: f64,
    /// Whether what counts was handed in late.
    pub is_late: bool,
    /// Whether the time for it is over, and nothing was handed in.
    pub is_missing: bool,
    /// Whether it counts: a grade that is held does not, until it is released.
    pub is_released: bool,
}

#[resolvers]
impl Grade {
    /// The lesson.
    async fn lesson(&self, ctx: &Context<'_>) -> Result<Loaded<Lesson>> {
        ctx.whole(self.lesson_id).await?.ok_or_else(|| Error::not_found("lesson"))
    }
}

impl Grade {
    fn read(reader: &mut ColumnReader<'_>) -> Result<Self, DbError> {
        Ok(Grade {
            lesson_id: reader.next()?,
            percent: reader.next()?,
            points: reader.next()?,
            max_points: reader.next()?,
            weight: reader.next()?,
            is_late: reader.next()?,
            is_missing: reader.next()?,
            is_released: reader.next()?,
        })
    }
}

/// The grades of an enrollment, in the order of its lessons; absent where the viewer may not see them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct GradesOf(pub Id<Enrollment>);

impl Loader<GradesOf> for Batch {
    type Value = Vec<Grade>;
    type Error = Error;

    async fn load(&self, keys: &[GradesOf]) -> Result<HashMap<GradesOf, Vec<Grade>>> {
        let enrollments: Vec<Id<Enrollment>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<GradesOf, Vec<Grade>> = HashMap::new();
        for row in &self.tx.query(sql::GRADES, &[&enrollments]).await? {
            let mut reader = ColumnReader::new(row);
            let of = GradesOf(reader.next()?);
            found.entry(of).or_default().push(Grade::read(&mut reader)?);
        }
        Ok(found)
    }
}

/// The viewer's own grade of a lesson; absent where they are not enrolled, and where it is not graded.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnGradeOf(pub Id<Lesson>);

impl Loader<OwnGradeOf> for Batch {
    type Value = Grade;
    type Error = Error;

    async fn load(&self, keys: &[OwnGradeOf]) -> Result<HashMap<OwnGradeOf, Grade>> {
        let lessons: Vec<Id<Lesson>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::OWN_GRADES, &[&lessons]).await?;
        let read = |row| Grade::read(&mut ColumnReader::new(row)).map(|grade| (OwnGradeOf(grade.lesson_id), grade)).map_err(Error::from);
        rows.iter().map(read).collect()
    }
}

/// The two grades of an enrollment.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Totals {
    /// The weighted mean of released grades.
    pub current: Option<f64>,
    /// The same with missing ones as 0.
    pub final_grade: Option<f64>,
}

/// The two grades of an enrollment; absent where nothing in its course is graded, and where the viewer may not see them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TotalsOf(pub Id<Enrollment>);

impl Loader<TotalsOf> for Batch {
    type Value = Totals;
    type Error = Error;

    async fn load(&self, keys: &[TotalsOf]) -> Result<HashMap<TotalsOf, Totals>> {
        let enrollments: Vec<Id<Enrollment>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::ENROLLMENT_GRADES, &[&enrollments]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((TotalsOf(reader.next()?), Totals { current: reader.next()?, final_grade: reader.next()? }))
        };
        rows.iter().map(read).collect()
    }
}
