//! Answers to a form: a JSON object by key, kept typed as given. What is wrong is found here, before anything is written; whether a file is the applicant's own, whoever
//! writes the answers asks.

use async_graphql::ID;
use jiff::civil;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::text,
};
use serde_json::{Map, Value};
use url::Url;

use super::form::{FormFieldType, ProgramFormField, longest};
use crate::domains::files::File;

/// The answers of an application, by key.
pub type Answers = Map<String, Value>;

/// Bytes of all answers together at most, as JSON.
const MOST_BYTES: usize = 64 * 1024;
/// Characters of an address on the web at most.
const LONGEST_URL: usize = 2_000;

/// Reads what was given as answers.
///
/// # Errors
/// `BAD_USER_INPUT` for anything but an object.
pub fn object(given: &Value) -> Result<&Answers> {
    given.as_object().ok_or_else(|| Error::bad_input("answers", "must be a JSON object of answers by key"))
}

/// What becomes of answers when some are given: keys that are given are set, null clears, all others stay.
///
/// # Errors
/// `BAD_USER_INPUT` for more than 64 kB in all.
pub fn merged(before: &Answers, given: &Answers) -> Result<Answers> {
    let mut after = before.clone();
    for (key, value) in given {
        if value.is_null() {
            after.remove(key);
        } else {
            after.insert(key.clone(), value.clone());
        }
    }
    let bytes = serde_json::to_vec(&after).map_or(usize::MAX, |json| json.len());
    if bytes > MOST_BYTES { Err(Error::bad_input("answers", "must take at most 64 kB")) } else { Ok(after) }
}

/// Checks answers that are given before submission: the first violation in the order of the form, unknown keys before all. Null is no answer, and clears one.
///
/// # Errors
/// `BAD_USER_INPUT` with `answers.<key>` and UNKNOWN_FIELD, WRONG_TYPE, NOT_AN_OPTION or OUT_OF_RANGE.
pub fn check(form: &[ProgramFormField], given: &Answers) -> Result<()> {
    if let Some(key) = given.keys().find(|key| !form.iter().any(|field| field.key == **key)) {
        return Err(violation(key, "UNKNOWN_FIELD", "is no field of this form"));
    }
    form.iter().try_for_each(|field| match given.get(&field.key) {
        Some(value) if !value.is_null() => check_one(field, value),
        _ => Ok(()),
    })
}

/// The answers that are submitted: those that the form asks for now. The first violation in its order.
///
/// # Errors
/// As [`check`], and with REQUIRED for what is missing.
pub fn submitted(form: &[ProgramFormField], answers: &Answers) -> Result<Answers> {
    let mut kept = Answers::new();
    for field in form {
        match answers.get(&field.key).filter(|value| !is_blank(value)) {
            Some(value) => {
                check_one(field, value)?;
                kept.insert(field.key.clone(), value.clone());
            }
            None if field.required => return Err(violation(&field.key, "REQUIRED", "is required")),
            None => {}
        }
    }
    Ok(kept)
}

/// The files that answers name, by key.
pub fn files(form: &[ProgramFormField], answers: &Answers) -> Vec<(String, Id<File>)> {
    let of_files = form.iter().filter(|field| field.r#type == FormFieldType::File);
    of_files.filter_map(|field| Some((field.key.clone(), file_of(answers.get(&field.key)?)?))).collect()
}

/// The refusal of a file that is not the applicant's own, or none at all.
pub fn no_file(key: &str) -> Error {
    violation(key, "WRONG_TYPE", "must be the id of a file of the applicant's own")
}

/// Answers in two: those that everybody reads who may read the application, and those that are sensitive.
pub fn parted(form: &[ProgramFormField], answers: Answers) -> (Answers, Answers) {
    let is_sensitive = |key: &str| form.iter().any(|field| field.key == key && field.sensitive);
    answers.into_iter().partition(|(key, _)| !is_sensitive(key))
}

fn violation(key: &str, reason: &'static str, expected: impl AsRef<str>) -> Error {
    Error::bad_input(format!("answers.{key}"), expected).reason(reason)
}

/// Whether nothing was answered: null, blank, an empty list. False is an answer.
fn is_blank(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(chosen) => chosen.is_empty(),
        _ => false,
    }
}

