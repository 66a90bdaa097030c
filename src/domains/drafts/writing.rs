//! What is written of a draft: its rows, as one document for the functions that write them by the actor's own rights.

use aws_lc_rs::rand;
use lectern_kernel::error::{Error, Result};
use serde_json::{Value, json};
use uuid::{Builder, Uuid};

use super::shapes::{Draft, Outline};

/// What the quiz at the end of a section is called.
const QUIZ: &str = "Quiz";

/// An id in no order: those of choices must not tell which was written first.
fn random() -> Result<Uuid> {
    let mut bytes = [0u8; 16];
    rand::fill(&mut bytes).map_err(|_| Error::internal("no random bytes"))?;
    Ok(Builder::from_random_bytes(bytes).into_uuid())
}

/// A section under an id.
///
/// # Errors
/// Where no random bytes can be had.
pub fn section(id: Uuid, draft: &Draft) -> Result<Value> {
    let lessons: Vec<Value> =
        draft.lessons.iter().map(|part| json!({ "id": Uuid::now_v7(), "title": part.title, "body": part.body })).collect();
    let questions = draft.questions.iter().map(|asked| {
        let choices = asked
            .choices
            .iter()
            .enumerate()
            .map(|(place, text)| Ok(json!({ "id": random()?, "text": text, "is_correct": asked.correct.contains(&place) })));
        let choices: Result<Vec<Value>> = choices.collect();
        let kind = if asked.correct.len() == 1 { "SINGLE" } else { "MULTIPLE" };
        Ok(json!({ "id": Uuid::now_v7(), "kind": kind, "prompt": asked.text, "choices": choices? }))
    });
    let questions: Vec<Value> = questions.collect::<Result<_>>()?;
    let mut section = json!({ "id": id, "title": draft.title, "lessons": lessons });
    if !questions.is_empty() {
        section["quiz"] = json!({ "id": Uuid::now_v7(), "title": QUIZ, "questions": questions });
    }
    Ok(section)
}

/// A course of sections under their ids.
///
/// # Errors
/// As [`section`].
pub fn course(outline: &Outline, sections: &[(Uuid, Draft)]) -> Result<Value> {
    let written: Vec<Value> = sections.iter().map(|(id, draft)| section(*id, draft)).collect::<Result<_>>()?;
    Ok(json!({ "title": outline.title, "description": outline.description, "tags": outline.tags, "sections": written }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::drafts::shapes::{Part, Question};

    #[test]
    fn a_quiz_is_written_where_something_is_asked() {
        let part = Part { title: "L".to_owned(), body: "B".to_owned() };
        let mut draft = Draft { title: "T".to_owned(), lessons: vec![part], questions: Vec::new() };
        assert!(section(Uuid::nil(), &draft).unwrap().get("quiz").is_none());
        draft.questions.push(Question { text: "Q".to_owned(), choices: vec!["a".to_owned(), "b".to_owned()], correct: vec![0, 1] });
        let written = section(Uuid::nil(), &draft).unwrap();
        assert_eq!(written["quiz"]["questions"][0]["kind"], "MULTIPLE");
        assert_eq!(written["quiz"]["questions"][0]["choices"][1]["is_correct"], true);
    }
}
