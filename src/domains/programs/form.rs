//! What applications to a program ask for.

use std::collections::HashSet;

use async_graphql::{Context, ID, InputObject};
use lectern_kernel::{
    db::{ColumnReader, DbError},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, text},
    text_enum,
};
use lectern_macros::object;
use serde_json::{Value, json};

use super::Program;

text_enum! {
    /// What a field of a form takes.
    pub enum FormFieldType {
        /// A text on one line, of at most 200 characters.
        Text = "TEXT",
        /// A text with line breaks, of at most 10,000 characters.
        Textarea = "TEXTAREA",
        /// A number.
        Number = "NUMBER",
        /// True or false.
        Boolean = "BOOLEAN",
        /// One of its options.
        Select = "SELECT",
        /// A list of its options, each once.
        Multiselect = "MULTISELECT",
        /// A date, as `YYYY-MM-DD`.
        Date = "DATE",
        /// An email address.
        Email = "EMAIL",
        /// An address that begins with http or https.
        Url = "URL",
        /// The id of a file of the applicant's own.
        File = "FILE",
    }
}

/// What the applications of a program ask for, or asked for. A version never changes.
#[object]
#[derive(Clone, Debug)]
pub struct ProgramForm {
    /// Its version: 1 for the first form that was set; 0: no field yet.
    pub version: i32,
    /// Its fields, in their order.
    pub fields: Vec<ProgramFormField>,
}

impl ProgramForm {
    /// A form that asks for nothing.
    pub fn empty(version: i32) -> Self {
        ProgramForm { version, fields: Vec::new() }
    }
}

/// A field of a form.
#[object]
#[derive(Clone, Debug)]
pub struct ProgramFormField {
    /// What its answer is called in `answers`.
    pub key: String,
    /// What is asked.
    pub label: String,
    /// What it takes.
    pub r#type: FormFieldType,
    /// Whether an application can't be submitted without it.
    pub required: bool,
    /// Where it stands in the form: 1 for the first.
    pub position: i32,
    /// The heading that it stands under.
    pub section: Option<String>,
    /// What SELECT and MULTISELECT choose of; empty for all others.
    pub options: Vec<String>,
    /// What explains it.
    pub help: Option<String>,
    /// What stands in it as long as it is empty.
    pub placeholder: Option<String>,
    /// The least NUMBER.
    pub min: Option<f64>,
    /// The greatest NUMBER.
    pub max: Option<f64>,
    /// How many characters a TEXT or TEXTAREA has at most; null: as many as its type takes.
    pub max_length: Option<i32>,
    /// Whether participants see one another's answer, where the program has a directory and the applicant shares it.
    pub in_directory: bool,
    /// Whether only the applicant and APPLICATION_MANAGE read the answer.
    pub sensitive: bool,
}

impl ProgramFormField {
    /// Out of the columns of a row, in this order.
    ///
    /// # Errors
    /// When a column is of another type.
    pub fn read(reader: &mut ColumnReader<'_>) -> std::result::Result<Self, DbError> {
        let (key, label, r#type) = (reader.next()?, reader.next()?, reader.next()?);
        let (required, position, section) = (reader.next()?, reader.next()?, reader.next()?);
        let (options, help, placeholder) = (reader.next()?, reader.next()?, reader.next()?);
        let (min, max, max_length) = (reader.next()?, reader.next()?, reader.next()?);
        let (in_directory, sensitive) = (reader.next()?, reader.next()?);
        Ok(ProgramFormField {
            key,
            label,
            r#type,
            required,
            position,
            section,
            options,
            help,
            placeholder,
            min,
            max,
            max_length,
            in_directory,
            sensitive,
        })
    }
}

/// A version of a program's form; absent where it has no fields.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct FormOf {
    /// The program.
    pub program: Id<Program>,
    /// The version.
    pub version: i32,
}

/// A version of a program's form, as far as the viewer sees the program.
///
/// # Errors
/// When it can't be read.
pub async fn form_of(ctx: &Context<'_>, program: Id<Program>, version: i32) -> Result<ProgramForm> {
    Ok(ctx.load(FormOf { program, version }).await?.unwrap_or_else(|| ProgramForm::empty(version)))
}

/// The whole form of a program, in place of the one before.
#[derive(InputObject)]
pub struct SetProgramFormInput {
    /// The program.
    pub program_id: ID,
    /// The version of the form that this one takes the place of; 0 for the first.
    pub expected_version: i32,
    /// Its fields, in their order; at most 60, none for a form that asks for nothing.
    pub fields: Vec<ProgramFormFieldInput>,
}