fn file_of(value: &Value) -> Option<Id<File>> {
    Id::parse("answers", &ID::from(value.as_str()?)).ok()
}

/// A real date, written as `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let is_shaped = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| if matches!(at, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    is_shaped && text.parse::<civil::Date>().is_ok_and(|date| date.year() > 0)
}

/// An address that begins with `http://` or `https://`: without the slashes, pages would take it for one of their own.
fn is_url(text: &str) -> bool {
    let is_absolute = text.split_once("://").is_some_and(|(scheme, _)| matches!(scheme.to_ascii_lowercase().as_str(), "http" | "https"));
    is_absolute
        && text.chars().count() <= LONGEST_URL
        && !text.chars().any(|letter| letter.is_control() || letter.is_whitespace())
        && Url::parse(text).is_ok_and(|url| url.has_host())
}

fn check_one(field: &ProgramFormField, value: &Value) -> Result<()> {
    let wrong = |expected: &str| Err(violation(&field.key, "WRONG_TYPE", expected));
    let option = |value: &Value| value.as_str().map(|text| field.options.iter().any(|option| option == text));
    match field.r#type {
        FormFieldType::Text | FormFieldType::Textarea => match value.as_str() {
            Some(text) => check_text(field, text),
            None => wrong("must be a text"),
        },
        FormFieldType::Number => match value.as_f64() {
            Some(number) if number.is_finite() => check_number(field, number),
            _ => wrong("must be a number"),
        },
        FormFieldType::Boolean if value.is_boolean() => Ok(()),
        FormFieldType::Boolean => wrong("must be true or false"),
        FormFieldType::Select => match option(value) {
            Some(true) => Ok(()),
            Some(false) => Err(not_an_option(field)),
            None => wrong("must be one of the options"),
        },
        FormFieldType::Multiselect => {
            let Some(chosen) = value.as_array() else { return wrong("must be a list of options") };
            for (index, one) in chosen.iter().enumerate() {
                match option(one) {
                    None => return wrong("must be a list of options"),
                    Some(false) => return Err(not_an_option(field)),
                    Some(true) if chosen.iter().take(index).any(|other| other == one) => return wrong("must hold each option once"),
                    Some(true) => {}
                }
            }
            Ok(())
        }
        FormFieldType::Date if value.as_str().is_some_and(is_date) => Ok(()),
        FormFieldType::Date => wrong("must be a date such as 2027-07-31"),
        FormFieldType::Email if value.as_str().is_some_and(|text| text::email("answers", text).is_ok_and(|kept| kept == text)) => Ok(()),
        FormFieldType::Email => wrong("must be an email address such as name@example.org"),
        FormFieldType::Url if value.as_str().is_some_and(is_url) => Ok(()),
        FormFieldType::Url => wrong("must be an address that begins with http:// or https://"),
        FormFieldType::File if file_of(value).is_some() => Ok(()),
        FormFieldType::File => Err(no_file(&field.key)),
    }
}

fn not_an_option(field: &ProgramFormField) -> Error {
    violation(&field.key, "NOT_AN_OPTION", format!("must be out of: {}", field.options.join(", ")))
}

