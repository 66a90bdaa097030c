//! Answers on their way into an application: held against a form, merged with what was answered before, parted by what is sensitive.

use async_graphql::Context;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::Json,
};
use serde_json::{Map, Value, json};
use tokio_postgres::Row;

use super::application::ApplicationStatus;
use crate::domains::programs::{
    Program, ProgramForm,
    answers::{self, Answers},
    form_of,
};

/// Answers as the database takes them.
#[derive(Debug, Default)]
pub struct Written {
    /// What whoever sees the application reads.
    pub plain: Value,
    /// What is sensitive.
    pub secret: Value,
    /// The files among them, by key: `{"file", "sensitive"}`.
    pub files: Value,
}

/// An application whose answers the actor may change, and the form that they are held against.
pub struct Open {
    /// Where it stands.
    pub status: ApplicationStatus,
    /// Its form: of a draft, the program's present one.
    pub form: ProgramForm,
    plain: Answers,
    secret: Answers,
}

fn answers_of(value: Value) -> Answers {
    if let Value::Object(answers) = value { answers } else { Map::new() }
}

impl Open {
    /// Asks for it; none where there is no such application, or none that the actor may change.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn read(ctx: &Context<'_>, rows: &[Row]) -> Result<Option<Self>> {
        let Some(row) = rows.first() else { return Ok(None) };
        let mut reader = ColumnReader::new(row);
        let program: Id<Program> = reader.next()?;
        let (status, version): (ApplicationStatus, i32) = (reader.next()?, reader.next()?);
        let (plain, secret) = (answers_of(reader.next()?), answers_of(reader.next()?));
        Ok(Some(Open { status, form: form_of(ctx, program, version).await?, plain, secret }))
    }

    /// Its answers once some are given: what is given is checked, what was there stays.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for what is no answer.
    pub fn changed(&self, given: &Json) -> Result<Written> {
        let given = answers::object(&given.0)?;
        answers::check(&self.form.fields, given)?;
        let mut before = self.plain.clone();
        before.extend(self.secret.clone());
        let after = answers::merged(&before, given)?;
        // What the form asks for no more stays on the side on which it was.
        let is_asked = |key: &str| self.form.fields.iter().any(|field| field.key == key);
        let gone: Answers = after.iter().filter(|(key, _)| !is_asked(key) && self.secret.contains_key(*key)).map(pair).collect();
        let mut written = write(&self.form, after.into_iter().filter(|(key, _)| !gone.contains_key(key)).collect());
        if let Value::Object(secret) = &mut written.secret {
            secret.extend(gone);
        }
        Ok(written)
    }

    /// Its answers as they are handed in: those that the form asks for, and all that it asks for.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with REQUIRED for what is missing, and for what is no answer any more.
    pub fn submitted(&self) -> Result<Written> {
        let mut all = self.plain.clone();
        all.extend(self.secret.clone());
        Ok(write(&self.form, answers::submitted(&self.form.fields, &all)?))
    }
}

fn pair((key, value): (&String, &Value)) -> (String, Value) {
    (key.clone(), value.clone())
}

fn write(form: &ProgramForm, given: Answers) -> Written {
    let is_sensitive = |key: &str| form.fields.iter().any(|field| field.key == key && field.sensitive);
    let files = answers::files(&form.fields, &given);
    let files = files.into_iter().map(|(key, file)| {
        let named = json!({ "file": file.0.to_string(), "sensitive": is_sensitive(&key) });
        (key, named)
    });
    let files = Value::Object(files.collect());
    let (plain, secret) = answers::parted(&form.fields, given);
    Written { plain: Value::Object(plain), secret: Value::Object(secret), files }
}

/// The first answers of an application.
///
/// # Errors
/// `BAD_USER_INPUT` for what is no answer.
pub fn first(form: &ProgramForm, given: Option<&Json>) -> Result<Written> {
    let empty = Answers::new();
    let given = given.filter(|given| !given.0.is_null()).map(|given| answers::object(&given.0)).transpose()?.unwrap_or(&empty);
    answers::check(&form.fields, given)?;
    Ok(write(form, answers::merged(&empty, given)?))
}

/// What the directory is not to show: what it might.
///
/// # Errors
/// `BAD_USER_INPUT` with UNKNOWN_FIELD for anything else.
pub fn not_shared(form: &ProgramForm, given: &[String]) -> Result<Vec<String>> {
    let mut hidden: Vec<String> = Vec::new();
    for key in given {
        let is_known = key == "name" || key == "email" || form.fields.iter().any(|field| field.in_directory && field.key == *key);
        if !is_known {
            let expected = "must hold keys of fields that the directory shows, `name` and `email`";
            return Err(Error::bad_input("notShared", expected).reason("UNKNOWN_FIELD"));
        }
        if !hidden.contains(key) {
            hidden.push(key.clone());
        }
    }
    Ok(hidden)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domains::programs::{FormFieldType, ProgramFormField};

    fn field(key: &str, sensitive: bool) -> ProgramFormField {
        ProgramFormField {
            key: key.to_owned(),
            label: key.to_owned(),
            r#type: FormFieldType::Text,
            required: false,
            position: 1,
            section: None,
            options: Vec::new(),
            help: None,
            placeholder: None,
            min: None,
            max: None,
            max_length: None,
            in_directory: !sensitive,
            sensitive,
        }
    }

    fn open(plain: &Value, secret: &Value) -> Open {
        Open {
            status: ApplicationStatus::Draft,
            form: ProgramForm { version: 2, fields: vec![field("diet", false), field("health", true)] },
            plain: answers_of(plain.clone()),
            secret: answers_of(secret.clone()),
        }
    }

    #[test]
    fn answers_go_to_the_side_that_the_form_says() {
        let written = open(&json!({ "health": "was open" }), &json!({ "diet": "was secret" })).changed(&Json(json!({}))).unwrap();
        assert_eq!((written.plain, written.secret), (json!({ "diet": "was secret" }), json!({ "health": "was open" })));
    }

    #[test]
    fn what_the_form_asks_for_no_more_stays_secret_until_it_is_dropped() {
        let open = open(&json!({ "size": "M" }), &json!({ "doctor": "Dr. Who" }));
        let written = open.changed(&Json(json!({ "diet": "none" }))).unwrap();
        assert_eq!((written.plain, written.secret), (json!({ "diet": "none", "size": "M" }), json!({ "doctor": "Dr. Who" })));
        let handed_in = open.submitted().unwrap();
        assert_eq!((handed_in.plain, handed_in.secret), (json!({}), json!({})));
    }

    #[test]
    fn the_directory_hides_what_it_might_show() {
        let form = open(&json!({}), &json!({})).form;
        let hidden = |keys: &[&str]| not_shared(&form, &keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>());
        assert_eq!(hidden(&["email", "diet", "email", "name"]).unwrap(), ["email", "diet", "name"]);
        assert!(hidden(&["health"]).is_err() && hidden(&["size"]).is_err());
    }
}