/// A field of a form.
#[derive(InputObject)]
pub struct ProgramFormFieldInput {
    /// What its answer is called in `answers`: a lower-case letter, then at most 39 lower-case letters, digits and `_`; not `name` or `email`. Once used, a key
    /// keeps its type in the program's later forms.
    pub key: String,
    /// What is asked; 1 to 200 characters.
    pub label: String,
    /// What it takes.
    pub r#type: FormFieldType,
    /// Whether an application can't be submitted without it; false unless given.
    pub required: Option<bool>,
    /// The heading that it stands under; 1 to 200 characters.
    pub section: Option<String>,
    /// For SELECT and MULTISELECT alone: 1 to 100 different options of 1 to 200 characters.
    pub options: Option<Vec<String>>,
    /// What explains it; at most 10,000 characters.
    pub help: Option<String>,
    /// What stands in it as long as it is empty; 1 to 200 characters.
    pub placeholder: Option<String>,
    /// For NUMBER: the least.
    pub min: Option<f64>,
    /// For NUMBER: the greatest; no less than `min`.
    pub max: Option<f64>,
    /// For TEXT (1 to 200) and TEXTAREA (1 to 10,000): how many characters at most.
    pub max_length: Option<i32>,
    /// Whether participants see one another's answer; not of what is sensitive. False unless given.
    pub in_directory: Option<bool>,
    /// Whether only the applicant and APPLICATION_MANAGE read the answer; false unless given.
    pub sensitive: Option<bool>,
}

/// Fields of a form at most.
const MOST_FIELDS: usize = 60;
/// Options of a field at most.
const MOST_OPTIONS: usize = 100;

/// Whether a text can be the key of an answer.
fn is_key(key: &str) -> bool {
    let mut letters = key.bytes();
    letters.next().is_some_and(|first| first.is_ascii_lowercase())
        && key.len() <= 40
        && letters.all(|letter| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == b'_')
        && key != "name"
        && key != "email"
}

impl ProgramFormFieldInput {
    /// Checks it, and answers it as a row of `program_form_field`.
    fn check(&self, field: &str) -> Result<Value> {
        let at = |name: &str| format!("{field}.{name}");
        if !is_key(&self.key) {
            let rule = "must be a lower-case letter and at most 39 lower-case letters, digits and `_`, and not `name` or `email`";
            return Err(Error::bad_input(at("key"), rule));
        }
        let label = text::name(&at("label"), &self.label)?;
        let section = self.section.as_deref().map(|section| text::name(&at("section"), section)).transpose()?;
        let placeholder = self.placeholder.as_deref().map(|placeholder| text::name(&at("placeholder"), placeholder)).transpose()?;
        let help = self.help.as_deref().map(|help| text::long(&at("help"), help)).transpose()?.flatten();
        let options = self.options(&at("options"))?;
        self.check_numbers(&at)?;
        let (in_directory, sensitive) = (self.in_directory.unwrap_or(false), self.sensitive.unwrap_or(false));
        if in_directory && sensitive {
            return Err(Error::bad_input(at("inDirectory"), "can't be true of what is sensitive"));
        }
        Ok(json!({
            "key": self.key, "label": label, "type": self.r#type.as_str(), "required": self.required.unwrap_or(false), "section": section,
            "options": options, "help": help, "placeholder": placeholder, "min": self.min, "max": self.max, "max_length": self.max_length,
            "in_directory": in_directory, "sensitive": sensitive,
        }))
    }

    fn options(&self, field: &str) -> Result<Vec<String>> {
        let given = self.options.as_deref().unwrap_or_default();
        if !matches!(self.r#type, FormFieldType::Select | FormFieldType::Multiselect) {
            return if given.is_empty() {
                Ok(Vec::new())
            } else {
                Err(Error::bad_input(field, "must be left out: only SELECT and MULTISELECT choose"))
            };
        }
        if given.is_empty() || given.len() > MOST_OPTIONS {
            return Err(Error::bad_input(field, format!("must hold 1 to {MOST_OPTIONS} options")));
        }
        let mut options: Vec<String> = Vec::new();
        for (index, option) in given.iter().enumerate() {
            let field = format!("{field}.{index}");
            let option = text::name(&field, option)?;
            if options.contains(&option) {
                return Err(Error::bad_input(field, "stands in the list twice"));
            }
            options.push(option);
        }
        Ok(options)
    }

