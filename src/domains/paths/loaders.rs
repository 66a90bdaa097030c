//! What stands under paths and courses, read for many of them at once.

use std::collections::HashMap;

use async_graphql::dataloader::Loader;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::Batch,
};

use super::{LearningPath, path::PathCourse, prerequisite::CoursePrerequisite, sql};
use crate::domains::courses::Course;

/// The courses of a path, in their order, and how they stand for the viewer.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CoursesOf(pub Id<LearningPath>);

impl Loader<CoursesOf> for Batch {
    type Value = Vec<PathCourse>;
    type Error = Error;

    async fn load(&self, keys: &[CoursesOf]) -> Result<HashMap<CoursesOf, Vec<PathCourse>>> {
        let paths: Vec<Id<LearningPath>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<CoursesOf, Vec<PathCourse>> = HashMap::new();
        for row in &self.tx.query(sql::COURSES, &[&paths]).await? {
            let mut reader = ColumnReader::new(row);
            let path = reader.next()?;
            let (course_id, after_course_id) = (reader.next()?, reader.next()?);
            let (position, unlock, min_score) = (reader.next()?, reader.next()?, reader.next()?);
            let (is_locked, obstacle) = (reader.next()?, reader.next()?);
            let course = PathCourse { course_id, after_course_id, position, unlock, min_score, is_locked, obstacle };
            found.entry(CoursesOf(path)).or_default().push(course);
        }
        Ok(found)
    }
}

/// What a course asks for, in its order, and whether the viewer has it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PrerequisitesOf(pub Id<Course>);

impl Loader<PrerequisitesOf> for Batch {
    type Value = Vec<CoursePrerequisite>;
    type Error = Error;

    async fn load(&self, keys: &[PrerequisitesOf]) -> Result<HashMap<PrerequisitesOf, Vec<CoursePrerequisite>>> {
        let courses: Vec<Id<Course>> = keys.iter().map(|key| key.0).collect();
        let mut found: HashMap<PrerequisitesOf, Vec<CoursePrerequisite>> = HashMap::new();
        for row in &self.tx.query(sql::PREREQUISITES, &[&courses]).await? {
            let mut reader = ColumnReader::new(row);
            let course = reader.next()?;
            let (requires_id, min_grade, is_met) = (reader.next()?, reader.next()?, reader.next()?);
            found.entry(PrerequisitesOf(course)).or_default().push(CoursePrerequisite { requires_id, min_grade, is_met });
        }
        Ok(found)
    }
}

/// For which reasons the viewer would not be enrolled in a course now.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ObstaclesOf(pub Id<Course>);

impl Loader<ObstaclesOf> for Batch {
    type Value = Vec<String>;
    type Error = Error;

    async fn load(&self, keys: &[ObstaclesOf]) -> Result<HashMap<ObstaclesOf, Vec<String>>> {
        let courses: Vec<Id<Course>> = keys.iter().map(|key| key.0).collect();
        let rows = self.tx.query(sql::OBSTACLES, &[&courses]).await?;
        let read = |row| {
            let mut reader = ColumnReader::new(row);
            Ok((ObstaclesOf(reader.next()?), reader.next()?))
        };
        rows.iter().map(read).collect()
    }
}
