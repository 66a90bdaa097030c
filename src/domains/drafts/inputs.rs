//! What the mutations of drafts take, and its checks.

use async_graphql::{ID, InputObject};
use aws_lc_rs::digest::{SHA256, digest};
use lectern_kernel::{
    error::{Error, Result},
    resolve::text,
};
use serde_json::Value;

/// A course to be drafted.
#[derive(InputObject)]
pub struct GenerateCourseInput {
    /// What it is about; 1 to 500 characters.
    pub topic: String,
    /// Whom it is for; 1 to 200 characters.
    pub audience: Option<String>,
    /// The language that it is to be written in, in words; 1 to 100 characters. That of the topic unless given.
    pub language: Option<String>,
    /// How many sections it is to have, 1 to 30; as many as the model finds right unless given.
    pub section_count: Option<i32>,
    /// How many lessons each section is to have, 1 to 20; 3 unless given.
    pub lessons_per_section: Option<i32>,
    /// How many questions each section is to end with, 0 to 20; 3 unless given.
    pub questions_per_section: Option<i32>,
    /// What else is wanted; at most 10,000 characters.
    pub instructions: Option<String>,
    /// What it is to go by: knowledge bases that you see; at most 10.
    pub knowledge_base_ids: Option<Vec<ID>>,
    /// The model; one of those that the school allows. The school's default unless given.
    pub model: Option<String>,
    /// A name of yours for this request: 1 to 64 of A–Z, a–z, 0–9, `_` and `-`. The same again with the same content answers the same generation.
    pub client_request_id: String,
}

/// A section that is to be drafted anew.
#[derive(InputObject)]
pub struct RegenerateSectionInput {
    /// The section; of a draft.
    pub section_id: ID,
    /// What is wanted of it; at most 10,000 characters.
    pub instructions: Option<String>,
    /// Whether what people have written in it may be lost; false unless given.
    pub overwrites_edits: Option<bool>,
    /// A name of yours for this request, as `generateCourse` takes it.
    pub client_request_id: String,
}

/// A submission that a grade is to be suggested for.
#[derive(InputObject)]
pub struct SuggestGradeInput {
    /// The submission; one that you may grade.
    pub submission_id: ID,
    /// What it is to be judged by, beside the assignment's own words and criteria; at most 10,000 characters.
    pub rubric: Option<String>,
    /// A name of yours for this request, as `generateCourse` takes it.
    pub client_request_id: String,
}

/// A name that a client gives to its request.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn client_request_id(given: &str) -> Result<&str> {
    let is_word = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-');
    if (1..=64).contains(&given.len()) && given.chars().all(is_word) {
        Ok(given)
    } else {
        Err(Error::bad_input("clientRequestId", "must have 1 to 64 characters out of A–Z, a–z, 0–9, `_` and `-`"))
    }
}

/// What tells one request from another.
pub fn digest_of(request: &Value) -> Vec<u8> {
    digest(&SHA256, request.to_string().as_bytes()).as_ref().to_vec()
}

/// A number within bounds.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn within(field: &str, given: i32, least: i32, most: i32) -> Result<i32> {
    if (least..=most).contains(&given) { Ok(given) } else { Err(Error::bad_input(field, format!("must be between {least} and {most}"))) }
}

/// Words on one line, where some are given.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn short(field: &str, given: Option<&str>, most: usize) -> Result<Option<String>> {
    given.map(|given| text::short(field, given, most)).transpose()
}

/// Words on several lines, where some are given.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn long(field: &str, given: Option<&str>) -> Result<Option<String>> {
    Ok(given.map(|given| text::long(field, given)).transpose()?.flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_has_a_plain_name() {
        for given in ["a", "A-1_b", &"x".repeat(64)] {
            assert_eq!(client_request_id(given).unwrap(), given);
        }
        for given in ["", "a b", "ä", &"x".repeat(65)] {
            assert!(client_request_id(given).is_err(), "{given}");
        }
    }
}
