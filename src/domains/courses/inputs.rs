//! What the mutations of courses take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{DateTime, text},
};
use lectern_macros::writes;
use url::Url;

use super::Course;

/// A course to be created, as a draft.
#[writes(Course)]
pub struct CreateCourseInput {
    /// The name shown in the catalogue; 1 to 200 characters, not necessarily unique.
    #[check(text::name)]
    pub title: String,
    /// What it is about; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// Who teaches it. Left out: you. Anybody else, an instructor of the school, or explicitly nobody needs COURSE_UPDATE_ALL.
    #[by_hand]
    pub instructor_id: MaybeUndefined<ID>,
    /// How many seats it has, 1 to 1,000,000; null for any number.
    #[check(capacity)]
    pub capacity: Option<i32>,
    /// A secret that people need to enroll themselves; 1 to 200 characters. It can't be read back.
    #[check(text::name)]
    pub enrollment_key: Option<String>,
    /// Words to find it by; at most 20, each 1 to 40 characters, kept in lower case.
    #[check(text::tags)]
    pub tags: Option<Vec<String>>,
}

/// A change of a course. What is left out stays as it is; an explicit null clears.
#[writes(Course)]
pub struct UpdateCourseInput {
    /// The course.
    #[by_hand]
    pub id: ID,
    /// A new title; 1 to 200 characters.
    #[check(text::name)]
    pub title: MaybeUndefined<String>,
    /// A new description; at most 10,000 characters; null for none.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// Who teaches it from now on; null for nobody. Needs COURSE_UPDATE_ALL unless it is you.
    #[by_hand]
    pub instructor_id: MaybeUndefined<ID>,
    /// How many seats it has, no fewer than are taken; null for any number.
    #[check(capacity)]
    pub capacity: MaybeUndefined<i32>,
    /// A new secret for enrolling oneself; null for none.
    #[check(text::name)]
    pub enrollment_key: MaybeUndefined<String>,
    /// New tags in place of the old; null for none.
    #[check(text::tags)]
    pub tags: MaybeUndefined<Vec<String>>,
    /// What stands below its title; 1 to 200 characters; null for nothing.
    #[check(text::name)]
    pub subtitle: MaybeUndefined<String>,
    /// Its code, unique in the school: 1 to 40 of A–Z, 0–9 and `-`; null for none.
    #[check(code)]
    pub code: MaybeUndefined<String>,
    /// A film that introduces it: an https address of at most 2,000 characters; null for none.
    #[check(https_url)]
    pub intro_video_url: MaybeUndefined<String>,
    /// How long that film takes, 1 to 86,400.
    #[check(media_seconds)]
    pub intro_video_seconds: MaybeUndefined<i32>,
    /// The picture that stands for the film: a file of yours, or with FILE_MANAGE any; null for none.
    #[by_hand]
    pub intro_video_poster_id: MaybeUndefined<ID>,
    /// Whether it is shown to nobody but its staff, the people who are or were enrolled in it, and ENROLLMENT_READ_ALL.
    pub is_private: MaybeUndefined<bool>,
    /// Whether learners enroll themselves.
    pub self_enroll: MaybeUndefined<bool>,
    /// Whether its lessons open one after the other.
    pub is_sequential: MaybeUndefined<bool>,
    /// How many days an enrollment gives access, 1 to 3,650; null for any number. Enrollments follow, but for those that were extended by hand.
    #[check(days)]
    pub access_days: MaybeUndefined<i32>,
    /// When enrollments end to give access; null for never. Enrollments follow, but for those that were extended by hand.
    pub access_until: MaybeUndefined<DateTime>,
}

/// People who are to teach a course together with its owner.
#[derive(InputObject)]
pub struct AddCourseInstructorsInput {
    /// The course.
    pub course_id: ID,
    /// Instructors of the school; at most 20 beside the owner, each once.
    pub user_ids: Vec<ID>,
}

/// People who are not to teach a course any more.
#[derive(InputObject)]
pub struct RemoveCourseInstructorsInput {
    /// The course.
    pub course_id: ID,
    /// Some of those who teach it together with its owner, each once.
    pub user_ids: Vec<ID>,
}

