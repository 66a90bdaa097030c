//! What a mail says: one template for each occasion, in each language. A test renders all of them.

/// A template. Each language has one source, of which the plain text and the HTML are made.
#[derive(Debug)]
pub struct MailTemplate {
    /// Its name: lower-case letters, digits and underscores.
    pub name: &'static str,
    /// It is sent to addresses that have bounced or complained, too: about somebody's own account, or asked for by them.
    pub is_essential: bool,
    /// What it is filled with. Beside them there are `school` (its name) and `app` (where people use it).
    pub parameters: &'static [Parameter],
    /// In English.
    pub english: Texts,
    /// In German.
    pub german: Texts,
}

/// One thing that a template is filled with.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub content: Content,
    /// What it might be.
    pub sample: &'static str,
}

/// What a parameter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// A text or a number, kept as it is.
    Plain,
    /// A point in time (RFC 3339), shown by the clock of the reader, else the school's, and in the words of the language.
    Moment,
    /// A code or a link that lets somebody in: sealed in the database, and dropped once the mail is sent.
    Secret,
    /// A secret of digits: what stands around it in the mail holds none that could be taken for it.
    Code,
}

impl Content {
    /// Whether it is sealed, and dropped once the mail is sent.
    pub const fn is_secret(self) -> bool {
        matches!(self, Content::Secret | Content::Code)
    }
}

/// The texts of a template in one language; minijinja. No HTML stands in them: what is filled in is escaped where that is needed.
#[derive(Debug)]
pub struct Texts {
    /// The subject.
    pub subject: &'static str,
    /// Paragraphs, with a blank line between them.
    pub body: &'static str,
    /// What is to be done: the words, and the address behind them.
    pub action: Option<(&'static str, &'static str)>,
}

/// A language that mails are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English; whoever wants one that there is not gets it.
    English,
    /// German.
    German,
}

impl Language {
    /// The language of a locale: `de-AT` is German.
    pub fn of(locale: &str) -> Language {
        let language = locale.split(['-', '_']).next().unwrap_or_default();
        if language.eq_ignore_ascii_case("de") { Language::German } else { Language::English }
    }

    /// As a tag of BCP 47.
    pub fn tag(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::German => "de",
        }
    }

    /// What stands before the address by which mail of a kind is ended.
    pub(super) fn unsubscribe(self) -> &'static str {
        match self {
            Language::English => "No more mail of this kind",
            Language::German => "Keine Mail dieser Art mehr",
        }
    }

    /// A day in the words of the language, by a clock.
    pub fn day(self, at: &jiff::Zoned) -> String {
        const GERMAN: [&str; 12] =
            ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"];
        match self {
            Language::English => at.strftime("%-d %B %Y").to_string(),
            Language::German => format!("{}. {} {}", at.day(), GERMAN[usize::from(at.month().unsigned_abs()) - 1], at.year()),
        }
    }

    /// A moment in the words of the language, by a clock.
    pub fn moment(self, at: &jiff::Zoned) -> String {
        let zone = at.time_zone().iana_name().unwrap_or("UTC").to_owned();
        let (day, time) = (self.day(at), at.strftime("%H:%M"));
        match self {
            Language::English => format!("{day}, {time} ({zone})"),
            Language::German => format!("{day}, {time} Uhr ({zone})"),
        }
    }
}

impl MailTemplate {
    /// The texts in a language.
    pub(super) fn texts(&self, language: Language) -> &Texts {
        match language {
            Language::English => &self.english,
            Language::German => &self.german,
        }
    }

    /// Whether a parameter is a secret.
    pub(super) fn is_secret(&self, name: &str) -> bool {
        self.parameters.iter().any(|parameter| parameter.name == name && parameter.content.is_secret())
    }
}

#[cfg(test)]
mod tests {
    use jiff::{Timestamp, tz::TimeZone};

    use super::*;

    #[test]
    fn german_is_written_to_all_who_speak_it_and_english_to_everybody_else() {
        for locale in ["de", "de-AT", "DE-ch", "de_DE"] {
            assert_eq!(Language::of(locale), Language::German, "{locale}");
        }
        for locale in ["en", "en-GB", "fr", "", "den", "x-de"] {
            assert_eq!(Language::of(locale), Language::English, "{locale}");
        }
    }

    #[test]
    fn a_moment_is_said_by_a_clock_and_in_the_words_of_a_language() {
        let at: Timestamp = "2027-03-01T22:05:00Z".parse().unwrap();
        let at = at.to_zoned(TimeZone::get("Europe/Berlin").unwrap());
        assert_eq!(Language::English.moment(&at), "1 March 2027, 23:05 (Europe/Berlin)");
        assert_eq!(Language::German.moment(&at), "1. März 2027, 23:05 Uhr (Europe/Berlin)");
    }
}
