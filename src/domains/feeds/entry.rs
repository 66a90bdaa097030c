//! A booking as a calendar shows it.

use jiff::Timestamp;
use lectern_kernel::{
    db::{ColumnReader, DbError},
    ids::Id,
};
use tokio_postgres::Row;

use crate::domains::{
    bookings::{Booking, BookingStatus},
    mail::Language,
};

/// What stands in a calendar of a booking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The booking.
    pub booking: Id<Booking>,
    /// Where it stands.
    pub status: BookingStatus,
    /// When it begins.
    pub starts_at: Timestamp,
    /// When it ends.
    pub ends_at: Timestamp,
    /// How often its state or its time has changed.
    pub revision: i32,
    /// When it changed last.
    pub changed_at: Timestamp,
    /// What it is, where it is anything in particular.
    pub title: Option<String>,
    /// Where.
    pub location: Option<String>,
    /// With what and with whom, in order.
    pub facts: Vec<(Fact, String)>,
}

/// What a line of the description is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The course.
    Course,
    /// The instructor.
    Instructor,
    /// The learner.
    Learner,
    /// What is booked beside people.
    Resources,
}

impl Fact {
    /// In the words of a language.
    pub fn word(self, language: Language) -> &'static str {
        match (language, self) {
            (Language::English, Fact::Course) => "Course",
            (Language::English, Fact::Instructor) => "Instructor",
            (Language::English, Fact::Learner) => "Learner",
            (Language::English, Fact::Resources) => "Resources",
            (Language::German, Fact::Course) => "Kurs",
            (Language::German, Fact::Instructor) => "Lehrkraft",
            (Language::German, Fact::Learner) => "Lernende:r",
            (Language::German, Fact::Resources) => "Ressourcen",
        }
    }
}

impl Entry {
    /// Reads the columns of [`super::sql::entries`].
    pub fn read(row: &Row) -> Result<Entry, DbError> {
        let mut reader = ColumnReader::new(row);
        let (booking, status, starts_at, ends_at) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
        let (revision, changed_at) = (reader.next()?, reader.next()?);
        let (kind, course): (Option<String>, Option<String>) = (reader.next()?, reader.next()?);
        let (place, learner, instructor): (Option<String>, Option<String>, Option<String>) =
            (reader.next()?, reader.next()?, reader.next()?);
        let (resources, places): (Option<String>, Option<String>) = (reader.next()?, reader.next()?);
        let title = kind.or_else(|| course.clone());
        let facts = [(Fact::Course, course), (Fact::Instructor, instructor), (Fact::Learner, learner), (Fact::Resources, resources)];
        let facts = facts.into_iter().filter_map(|(fact, text)| Some((fact, text?))).collect();
        Ok(Entry { booking, status, starts_at, ends_at, revision, changed_at, title, location: place.or(places), facts })
    }
}
