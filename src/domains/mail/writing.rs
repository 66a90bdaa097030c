//! Out of a template, its parameters and a school's letterhead: a subject, a text and the same text as HTML.

use jiff::{Timestamp, tz::TimeZone};
use lectern_kernel::{
    error::{Error, Result},
    store::Store,
};
use minijinja::{Environment, UndefinedBehavior, context};
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::template::{Content, Language, MailTemplate};

/// Characters that a subject has at most.
const SUBJECT: usize = 150;
/// Who writes where no school does.
const PRODUCT: &str = "Lectern";
/// The colour of a school that has none.
const COLOR: &str = "#1f4e79";
/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";

const HTML: &str = include_str!("layout.html");
const TEXT: &str = include_str!("layout.txt");

/// A school's picture, as the database keeps it.
#[derive(Debug, Clone, Deserialize)]
struct Logo {
    id: Uuid,
    name: String,
}

/// What stands around a mail: of the school its names and its look, and the clock of its reader.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Letterhead {
    school: Option<String>,
    sender: Option<String>,
    footer: Option<String>,
    time_zone: Option<String>,
    color: Option<String>,
    reply_to: Option<String>,
    logo: Option<Logo>,
    #[serde(skip)]
    logo_url: Option<String>,
}

impl Letterhead {
    /// As the database keeps it. `store` knows where pictures are fetched from; without it there is none.
    pub fn read(kept: Value, store: Option<&Store>) -> Self {
        let head: Letterhead = serde_json::from_value(kept).unwrap_or_default();
        let logo_url = store.zip(head.logo.as_ref()).map(|(store, logo)| store.public_url(logo.id, &logo.name));
        Letterhead { logo_url, ..head }
    }

    /// Of a school of which only the clock matters.
    pub fn in_zone(time_zone: &str) -> Self {
        Letterhead { time_zone: Some(time_zone.to_owned()), ..Letterhead::default() }
    }

    /// The name that mails are sent under.
    pub fn sender(&self) -> &str {
        self.sender.as_deref().unwrap_or_else(|| self.school())
    }

    /// The address at which the school helps its people.
    pub fn reply_to(&self) -> Option<&str> {
        self.reply_to.as_deref()
    }

    fn school(&self) -> &str {
        self.school.as_deref().unwrap_or(PRODUCT)
    }

    /// Its colour.
    fn color(&self) -> &str {
        self.color.as_deref().filter(|color| channels(color).is_some()).unwrap_or(COLOR)
    }

    /// The same with long rows of digits in threes, so that none of them looks like a code.
    fn beside_a_code(&self) -> Self {
        let spaced = |text: &Option<String>| text.as_deref().map(in_threes);
        Letterhead {
            school: spaced(&self.school),
            sender: spaced(&self.sender),
            footer: spaced(&self.footer),
            color: self.color.clone().filter(|color| !color.bytes().skip(1).all(|byte| byte.is_ascii_digit())),
            logo_url: self.logo_url.clone().filter(|url| in_threes(url) == *url),
            ..self.clone()
        }
    }
}

/// Red, green and blue of `#rrggbb`.
fn channels(color: &str) -> Option<[u32; 3]> {
    let digits = color.strip_prefix('#').filter(|digits| digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()))?;
    let channel = |at: usize| u32::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

/// White or nearly black: what can be read on a colour.
fn ink(color: &str) -> &'static str {
    let [red, green, blue] = channels(color).unwrap_or_default();
    if 299 * red + 587 * green + 114 * blue > 150_000 { "#1f2933" } else { "#ffffff" }
}

/// A text in which six digits in a row, or more, stand in threes.
fn in_threes(text: &str) -> String {
    const LONG: usize = 6;
    let mut spaced = String::with_capacity(text.len());
    let mut digits = Vec::new();
    for letter in text.chars().map(Some).chain([None]) {
        match letter {
            Some(digit) if digit.is_numeric() => digits.push(digit),
            other => {
                for (place, digit) in digits.iter().enumerate() {
                    if digits.len() >= LONG && place > 0 && place % 3 == 0 {
                        spaced.push('\u{a0}');
                    }
                    spaced.push(*digit);
                }
                digits.clear();
                spaced.extend(other);
            }
        }
    }
    spaced
}

