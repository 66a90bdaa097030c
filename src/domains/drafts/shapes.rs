//! The forms in which models are to answer, and whether they did. What they write is taken by the limits of courses, and nothing of it makes a client load anything.

use lectern_kernel::{error::Error, resolve::text};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::domains::answers::Filter;

/// Sections of a course, lessons of a section, and questions.
const MOST_SECTIONS: usize = 30;
const MOST_PARTS: usize = 20;
/// Choices of a question.
const MOST_CHOICES: usize = 8;
/// Characters of a lesson.
const LONGEST_BODY: usize = 100_000;
/// Faults that are named to a model.
const MOST_FAULTS: usize = 10;

/// The outline of a course.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Outline {
    /// Its title.
    pub title: String,
    /// What it is about.
    #[serde(default)]
    pub description: Option<String>,
    /// Words to find it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Its sections.
    pub sections: Vec<Heading>,
}

/// A section of an outline.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Heading {
    /// Its title.
    pub title: String,
}

/// A section.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Draft {
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// Its lessons.
    pub lessons: Vec<Part>,
    /// What is asked at its end.
    #[serde(default)]
    pub questions: Vec<Question>,
}

/// A lesson.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Part {
    /// Its title.
    pub title: String,
    /// What it says, in Markdown.
    pub body: String,
}

/// A question.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Question {
    /// What is asked.
    pub text: String,
    /// What can be chosen.
    pub choices: Vec<String>,
    /// The places of what is right, from 0 on.
    pub correct: Vec<usize>,
}

/// What a submission might be worth.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct Judgement {
    /// Points.
    pub points: f64,
    /// What could be said about it.
    pub feedback: String,
}

/// What is wrong with an answer, as the model is told.
pub type Faults = Vec<String>;

/// An answer's JSON: as it is, or between the marks that some models put around it.
fn read<'a, T: Deserialize<'a>>(answer: &'a str) -> Result<T, Faults> {
    let answer = answer.trim();
    let inner = match answer.strip_prefix("```") {
        Some(fenced) => fenced.strip_prefix("json").unwrap_or(fenced).trim_end().trim_end_matches("```"),
        None => answer,
    };
    serde_json::from_str(inner.trim()).map_err(|error| vec![format!("not the JSON that was asked for: {error}")])
}

/// Puts what is wrong together.
#[derive(Default)]
struct Check {
    faults: Faults,
}

impl Check {
    fn take<T>(&mut self, checked: Result<T, Error>, at: &str) -> Option<T> {
        checked.map_err(|error| self.faults.push(format!("{at}: {}", error.message()))).ok()
    }

    fn demand(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.faults.push(fault());
        }
    }

    fn end<T>(mut self, value: T) -> Result<T, Faults> {
        self.faults.truncate(MOST_FAULTS);
        if self.faults.is_empty() { Ok(value) } else { Err(self.faults) }
    }
}

fn plain(text: &str, hosts: &[String]) -> String {
    Filter::whole(text, hosts)
}

/// Reads an outline; of so many sections, where that was asked for.
///
/// # Errors
/// What is wrong with it.
pub fn outline(answer: &str, sections: Option<usize>, hosts: &[String]) -> Result<Outline, Faults> {
    let read: Outline = read(answer)?;
    let mut check = Check::default();
    let title = check.take(text::name("title", &plain(&read.title, hosts)), "title").unwrap_or_default();
    let description = read.description.map(|said| plain(&said, hosts));
    let description = description.and_then(|said| check.take(text::long("description", &said), "description")).flatten();
    let tags =
        check.take(text::tags("tags", &read.tags.iter().map(|tag| plain(tag, hosts)).collect::<Vec<_>>()), "tags").unwrap_or_default();
    let count = read.sections.len();
    match sections {
        Some(wanted) => check.demand(count == wanted, || format!("sections: must be {wanted}, not {count}")),
        None => check.demand((1..=MOST_SECTIONS).contains(&count), || format!("sections: must be 1 to {MOST_SECTIONS}, not {count}")),
    }
    let mut headings = Vec::new();
    for (place, heading) in read.sections.iter().enumerate() {
        if let Some(title) = check.take(text::name("title", &plain(&heading.title, hosts)), &format!("sections.{place}.title")) {
            headings.push(Heading { title });
        }
    }
    check.end(Outline { title, description, tags, sections: headings })
}

/// Reads a section.
///
/// # Errors
/// What is wrong with it.
pub fn section(answer: &str, hosts: &[String]) -> Result<Draft, Faults> {
    let read: Draft = read(answer)?;
    let mut check = Check::default();
    let title = check.take(text::name("title", &plain(&read.title, hosts)), "title").unwrap_or_default();
    let (lessons, questions) = (read.lessons.len(), read.questions.len());
    check.demand((1..=MOST_PARTS).contains(&lessons), || format!("lessons: must be 1 to {MOST_PARTS}, not {lessons}"));
    check.demand(questions <= MOST_PARTS, || format!("questions: must be at most {MOST_PARTS}, not {questions}"));
    let mut draft = Draft { title, lessons: Vec::new(), questions: Vec::new() };
    for (place, lesson) in read.lessons.iter().enumerate() {
        let title = check.take(text::name("title", &plain(&lesson.title, hosts)), &format!("lessons.{place}.title"));
        let body = check.take(text::longer("body", &plain(&lesson.body, hosts), LONGEST_BODY), &format!("lessons.{place}.body"));
        match (title, body) {
            (Some(title), Some(Some(body))) => draft.lessons.push(Part { title, body }),
            (_, Some(None)) => check.demand(false, || format!("lessons.{place}.body: must not be empty")),
            _ => {}
        }
    }
    for (place, asked) in read.questions.iter().enumerate() {
        if let Some(asked) = question(&mut check, place, asked, hosts) {
            draft.questions.push(asked);
        }
    }
    check.end(draft)
}

