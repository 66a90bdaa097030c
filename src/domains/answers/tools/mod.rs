//! The closed list of tools: reading only. Each asks one of our own queries in the name of the person whom the answer is for, and so learns what that person
//! could have asked; none takes an argument that says for whom.

pub mod queries;

use async_graphql::Variables;
use lectern_kernel::{auth::Claims, ids};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::{filter::Filter, running::Acts, wire::Call};

/// Characters that a tool answers at most.
const MOST: usize = 8000;
/// Characters of an argument.
const LONGEST: usize = 500;

/// What a model may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tool {
    SearchCourses,
    CourseOutline,
    MyProgress,
    MyBookings,
    FreeSlots,
    SearchDocuments,
}

/// What came of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Answered,
    /// The agent has no such tool, or the person may not.
    Refused,
    /// The arguments don't fit.
    Invalid,
    Failed,
}

/// What a tool answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// None: there is no such tool.
    pub tool: Option<Tool>,
    /// As it was asked, where that is JSON.
    pub arguments: Value,
    pub outcome: Outcome,
    /// JSON.
    pub content: String,
    /// Things in it.
    pub rows: i32,
}

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Outcome::Answered => "ANSWERED",
            Outcome::Refused => "REFUSED",
            Outcome::Invalid => "INVALID",
            Outcome::Failed => "FAILED",
        }
    }
}

impl Tool {
    const ALL: [Tool; 6] =
        [Tool::SearchCourses, Tool::CourseOutline, Tool::MyProgress, Tool::MyBookings, Tool::FreeSlots, Tool::SearchDocuments];

    /// As the schema and the database name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Tool::SearchCourses => "SEARCH_COURSES",
            Tool::CourseOutline => "COURSE_OUTLINE",
            Tool::MyProgress => "MY_PROGRESS",
            Tool::MyBookings => "MY_BOOKINGS",
            Tool::FreeSlots => "FREE_SLOTS",
            Tool::SearchDocuments => "SEARCH_DOCUMENTS",
        }
    }

    /// The one of that name, as the schema writes it or as models do.
    pub fn from_text(text: &str) -> Option<Tool> {
        Tool::ALL.into_iter().find(|tool| tool.as_str().eq_ignore_ascii_case(text))
    }

    /// As models are told of it.
    pub fn described(self) -> Value {
        let text = |says: &str| json!({ "type": "string", "description": says });
        let (says, properties, required): (&str, Value, &[&str]) = match self {
            Tool::SearchCourses => {
                ("Finds courses by beginnings of words in title and description.", json!({ "query": text("Words.") }), &["query"])
            }
            Tool::CourseOutline => {
                ("The sections and lessons of a course.", json!({ "courseId": text("The course's id.") }), &["courseId"])
            }
            Tool::MyProgress => ("How far the person has come in their courses.", json!({}), &[]),
            Tool::MyBookings => (
                "The person's own bookings; the next 20 unless a range is given.",
                json!({ "from": text("Beginning of the range, RFC 3339."), "to": text("End of the range, RFC 3339.") }),
                &[],
            ),
            Tool::FreeSlots => (
                "When instructors are free in a range of at most 62 days.",
                json!({ "from": text("Beginning of the range, RFC 3339."), "to": text("End of the range, RFC 3339."), "instructorId": text("One instructor's id.") }),
                &["from", "to"],
            ),
            Tool::SearchDocuments => ("Finds passages of the school's documents by words.", json!({ "query": text("Words.") }), &["query"]),
        };
        json!({
            "type": "function",
            "function": {
                "name": self.as_str().to_ascii_lowercase(),
                "description": says,
                "parameters": { "type": "object", "properties": properties, "required": required, "additionalProperties": false },
            },
        })
    }

    /// Its arguments: `(name, whether it must be given, the prefix of the id that it is)`.
    fn arguments(self) -> &'static [(&'static str, bool, Option<&'static str>)] {
        match self {
            Tool::SearchCourses | Tool::SearchDocuments => &[("query", true, None)],
            Tool::CourseOutline => &[("courseId", true, Some("course"))],
            Tool::MyProgress => &[],
            Tool::MyBookings => &[("from", false, None), ("to", false, None)],
            Tool::FreeSlots => &[("from", true, None), ("to", true, None), ("instructorId", false, Some("user"))],
        }
    }

    /// Reads its arguments; what is wrong, for the model.
    fn read(self, text: &str) -> Result<Map<String, Value>, String> {
        let given: Value = match text.trim() {
            "" => json!({}),
            text => serde_json::from_str(text).map_err(|_| "The arguments are no JSON.".to_owned())?,
        };
        let Value::Object(given) = given else { return Err("The arguments must be an object.".to_owned()) };
        let mut read = Map::new();
        for (name, value) in given {
            let Some((_, _, prefix)) = self.arguments().iter().find(|(known, ..)| *known == name) else {
                return Err(format!("There is no argument `{}`.", name.chars().take(50).collect::<String>()));
            };
            match &value {
                Value::Null => continue,
                Value::String(text) if text.chars().count() <= LONGEST && !text.trim().is_empty() => {
                    if prefix.is_some_and(|prefix| ids::decode(text).is_none_or(|(found, _)| found != prefix)) {
                        return Err(format!("`{name}` must be an id that another tool has answered."));
                    }
                }
                _ => return Err(format!("`{name}` must be text of at most {LONGEST} characters.")),
            }
            read.insert(name, value);
        }
        match self.arguments().iter().find(|(name, is_required, _)| *is_required && !read.contains_key(*name)) {
            Some((name, ..)) => Err(format!("`{name}` must be given.")),
            None => Ok(read),
        }
    }
}