    fn check_numbers(&self, at: &impl Fn(&str) -> String) -> Result<()> {
        for (name, bound) in [("min", self.min), ("max", self.max)] {
            match bound {
                Some(_) if self.r#type != FormFieldType::Number => {
                    return Err(Error::bad_input(at(name), "must be left out: only NUMBER has bounds"));
                }
                Some(bound) if !bound.is_finite() => return Err(Error::bad_input(at(name), "must be finite")),
                _ => {}
            }
        }
        if let (Some(min), Some(max)) = (self.min, self.max)
            && max < min
        {
            return Err(Error::bad_input(at("max"), "must be no less than `min`"));
        }
        match (self.max_length, longest(self.r#type)) {
            (Some(_), None) => Err(Error::bad_input(at("maxLength"), "must be left out: only TEXT and TEXTAREA have a length")),
            (Some(given), Some(most)) if !(1..=most).contains(&given) => {
                Err(Error::bad_input(at("maxLength"), format!("must be between 1 and {most}")))
            }
            _ => Ok(()),
        }
    }
}

/// How many characters an answer of a type has at most; none where it has no length.
pub fn longest(of: FormFieldType) -> Option<i32> {
    match of {
        FormFieldType::Text => Some(200),
        FormFieldType::Textarea => Some(10_000),
        _ => None,
    }
}

impl SetProgramFormInput {
    /// Checks the fields, and answers them as rows of `program_form_field`.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field.
    pub fn check(&self) -> Result<Value> {
        if self.fields.len() > MOST_FIELDS {
            return Err(Error::bad_input("fields", format!("must hold at most {MOST_FIELDS} fields")));
        }
        let mut keys = HashSet::new();
        let mut fields = Vec::with_capacity(self.fields.len());
        for (index, given) in self.fields.iter().enumerate() {
            fields.push(given.check(&format!("fields.{index}"))?);
            if !keys.insert(given.key.as_str()) {
                return Err(Error::bad_input(format!("fields.{index}.key"), "stands in the form twice"));
            }
        }
        Ok(Value::Array(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(key: &str, r#type: FormFieldType) -> ProgramFormFieldInput {
        ProgramFormFieldInput {
            key: key.to_owned(),
            label: " Diet ".to_owned(),
            r#type,
            required: None,
            section: None,
            options: None,
            help: None,
            placeholder: None,
            min: None,
            max: None,
            max_length: None,
            in_directory: None,
            sensitive: None,
        }
    }

    fn line(field: &ProgramFormFieldInput) -> String {
        match field.check("fields.0") {
            Ok(row) => row["label"].as_str().unwrap_or_default().to_owned(),
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn a_key_is_a_word_of_its_own() {
        for key in ["a", "diet", "t_shirt_2", &"a".repeat(40)] {
            assert_eq!(line(&field(key, FormFieldType::Text)), "Diet", "{key}");
        }
        for key in ["", "name", "email", "Diet", "2nd", "_a", "a-b", "ä", &"a".repeat(41)] {
            assert_ne!(line(&field(key, FormFieldType::Text)), "Diet", "{key}");
        }
    }

    #[test]
    fn each_type_takes_what_is_its_own() {
        let options = |r#type, options: &[&str]| {
            line(&ProgramFormFieldInput { options: Some(options.iter().map(|&option| option.to_owned()).collect()), ..field("a", r#type) })
        };
        assert_eq!(options(FormFieldType::Select, &["x", "y"]), "Diet");
        assert_eq!(options(FormFieldType::Number, &[]), "Diet");
        for wrong in
            [options(FormFieldType::Select, &[]), options(FormFieldType::Multiselect, &["x", " x"]), options(FormFieldType::Text, &["x"])]
        {
            assert_ne!(wrong, "Diet");
        }
        let bounds = |r#type, min, max| line(&ProgramFormFieldInput { min, max, ..field("a", r#type) });
        assert_eq!(bounds(FormFieldType::Number, Some(1.0), Some(1.0)), "Diet");
        assert_ne!(bounds(FormFieldType::Number, Some(1.0), Some(0.5)), "Diet");
        assert_ne!(bounds(FormFieldType::Text, Some(1.0), None), "Diet");
        let length = |r#type, max_length| line(&ProgramFormFieldInput { max_length: Some(max_length), ..field("a", r#type) });
        assert_eq!((length(FormFieldType::Text, 200), length(FormFieldType::Textarea, 10_000)), ("Diet".to_owned(), "Diet".to_owned()));
        for wrong in [length(FormFieldType::Text, 201), length(FormFieldType::Textarea, 0), length(FormFieldType::Url, 10)] {
            assert_ne!(wrong, "Diet");
        }
        let shown = ProgramFormFieldInput { in_directory: Some(true), sensitive: Some(true), ..field("a", FormFieldType::Text) };
        assert_ne!(line(&shown), "Diet");
    }
}
