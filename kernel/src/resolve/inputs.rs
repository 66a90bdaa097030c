//! Checks that inputs of every domain share.

use async_graphql::Enum;

/// Which end of the order comes first.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum OrderDirection {
    /// From the smallest, the earliest, A.
    #[default]
    Asc,
    /// From the largest, the latest, Z.
    Desc,
}

/// Text from people, in Unicode's form C. Everything that reaches the database as text goes through here.
pub mod text {
    use std::sync::LazyLock;

    use jiff::tz::TimeZoneDatabase;
    use serde_json::Value;

    use crate::{
        error::{Error, Result},
        text,
    };

    /// Characters of a name or title.
    const NAME_MAX: usize = 200;
    /// Characters of a description or note.
    const LONG_MAX: usize = 10_000;

    /// What a text is for.
    #[derive(Clone, Copy, PartialEq, Eq)]
    enum Use {
        /// A name, on one line: what nobody sees is refused in it.
        Name,
        /// Something to look for, on one line.
        Search,
        /// With line breaks and tabs.
        Long,
    }

    fn checked(field: &str, input: &str, max: usize, purpose: Use) -> Result<String> {
        let text = text::composed(input.trim());
        let lines = purpose == Use::Long;
        if text.chars().any(|letter| letter.is_control() && !(lines && matches!(letter, '\n' | '\t' | '\r'))) {
            return Err(Error::bad_input(
                field,
                if lines { "must not contain control characters but line breaks and tabs" } else { "must not contain control characters" },
            ));
        }
        if purpose == Use::Name {
            seen(field, text::unseen_in_name(&text))?;
        }
        if text.chars().count() > max {
            return Err(Error::bad_input(field, format!("must have at most {max} characters")));
        }
        Ok(text.into_owned())
    }

    fn seen(field: &str, unseen: Option<char>) -> Result<()> {
        match unseen {
            Some(unseen) => Err(Error::bad_input(
                field,
                format!("must not contain characters that nobody sees: U+{:04X} stands in it", u32::from(unseen)),
            )),
            None => Ok(()),
        }
    }

    /// A name or title: trimmed, 1 to 200 characters on one line, none that nobody sees.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn name(field: &str, input: &str) -> Result<String> {
        short(field, input, NAME_MAX)
    }

    /// A short text: trimmed, 1 to `max` characters on one line, none that nobody sees.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn short(field: &str, input: &str, max: usize) -> Result<String> {
        let text = checked(field, input, max, Use::Name)?;
        if text.is_empty() { Err(Error::bad_input(field, format!("must have 1 to {max} characters, not only blanks"))) } else { Ok(text) }
    }

    /// A long text: trimmed, at most 10,000 characters, with line breaks and tabs. Blank text is none.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn long(field: &str, input: &str) -> Result<Option<String>> {
        longer(field, input, LONG_MAX)
    }

    /// A long text of another length: trimmed, at most `max` characters, with line breaks and tabs. Blank text is none.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn longer(field: &str, input: &str, max: usize) -> Result<Option<String>> {
        let text = checked(field, &input.replace("\r\n", "\n"), max, Use::Long)?;
        Ok((!text.is_empty()).then_some(text))
    }

    /// JSON of at most `max` bytes, of whose texts none holds U+0000.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn json(field: &str, value: &Value, max: usize) -> Result<()> {
        if value.to_string().len() > max {
            return Err(Error::bad_input(field, format!("must be at most {max} bytes as JSON")));
        }
        if text::holds_nul(value) { Err(Error::bad_input(field, "must not contain the character U+0000")) } else { Ok(()) }
    }

    /// A search: trimmed, at most 200 characters. A blank one is none.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn search(field: &str, input: Option<&str>) -> Result<Option<String>> {
        let text = input.map(|input| checked(field, input, NAME_MAX, Use::Search)).transpose()?;
        Ok(text.filter(|text| !text.is_empty()))
    }

    /// An email address, kept as it is typed: trimmed, at most 254 characters, none that nobody sees, with a domain that DNS takes.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn email(field: &str, input: &str) -> Result<String> {
        let text = checked(field, input, 254, Use::Search)?;
        seen(field, text::unseen_in_email(&text))?;
        if text::is_email(&text) { Ok(text) } else { Err(Error::bad_input(field, "must be an email address such as name@example.org")) }
    }

    /// Tags: at most 20, each 1 to 40 characters, lower-cased, each once.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn tags(field: &str, input: &[String]) -> Result<Vec<String>> {
        if input.len() > 20 {
            return Err(Error::bad_input(field, "must hold at most 20 tags"));
        }
        let mut tags = Vec::with_capacity(input.len());
        for (index, tag) in input.iter().enumerate() {
            let field = format!("{field}.{index}");
            let tag = short(&field, tag, 40)?.to_lowercase();
            if tags.contains(&tag) {
                return Err(Error::bad_input(field, "stands in the list twice"));
            }
            tags.push(tag);
        }
        Ok(tags)
    }

    /// The name of a time zone as IANA writes it: `Europe/Berlin`. What only files of an operating system are called
    /// (`localtime`, `posixrules`, `right/UTC`) is none, nor is `Factory`, which says that none was set.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`.
    pub fn time_zone(field: &str, input: &str) -> Result<jiff::tz::TimeZone> {
        static IANA: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);
        let known = IANA.get(input).ok().filter(|zone| !zone.is_unknown() && zone.iana_name() != Some("Factory"));
        known.ok_or_else(|| Error::bad_input(field, "must be an IANA time zone such as Europe/Berlin"))
    }
}