/// What is answered to a call: also that it is refused.
pub async fn answer(
    call: &Call,
    allowed: &[String],
    image_hosts: &[String],
    acts: &dyn Acts,
    claims: &Claims,
    person: Uuid,
    correlation_id: &str,
) -> Said {
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or(Value::Null);
    let has_nul = lectern_kernel::text::holds_nul(&arguments);
    let arguments = if has_nul { Value::Null } else { arguments };
    let told = |tool, outcome, says: &str| Said {
        tool,
        arguments: arguments.clone(),
        outcome,
        content: json!({ "error": says }).to_string(),
        rows: 0,
    };
    let tool = Tool::from_text(&call.name);
    let Some(tool) = tool.filter(|tool| allowed.iter().any(|name| name == tool.as_str())) else {
        return told(tool, Outcome::Refused, "There is no such tool here.");
    };
    if has_nul {
        return told(Some(tool), Outcome::Invalid, "The arguments hold a character that no text may hold.");
    }
    let given = match tool.read(&call.arguments) {
        Ok(given) => given,
        Err(wrong) => return told(Some(tool), Outcome::Invalid, &wrong),
    };
    let (query, variables) = queries::of(tool, given, person);
    let answer = acts.ask(query, Variables::from_json(Value::Object(variables)), *claims, correlation_id).await;
    if let Some(error) = answer.get("errors").and_then(|errors| errors.get(0)) {
        let code = error.pointer("/extensions/code").and_then(Value::as_str).unwrap_or_default();
        let outcome = match code {
            "FORBIDDEN" | "UNAUTHENTICATED" | "SUBSCRIPTION_EXPIRED" | "RATE_LIMITED" => Outcome::Refused,
            "BAD_USER_INPUT" | "NOT_FOUND" | "QUERY_TOO_COMPLEX" => Outcome::Invalid,
            _ => Outcome::Failed,
        };
        let says = match outcome {
            // What was wrong with the arguments the model may read; it was the model that wrote them.
            Outcome::Invalid => error.get("message").and_then(Value::as_str).unwrap_or("The arguments don't fit.").to_owned(),
            Outcome::Refused => "This person may not read that.".to_owned(),
            _ => "That could not be read now.".to_owned(),
        };
        return told(Some(tool), outcome, &says);
    }
    let mut found = queries::shaped(tool, answer.get("data").cloned().unwrap_or(Value::Null));
    filter(&mut found, image_hosts);
    let (content, rows) = fitted(found);
    Said { tool: Some(tool), arguments, outcome: Outcome::Answered, content, rows }
}

/// Filters every text in it: what a tool answers is shown, too.
fn filter(value: &mut Value, image_hosts: &[String]) {
    match value {
        Value::String(text) => *text = Filter::whole(text, image_hosts),
        Value::Array(items) => items.iter_mut().for_each(|item| filter(item, image_hosts)),
        Value::Object(fields) => fields.values_mut().for_each(|field| filter(field, image_hosts)),
        _ => {}
    }
}

/// A list, as JSON of at most 8,000 characters: what is too much of it is left out, and that is said.
fn fitted(found: Value) -> (String, i32) {
    let Value::Array(mut items) = found else {
        let text = found.to_string();
        let text = if text.chars().count() <= MOST { text } else { json!({ "error": "There is too much of it." }).to_string() };
        return (text, i32::from(!found.is_null()));
    };
    let all = items.len();
    loop {
        let value = if items.len() == all { json!({ "items": items }) } else { json!({ "items": items, "left_out": all - items.len() }) };
        let text = value.to_string();
        if text.chars().count() <= MOST || items.is_empty() {
            return (text, i32::try_from(items.len()).unwrap_or(i32::MAX));
        }
        items.truncate(items.len() - (items.len() / 8).max(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_that_do_not_fit_are_named() {
        let id = ids::encode("course", Uuid::nil());
        for (tool, text, expected) in [
            (Tool::SearchCourses, r#"{"query":"algebra"}"#, Ok(1)),
            (Tool::SearchCourses, "{}", Err("`query` must be given.")),
            (Tool::SearchCourses, "algebra", Err("The arguments are no JSON.")),
            (Tool::SearchCourses, r#"["algebra"]"#, Err("The arguments must be an object.")),
            (Tool::SearchCourses, r#"{"query":7}"#, Err("`query` must be text of at most 500 characters.")),
            (Tool::MyBookings, "", Ok(0)),
            (Tool::MyBookings, r#"{"from":null}"#, Ok(0)),
            (Tool::MyBookings, r#"{"userId":"user_x"}"#, Err("There is no argument `userId`.")),
            (Tool::CourseOutline, r#"{"courseId":"7"}"#, Err("`courseId` must be an id that another tool has answered.")),
        ] {
            assert_eq!(tool.read(text).map(|read| read.len()), expected.map_err(str::to_owned), "{text}");
        }
        assert!(Tool::CourseOutline.read(&json!({ "courseId": id }).to_string()).is_ok());
    }

    #[test]
    fn what_is_too_long_is_left_out_and_that_is_said() {
        let items: Vec<Value> = (0..100).map(|n| json!({ "title": format!("{n} {}", "x".repeat(200)) })).collect();
        let (text, rows) = fitted(Value::Array(items));
        let read: Value = serde_json::from_str(&text).unwrap();
        assert!(text.len() <= MOST && rows > 20);
        assert_eq!(read["left_out"].as_i64().unwrap() + i64::from(rows), 100);
    }
}