/// A course that is to be copied.
#[derive(InputObject)]
pub struct DuplicateCourseInput {
    /// The course; one that you are staff of.
    pub id: ID,
    /// The copy's title; 1 to 200 characters; the original's unless given.
    pub title: Option<String>,
    /// Whether the copy is the next version of its series; false unless given.
    pub as_new_version: Option<bool>,
    /// By how many days of 24 hours all dates are moved, -3,650 to 3,650; 0 unless given.
    pub shift_days: Option<i32>,
}

/// A section to be added at the end of a course.
#[derive(InputObject)]
pub struct CreateSectionInput {
    /// The course.
    pub course_id: ID,
    /// Its name; 1 to 200 characters.
    pub title: String,
}

/// A change of a section.
#[derive(InputObject)]
pub struct UpdateSectionInput {
    /// The section.
    pub id: ID,
    /// Its new name; 1 to 200 characters.
    pub title: String,
}

/// A new order of a course's sections.
#[derive(InputObject)]
pub struct ReorderSectionsInput {
    /// The course.
    pub course_id: ID,
    /// All of the course's sections, each once, in their new order.
    pub section_ids: Vec<ID>,
}

/// A code: 1 to 40 of A–Z, 0–9 and `-`.
fn code(field: &str, code: &str) -> Result<String> {
    let code = code.trim();
    let is_code = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '-';
    if (1..=40).contains(&code.len()) && code.chars().all(is_code) {
        Ok(code.to_owned())
    } else {
        Err(Error::bad_input(field, "must have 1 to 40 characters out of A–Z, 0–9 and `-`"))
    }
}

/// Days: 1 to 3,650.
pub fn days(field: &str, days: &i32) -> Result<i32> {
    if (1..=3650).contains(days) { Ok(*days) } else { Err(Error::bad_input(field, "must be between 1 and 3650")) }
}

/// How long something plays: 1 to 86,400 seconds.
pub fn media_seconds(field: &str, seconds: &i32) -> Result<i32> {
    if (1..=86_400).contains(seconds) { Ok(*seconds) } else { Err(Error::bad_input(field, "must be between 1 and 86400")) }
}

/// An https address: at most 2,000 characters, without user or password. It is never fetched by the service.
pub fn https_url(field: &str, url: &str) -> Result<String> {
    const EXPECTED: &str = "must be an https address of at most 2000 characters, without user and password";
    let read = Url::parse(url.trim()).ok().filter(|url| {
        url.scheme() == "https"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.as_str().chars().count() <= 2000
    });
    read.map(String::from).ok_or_else(|| Error::bad_input(field, EXPECTED))
}

/// Seats: 1 to 1,000,000.
fn capacity(field: &str, seats: &i32) -> Result<i32> {
    if (1..=1_000_000).contains(seats) {
        Ok(*seats)
    } else {
        Err(Error::bad_input(field, "must be between 1 and 1000000, or null for any number"))
    }
}

#[cfg(test)]
mod tests {
    use super::{code, https_url};

    #[test]
    fn an_address_is_https_and_names_nobody() {
        assert_eq!(https_url("url", " https://Example.org/a b ").unwrap(), "https://example.org/a%20b");
        for bad in [
            "",
            "http://example.org",
            "https://",
            "https://ada@example.org",
            "https://:x@example.org",
            "javascript:alert(1)",
            "//example.org",
            "example.org",
        ] {
            assert!(https_url("url", bad).is_err(), "{bad}");
        }
        assert!(https_url("url", &format!("https://example.org/{}", "a".repeat(2000))).is_err());
    }

    #[test]
    fn a_code_is_upper_case() {
        assert_eq!(code("code", " MATH-101 ").unwrap(), "MATH-101");
        for bad in ["", " ", "math", "MATH 101", "MÄTH", &"A".repeat(41)] {
            assert!(code("code", bad).is_err(), "{bad}");
        }
    }
}