fn question(check: &mut Check, place: usize, asked: &Question, hosts: &[String]) -> Option<Question> {
    let at = format!("questions.{place}");
    let prompt = check.take(text::long("text", &plain(&asked.text, hosts)), &format!("{at}.text")).flatten();
    check.demand(prompt.is_some(), || format!("{at}.text: must not be empty"));
    let count = asked.choices.len();
    check.demand((2..=MOST_CHOICES).contains(&count), || format!("{at}.choices: must be 2 to {MOST_CHOICES}, not {count}"));
    let choices = asked.choices.iter().enumerate().filter_map(|(nth, choice)| {
        let words = plain(choice, hosts);
        let words = check.take(text::longer("choices", &words, 2000), &format!("{at}.choices.{nth}")).flatten();
        check.demand(words.is_some(), || format!("{at}.choices.{nth}: must not be empty"));
        words
    });
    let choices: Vec<String> = choices.collect();
    let mut correct = asked.correct.clone();
    correct.sort_unstable();
    correct.dedup();
    check.demand(!correct.is_empty() && correct.iter().all(|right| *right < count), || {
        format!("{at}.correct: must hold places of choices, from 0 to {}", count.saturating_sub(1))
    });
    Some(Question { text: prompt?, choices, correct })
}

/// Reads a judgement; points are put within what there is.
///
/// # Errors
/// What is wrong with it.
pub fn judgement(answer: &str, maximum: f64, hosts: &[String]) -> Result<Judgement, Faults> {
    let read: Judgement = read(answer)?;
    let mut check = Check::default();
    check.demand(read.points.is_finite(), || "points: must be a number".to_owned());
    let feedback = check.take(text::long("feedback", &plain(&read.feedback, hosts)), "feedback").flatten();
    check.demand(feedback.is_some(), || "feedback: must not be empty".to_owned());
    check.end(Judgement { points: read.points.clamp(0.0, maximum), feedback: feedback.unwrap_or_default() })
}

fn object(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().into_iter().flat_map(|properties| properties.keys()).collect();
    json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
}

fn list(of: Value) -> Value {
    json!({ "type": "array", "items": of })
}

fn words() -> Value {
    json!({ "type": "string" })
}

/// The schema of an outline.
pub fn outline_schema() -> (&'static str, Value) {
    let sections = list(object(json!({ "title": words() })));
    ("course_outline", object(json!({ "title": words(), "description": words(), "tags": list(words()), "sections": sections })))
}

/// The schema of a section.
pub fn section_schema() -> (&'static str, Value) {
    let lessons = list(object(json!({ "title": words(), "body": words() })));
    let questions = list(object(json!({ "text": words(), "choices": list(words()), "correct": list(json!({ "type": "integer" })) })));
    ("course_section", object(json!({ "title": words(), "lessons": lessons, "questions": questions })))
}

/// The schema of a judgement.
pub fn judgement_schema() -> (&'static str, Value) {
    ("grade_suggestion", object(json!({ "points": { "type": "number" }, "feedback": words() })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outline_is_what_was_asked_for() {
        let answer = r#"```json
            {"title": " Wind ", "description": "About wind.", "tags": ["Wind"], "sections": [{"title": "One"}, {"title": "Two"}]}
        ```"#;
        let read = outline(answer, Some(2), &[]).unwrap();
        assert_eq!((read.title.as_str(), read.tags.as_slice()), ("Wind", &["wind".to_owned()][..]));
        assert_eq!(outline(answer, Some(3), &[]).unwrap_err(), ["sections: must be 3, not 2"]);
        assert!(outline("I can't do that.", None, &[]).unwrap_err()[0].starts_with("not the JSON"));
        assert!(outline(r#"{"title": "", "sections": []}"#, None, &[]).unwrap_err().len() == 2);
    }

    #[test]
    fn a_section_names_its_faults() {
        let good = r#"{"title": "T", "lessons": [{"title": "L", "body": "B ![x](https://evil.example/p.png)"}],
            "questions": [{"text": "Q", "choices": ["a", "b"], "correct": [1, 1]}]}"#;
        let read = section(good, &[]).unwrap();
        assert!(!read.lessons[0].body.contains("evil.example/p.png"), "{}", read.lessons[0].body);
        assert_eq!(read.questions[0].correct, [1]);
        let wrong = r#"{"title": "T", "lessons": [], "questions": [{"text": "Q", "choices": ["a"], "correct": [4]}]}"#;
        assert_eq!(section(wrong, &[]).unwrap_err().len(), 3);
    }

    #[test]
    fn points_stay_within_what_there_is() {
        assert_eq!(judgement(r#"{"points": 400, "feedback": "Well done."}"#, 10.0, &[]).unwrap().points, 10.0);
        assert_eq!(judgement(r#"{"points": -1, "feedback": "No."}"#, 10.0, &[]).unwrap().points, 0.0);
        assert!(judgement(r#"{"points": 5, "feedback": " "}"#, 10.0, &[]).is_err());
    }

    #[test]
    fn schemas_demand_all_that_they_name() {
        let (name, schema) = section_schema();
        assert_eq!(name, "course_section");
        assert_eq!(schema["properties"]["questions"]["items"]["additionalProperties"], json!(false));
        assert_eq!(schema["required"].as_array().unwrap().len(), 3);
    }
}