fn check_text(field: &ProgramFormField, text: &str) -> Result<()> {
    let breaks = field.r#type == FormFieldType::Textarea;
    if text.chars().any(|letter| letter.is_control() && !(breaks && matches!(letter, '\n' | '\t' | '\r'))) {
        return Err(violation(&field.key, "WRONG_TYPE", "must not contain control characters"));
    }
    let most = field.max_length.or(longest(field.r#type)).and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
    if text.chars().count() > most {
        return Err(violation(&field.key, "OUT_OF_RANGE", format!("must have at most {most} characters")));
    }
    Ok(())
}

fn check_number(field: &ProgramFormField, number: f64) -> Result<()> {
    match (field.min, field.max) {
        (Some(min), _) if number < min => Err(violation(&field.key, "OUT_OF_RANGE", format!("must be at least {min}"))),
        (_, Some(max)) if number > max => Err(violation(&field.key, "OUT_OF_RANGE", format!("must be at most {max}"))),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn field(key: &str, r#type: FormFieldType) -> ProgramFormField {
        let options = match r#type {
            FormFieldType::Select | FormFieldType::Multiselect => vec!["red".to_owned(), "blue".to_owned()],
            _ => Vec::new(),
        };
        ProgramFormField {
            key: key.to_owned(),
            label: key.to_owned(),
            r#type,
            required: true,
            position: 1,
            section: None,
            options,
            help: None,
            placeholder: None,
            min: None,
            max: None,
            max_length: None,
            in_directory: false,
            sensitive: false,
        }
    }

    fn line(checked: Result<()>) -> String {
        match checked {
            Ok(()) => "fine".to_owned(),
            Err(error) => error.why().unwrap_or("no reason").to_owned(),
        }
    }

    fn answered(field: &ProgramFormField, value: Value) -> String {
        line(check(std::slice::from_ref(field), object(&json!({ field.key.as_str(): value })).unwrap()))
    }

    #[test]
    fn each_type_takes_its_own_values() {
        let file = Id::<File>::generate().to_string();
        for (r#type, fine, wrong) in [
            (
                FormFieldType::Text,
                vec![json!(""), json!("Ada"), json!("ä".repeat(200))],
                vec![json!(1), json!(["a"]), json!("a\nb"), json!("a\u{0}")],
            ),
            (FormFieldType::Textarea, vec![json!("a\nb\tc")], vec![json!(true), json!("a\u{7}")]),
            (FormFieldType::Number, vec![json!(1), json!(-1.5), json!(1e300)], vec![json!("1"), json!(true)]),
            (FormFieldType::Boolean, vec![json!(true), json!(false)], vec![json!("true"), json!(0)]),
            (FormFieldType::Select, vec![json!("red")], vec![json!(["red"]), json!(1)]),
            (FormFieldType::Multiselect, vec![json!([]), json!(["blue", "red"])], vec![json!("red"), json!(["red", "red"]), json!([1])]),
            (
                FormFieldType::Date,
                vec![json!("2028-02-29")],
                vec![
                    json!("2027-02-29"),
                    json!("2027-2-1"),
                    json!("20270201"),
                    json!("2027-02-01T00:00"),
                    json!("0000-01-01"),
                    json!(2027),
                ],
            ),
            (FormFieldType::Email, vec![json!("a@b.example")], vec![json!("a@b"), json!("a"), json!(" a@b.example"), json!(1)]),
            (
                FormFieldType::Url,
                vec![json!("https://a.example/x?y=z"), json!("http://a.example"), json!("HTTPS://a.example")],
                vec![
                    json!("ftp://a.example"),
                    json!("javascript:alert(1)"),
                    json!("https://"),
                    json!("a.example"),
                    json!("https:a.example"),
                    json!("http:/a.example"),
                    json!("javascript://a.example/%0aalert(1)"),
                ],
            ),
            (FormFieldType::File, vec![json!(file)], vec![json!("user_01h455vb4pex5vsknk084sn02q"), json!("x"), json!(1)]),
        ] {
            let field = field("a", r#type);
            for value in fine {
                assert_eq!(answered(&field, value.clone()), "fine", "{type:?} {value}", r#type = r#type);
            }
            for value in wrong {
                assert_eq!(answered(&field, value.clone()), "WRONG_TYPE", "{type:?} {value}", r#type = r#type);
            }
        }
    }

    #[test]
    fn options_and_ranges_have_reasons_of_their_own() {
        assert_eq!(answered(&field("a", FormFieldType::Select), json!("green")), "NOT_AN_OPTION");
        assert_eq!(answered(&field("a", FormFieldType::Multiselect), json!(["red", "green"])), "NOT_AN_OPTION");
        let number = ProgramFormField { min: Some(1.0), max: Some(2.0), ..field("a", FormFieldType::Number) };
        for (value, said) in [(json!(1), "fine"), (json!(2.0), "fine"), (json!(0.99), "OUT_OF_RANGE"), (json!(2.01), "OUT_OF_RANGE")] {
            assert_eq!(answered(&number, value), said);
        }
        assert_eq!(answered(&field("a", FormFieldType::Text), json!("a".repeat(201))), "OUT_OF_RANGE");
        let short = ProgramFormField { max_length: Some(3), ..field("a", FormFieldType::Text) };
        assert_eq!((answered(&short, json!("äöü")), answered(&short, json!("äöüß"))), ("fine".to_owned(), "OUT_OF_RANGE".to_owned()));
        assert_eq!(answered(&field("a", FormFieldType::Textarea), json!("a".repeat(10_001))), "OUT_OF_RANGE");
    }

    #[test]
    fn the_first_violation_in_the_order_of_the_form_is_told_and_unknown_keys_before_all() {
        let form = [field("b", FormFieldType::Number), field("a", FormFieldType::Number)];
        let told = |given: Value| match check(&form, object(&given).unwrap()) {
            Ok(()) => "fine".to_owned(),
            Err(error) => format!("{} {}", error.why().unwrap(), error.message()),
        };
        assert!(told(json!({ "a": "x", "b": "x" })).contains("answers.b"));
        assert!(told(json!({ "a": "x", "zz": 1 })).starts_with("UNKNOWN_FIELD"));
        assert_eq!(told(json!({ "a": null })), "fine", "before submission nothing is required");
        assert_eq!(told(json!({ "name": null })).split(' ').next(), Some("UNKNOWN_FIELD"));
        assert!(object(&json!([])).is_err());
    }

    #[test]
    fn at_submission_what_is_required_is_asked_for_and_what_went_is_dropped() {
        let optional = ProgramFormField { required: false, ..field("c", FormFieldType::Number) };
        let form = [field("a", FormFieldType::Text), field("b", FormFieldType::Multiselect), optional];
        let told = |answers: Value| submitted(&form, object(&answers).unwrap()).map(Value::Object).map_err(|error| error.why());
        assert_eq!(told(json!({ "a": "x", "b": ["red"], "gone": 1 })), Ok(json!({ "a": "x", "b": ["red"] })));
        for missing in
            [json!({ "b": ["red"] }), json!({ "a": " ", "b": ["red"] }), json!({ "a": "x", "b": [] }), json!({ "a": "x", "b": null })]
        {
            assert_eq!(told(missing), Err(Some("REQUIRED")));
        }
        assert_eq!(told(json!({ "a": "x", "b": ["red"], "c": "1" })), Err(Some("WRONG_TYPE")));
        let agreed = [field("agreed", FormFieldType::Boolean)];
        assert!(submitted(&agreed, object(&json!({ "agreed": false })).unwrap()).is_ok(), "false is an answer");
    }

    #[test]
    fn answers_are_merged_parted_and_bounded() {
        let before = json!({ "a": 1, "b": 2, "c": 3 });
        let merged_with = |given: Value| merged(object(&before).unwrap(), object(&given).unwrap());
        assert_eq!(Value::Object(merged_with(json!({ "a": null, "b": "x", "d": 4 })).unwrap()), json!({ "b": "x", "c": 3, "d": 4 }));
        assert!(merged_with(json!({ "d": "x".repeat(70_000) })).is_err());
        let form = [field("a", FormFieldType::Number), ProgramFormField { sensitive: true, ..field("b", FormFieldType::Number) }];
        let (open, secret) = parted(&form, object(&before).unwrap().clone());
        assert_eq!((Value::Object(open), Value::Object(secret)), (json!({ "a": 1, "c": 3 }), json!({ "b": 2 })));
        let file = Id::<File>::generate();
        let found = files(&[field("f", FormFieldType::File)], object(&json!({ "f": file.to_string(), "g": file.to_string() })).unwrap());
        assert_eq!(found, vec![("f".to_owned(), file)]);
    }
}