/// A mail as it is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Written {
    /// One line of at most 150 characters.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
    /// Where its reader says that they want no more of its kind.
    pub unsubscribe: Option<String>,
    pub(super) body: String,
}

impl Written {
    /// Its sentences alone, without what stands around them.
    pub fn body(self) -> String {
        self.body
    }
}

/// Writes mails.
pub struct Writer {
    environment: Environment<'static>,
    /// Where people use the product.
    app: String,
}

impl Writer {
    /// `app` is the address where people use the product, without a slash at its end.
    pub fn new(app: &str) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        Writer { environment, app: app.trim_end_matches('/').to_owned() }
    }

    /// Writes a mail. Nothing that its template names may be missing. `unsubscribe` is where its reader says that they want no more of its
    /// kind.
    ///
    /// # Errors
    /// `INTERNAL` where something is.
    pub fn write(
        &self,
        template: &MailTemplate,
        locale: &str,
        filling: &Map<String, Value>,
        head: &Letterhead,
        unsubscribe: Option<&str>,
    ) -> Result<Written> {
        let language = Language::of(locale);
        let holds_code = template.parameters.iter().any(|parameter| parameter.content == Content::Code);
        let spaced = holds_code.then(|| head.beside_a_code());
        let head = spaced.as_ref().unwrap_or(head);
        let texts = template.texts(language);
        let filling = self.said(template, language, filling, head)?;
        let say = |source: &str| self.fill(template.name, source, &filling);
        let subject = one_line(&say(texts.subject)?, SUBJECT);
        let body = say(texts.body)?;
        let paragraphs: Vec<String> = body.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()).map(str::to_owned).collect();
        let ending = unsubscribe.map(|link| context! { label => language.unsubscribe(), link });
        let action = texts.action.map(|(label, link)| Ok::<_, Error>(context! { label => say(label)?, link => say(link)? })).transpose()?;
        let footer: Vec<String> = head.footer.iter().flat_map(|footer| footer.lines()).map(str::to_owned).collect();
        let parts = context! {
            lang => language.tag(), subject => subject.as_str(), school => head.school(), sender => head.sender(), footer, paragraphs, action, unsubscribe => ending,
            color => head.color(), ink => ink(head.color()), logo => head.logo_url.as_deref()
        };
        let whole = |name: &str, layout: &str| {
            self.environment.render_named_str(name, layout, parts.clone()).map_err(|error| broken(template.name, &error))
        };
        let (text, html) = (whole("layout.txt", TEXT)?.trim_end().to_owned() + "\n", whole("layout.html", HTML)?);
        Ok(Written { text, html, subject, body, unsubscribe: unsubscribe.map(str::to_owned) })
    }

    /// The parameters as they are said in a language.
    fn said(
        &self,
        template: &MailTemplate,
        language: Language,
        filling: &Map<String, Value>,
        head: &Letterhead,
    ) -> Result<Map<String, Value>> {
        let mut said = Map::from_iter([("school".to_owned(), head.school().into()), ("app".to_owned(), self.app.as_str().into())]);
        for parameter in template.parameters {
            let value = filling
                .get(parameter.name)
                .ok_or_else(|| Error::internal(format!("the mail {} lacks {}", template.name, parameter.name)))?;
            let value = match (parameter.content, value.as_str()) {
                (Content::Moment, Some("")) => Value::from(""),
                (Content::Moment, Some(at)) => Value::from(language.moment(&moment(at, head)?)),
                (Content::Moment, None) => {
                    return Err(Error::internal(format!("{} of the mail {} is no moment", parameter.name, template.name)));
                }
                _ => value.clone(),
            };
            said.insert(parameter.name.to_owned(), value);
        }
        Ok(said)
    }

    fn fill(&self, template: &str, source: &str, filling: &Map<String, Value>) -> Result<String> {
        // A name without an ending: nothing is escaped before it stands in the layout.
        let filled = self.environment.render_named_str(template, source, minijinja::value::Serde(filling));
        filled.map_err(|error| broken(template, &error))
    }
}

fn broken(template: &str, error: &minijinja::Error) -> Error {
    Error::internal(format!("the mail {template} can't be written: {error}"))
}

/// A moment by the clock of the reader.
fn moment(at: &str, head: &Letterhead) -> Result<jiff::Zoned> {
    let at: Timestamp = at.parse().map_err(|error| Error::internal(format!("a moment of a mail: {error}")))?;
    let zone = head.time_zone.as_deref().and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
    Ok(at.to_zoned(zone))
}

/// A text on one line, without anything that could end a header, cut to so many characters.
pub fn one_line(text: &str, most: usize) -> String {
    let line: String =
        text.chars().map(|letter| if letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}') { ' ' } else { letter }).collect();
    let line = line.trim();
    if line.chars().count() <= most { line.to_owned() } else { line.chars().take(most - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domains::mail::{
        TEMPLATES,
        template::{Parameter, Texts},
    };

    const CODE: MailTemplate = MailTemplate {
        name: "code",
        is_essential: true,
        parameters: &[Parameter { name: "code", content: Content::Secret, sample: "123456" }],
        english: Texts { subject: "Your code", body: "It is {{ code }}.", action: Some(("Go", "{{ app }}/in?code={{ code }}")) },
        german: Texts { subject: "Ihr Code", body: "Er ist {{ code }}.", action: None },
    };

    fn filled(template: &MailTemplate) -> Map<String, Value> {
        template.parameters.iter().map(|parameter| (parameter.name.to_owned(), parameter.sample.into())).collect()
    }

    #[test]
    fn every_template_is_whole_in_both_languages_and_lacks_nothing_that_it_names() {
        let writer = Writer::new("https://app.example/");
        let head = Letterhead::read(json!({ "school": "Oak & Elm", "footer": "One\nTwo", "timeZone": "Europe/Berlin" }), None);
        for template in TEMPLATES {
            let written: Vec<Written> =
                ["en", "de"].map(|locale| writer.write(template, locale, &filled(template), &head, None).unwrap()).into();
            assert_ne!(written[0], written[1], "{}", template.name);
            for Written { subject, text, html, .. } in &written {
                assert!(!subject.is_empty() && !subject.contains("{{"), "{subject}");
                assert!(text.contains("-- \nOak & Elm\nOne\nTwo\n"), "{text}");
                assert!(html.contains("Oak &amp; Elm<br>One<br>Two") && !html.contains("Oak & Elm"), "{html}");
            }
            for parameter in template.parameters {
                let mut without = filled(template);
                without.remove(parameter.name);
                for locale in ["en", "de"] {
                    assert!(writer.write(template, locale, &without, &head, None).is_err(), "{} without {}", template.name, parameter.name);
                }
                for texts in [&template.english, &template.german] {
                    let all = [texts.subject, texts.body, texts.action.map_or("", |(_, link)| link)].join(" ");
                    // As it is, or by what it is.
                    let is_used = [format!("{{{{ {} }}}}", parameter.name), format!("{{% if {} == ", parameter.name)]
                        .iter()
                        .any(|use_| all.contains(use_));
                    assert!(is_used, "{} does not use {}", template.name, parameter.name);
                }
            }
            for texts in [&template.english, &template.german] {
                assert!(![texts.subject, texts.body].concat().contains(['<', '>', '&']), "{} holds HTML", template.name);
            }
        }
    }

    #[test]
    fn what_is_filled_in_is_text_in_html_and_a_link_stays_inside_its_quotes() {
        let writer = Writer::new("https://app.example");
        let filling = Map::from_iter([("code".to_owned(), json!("<b>\"x\"</b>"))]);
        let written = writer.write(&CODE, "en", &filling, &Letterhead::default(), None).unwrap();
        assert!(written.text.contains("It is <b>\"x\"</b>.") && written.text.ends_with("-- \nLectern\n"), "{}", written.text);
        assert!(!written.html.contains("<b>") && !written.html.contains("\"x\""), "{}", written.html);
    }

    #[test]
    fn beside_a_code_nothing_looks_like_one() {
        let coded = MailTemplate { parameters: &[Parameter { name: "code", content: Content::Code, sample: "123456" }], ..CODE };
        let head = Letterhead::read(json!({ "school": "School 2045671", "footer": "Tel. 030/1234567\nVAT 123456 of 2027" }), None);
        let writer = Writer::new("https://app.example");
        for (template, rows) in [(&coded, 2), (&CODE, 5)] {
            let text = writer.write(template, "en", &filled(template), &head, None).unwrap().text;
            let long = text.split(|letter: char| !letter.is_ascii_digit()).filter(|digits| digits.len() >= 6).count();
            assert_eq!(long, rows, "{text}");
        }
        assert_eq!(in_threes("030/1234567, 12345, 123456"), "030/123\u{a0}456\u{a0}7, 12345, 123\u{a0}456");
    }

    #[test]
    fn a_mail_wears_the_colour_of_its_school_and_can_be_read_on_it() {
        let writer = Writer::new("https://app.example");
        let html = |head: Value| writer.write(&CODE, "en", &filled(&CODE), &Letterhead::read(head, None), None).unwrap().html;
        for (color, on_it) in [("#ff8800", "#1f2933"), ("#102030", "#ffffff"), ("#ffffff", "#1f2933"), ("#000000", "#ffffff")] {
            let html = html(json!({ "color": color }));
            assert!(html.contains(&format!("background:{color};color:{on_it}")) && !html.contains(COLOR), "{html}");
        }
        for strange in ["red", "#fff", "#ff880", "#ff8800;x", "", "#äää"] {
            assert!(html(json!({ "color": strange })).contains(&format!("background:{COLOR};color:#ffffff")), "{strange}");
        }
        let coded = MailTemplate { parameters: &[Parameter { name: "code", content: Content::Code, sample: "123456" }], ..CODE };
        let head = Letterhead::read(json!({ "color": "#654321" }), None);
        let html = writer.write(&coded, "en", &filled(&coded), &head, None).unwrap().html;
        assert!(!html.contains("654321"), "beside a code nothing looks like one: {html}");
        for (name, is_shown) in [("logo-20261128.png", false), ("logo.png", true)] {
            let head = Letterhead { logo_url: Some(format!("https://api.example/files/public/1/{name}")), ..Letterhead::default() };
            let written = |template| writer.write(template, "en", &filled(template), &head, None).unwrap().html;
            assert_eq!((written(&coded).contains(name), written(&CODE).contains(name)), (is_shown, true));
        }
    }

    #[test]
    fn a_subject_is_one_line_of_150_characters() {
        assert_eq!(one_line(" a\r\nBcc: b@example.org\u{0}\u{2028}c\t ", 150), "a  Bcc: b@example.org  c");
        let long = one_line(&"ü".repeat(200), SUBJECT);
        assert_eq!(long.chars().count(), SUBJECT);
        assert!(long.ends_with("ü…"));
    }

    #[test]
    fn a_name_that_a_template_does_not_know_is_an_error_and_not_a_blank() {
        let texts = |body| Texts { subject: "s", body, action: None };
        let wrong = MailTemplate { name: "wrong", is_essential: true, parameters: &[], english: texts("{{ nobody }}"), german: texts("x") };
        let writer = Writer::new("https://app.example");
        assert!(writer.write(&wrong, "en", &Map::new(), &Letterhead::default(), None).is_err());
    }
}
