//! What is printed on a certificate: for whoever verifies it, and for the drawing.

use jiff::{Timestamp, tz::TimeZone};
use lectern_kernel::{
    db::{ColumnReader, DbError, Tx},
    error::{Error, Result},
    resolve::DateTime,
};
use lectern_macros::object;

use super::{
    certificate::CertificateStatus,
    drawing::{Words, sheet, to_pdf, to_svg},
    sql,
};
use crate::domains::mail::Language;

/// What a certificate says, to anybody who knows its code.
#[object]
#[derive(Debug, Clone)]
pub struct CertificateVerification {
    /// How it stands.
    pub status: CertificateStatus,
    /// Whether it holds: it has neither expired nor been revoked.
    pub is_valid: bool,
    /// The school, as it was called.
    pub school_name: String,
    /// Whose name is on it.
    pub learner_name: String,
    /// What they have completed.
    pub title: String,
    /// What else is printed.
    pub text: Option<String>,
    /// Who signed.
    pub signatory: Option<String>,
    /// The final grade, in percent; null where there was none.
    pub grade: Option<f64>,
    /// When it was issued.
    pub issued_at: DateTime,
    /// When it expires; null for never.
    pub expires_at: Option<DateTime>,
    /// When it was revoked; null unless it was.
    pub revoked_at: Option<DateTime>,
}

impl From<Printed> for CertificateVerification {
    fn from(printed: Printed) -> Self {
        CertificateVerification {
            status: printed.status,
            is_valid: printed.status == CertificateStatus::Valid,
            school_name: printed.school_name,
            learner_name: printed.learner_name,
            title: printed.title,
            text: printed.text,
            signatory: printed.signatory,
            grade: printed.grade,
            issued_at: DateTime(printed.issued_at),
            expires_at: printed.expires_at.map(DateTime),
            revoked_at: printed.revoked_at.map(DateTime),
        }
    }
}

/// A certificate as it is printed.
#[derive(Debug, Clone)]
pub struct Printed {
    status: CertificateStatus,
    school_name: String,
    learner_name: String,
    title: String,
    text: Option<String>,
    signatory: Option<String>,
    grade: Option<f64>,
    issued_at: Timestamp,
    expires_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    code: String,
    zone: String,
    locale: String,
    colour: Option<String>,
}

/// A code as it is kept: without dashes and blanks, in upper case, with the digits that others are taken for. None where it can be no code.
fn kept(code: &str) -> Option<String> {
    let signs = code.trim().chars().filter(|sign| !matches!(sign, '-' | ' ')).map(|sign| match sign.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    });
    let kept: String = signs.take(17).collect();
    (kept.len() == 16 && kept.chars().all(|sign| sign.is_ascii_alphanumeric())).then_some(kept)
}

impl Printed {
    /// The certificate of a school that has this code.
    ///
    /// # Errors
    /// When the database can't be asked.
    pub async fn find(tx: &Tx, school: &str, code: &str) -> Result<Option<Printed>, DbError> {
        let Some(code) = kept(code) else { return Ok(None) };
        tx.go_to_school_named(school).await?;
        let rows = tx.query(sql::VERIFY, &[&school.trim(), &code]).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut reader = ColumnReader::new(row);
        let (status, school_name, learner_name, title) = (reader.next()?, reader.next()?, reader.next()?, reader.next()?);
        let (text, signatory, grade) = (reader.next()?, reader.next()?, reader.next()?);
        let (issued_at, expires_at, revoked_at) = (reader.next()?, reader.next()?, reader.next()?);
        let (code, zone) = (reader.next()?, reader.next()?);
        let (locale, colour) = (reader.next()?, reader.next()?);
        Ok(Some(Printed {
            status,
            school_name,
            learner_name,
            title,
            text,
            signatory,
            grade,
            issued_at,
            expires_at,
            revoked_at,
            code,
            zone,
            locale,
            colour,
        }))
    }

    /// Its words, in the language of the school.
    fn words(&self, school: &str) -> Words {
        let language = Language::of(&self.locale);
        let pick = |english: &'static str, german: &'static str| if language == Language::German { german } else { english };
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        let day = |at: Timestamp| language.day(&at.to_zoned(zone.clone()));
        let mut facts = vec![format!("{} {}", pick("Issued on", "Ausgestellt am"), day(self.issued_at))];
        facts.extend(self.expires_at.map(|at| format!("{} {}", pick("Valid until", "Gültig bis"), day(at))));
        facts.extend(self.revoked_at.map(|at| format!("{} {}", pick("Revoked on", "Widerrufen am"), day(at))));
        facts.extend(self.grade.map(|grade| {
            let grade = format!("{grade:.2}").trim_end_matches('0').trim_end_matches('.').to_owned();
            format!("{} {} %", pick("Grade:", "Note:"), if language == Language::German { grade.replace('.', ",") } else { grade })
        }));
        let grouped: Vec<&str> = [0, 4, 8, 12].iter().filter_map(|&from| self.code.get(from..from + 4)).collect();
        Words {
            language: language.tag().to_owned(),
            school: self.school_name.clone(),
            heading: pick("Certificate", "Zertifikat").to_owned(),
            before: pick("This certifies that", "Hiermit wird bescheinigt, dass").to_owned(),
            learner: self.learner_name.clone(),
            after: pick("has completed", "erfolgreich abgeschlossen hat:").to_owned(),
            title: self.title.clone(),
            text: self.text.clone(),
            facts,
            signatory: self.signatory.clone(),
            footer: format!("{} {} · {school}", pick("To verify: code", "Zum Prüfen: Code"), grouped.join("-")),
            mark: match self.status {
                CertificateStatus::Valid => None,
                CertificateStatus::Expired => Some(pick("EXPIRED", "ABGELAUFEN").to_owned()),
                CertificateStatus::Revoked => Some(pick("REVOKED", "WIDERRUFEN").to_owned()),
            },
            colour: self.colour.as_deref().and_then(colour).unwrap_or([0x1f, 0x4e, 0x79]),
        }
    }
}

/// A colour written as `#rrggbb`.
fn colour(written: &str) -> Option<[u8; 3]> {
    let digits = u32::from_str_radix(written.strip_prefix('#').filter(|digits| digits.len() == 6)?, 16).ok()?;
    let [_, red, green, blue] = digits.to_be_bytes();
    Some([red, green, blue])
}

/// As what a certificate is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// A page to print.
    Pdf,
    /// A picture.
    Svg,
}

/// Draws what is printed of a school; `school` is its slug.
///
/// # Errors
/// When the drawing fails.
pub async fn draw(printed: Printed, school: &str, form: Form) -> Result<Vec<u8>> {
    let words = printed.words(school);
    let drawn = tokio::task::spawn_blocking(move || {
        let items = sheet(&words);
        match form {
            Form::Pdf => to_pdf(&words, &items),
            Form::Svg => Ok(to_svg(&words, &items).into_bytes()),
        }
    });
    let drawn = drawn.await.map_err(|error| Error::internal(format!("a drawing broke off: {error}")))?;
    drawn.map_err(|error| Error::internal(format!("a certificate can't be drawn: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(status: CertificateStatus, locale: &str) -> Printed {
        Printed {
            status,
            school_name: "Alpha Flight School".to_owned(),
            learner_name: "Łukasz <b>Nguyễn</b> & Co".to_owned(),
            title: "Introduction to Gliding".to_owned(),
            text: Some("Forty hours in the air.\nA supervised flight.".to_owned()),
            signatory: Some("Ingrid Solberg".to_owned()),
            grade: Some(92.5),
            issued_at: "2026-11-26T23:30:00Z".parse().unwrap(),
            expires_at: Some("2028-11-26T23:30:00Z".parse().unwrap()),
            revoked_at: (status == CertificateStatus::Revoked).then(|| "2026-12-24T11:00:00Z".parse().unwrap()),
            code: "35GVBY2XSSGJFXTJ".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            locale: locale.to_owned(),
            colour: Some("#aa3300".to_owned()),
        }
    }

    #[test]
    fn a_code_is_taken_as_people_write_it() {
        for written in ["35GVBY2XSSGJFXTJ", " 35gv-by2x-ssgj-fxtj ", "35GV BY2X SSGJ FXTJ"] {
            assert_eq!(kept(written).as_deref(), Some("35GVBY2XSSGJFXTJ"), "{written}");
        }
        assert_eq!(kept("OIL0-1111-2222-3333").as_deref(), Some("0110111122223333"));
        for none in ["", "35GV", "35GVBY2XSSGJFXTJ0", "35GVBY2XSSGJFXT'", "ÄÄÄÄÄÄÄÄ"] {
            assert_eq!(kept(none), None, "{none}");
        }
    }

    #[test]
    fn what_is_printed_is_in_the_language_and_by_the_clock_of_the_school() {
        let words = printed(CertificateStatus::Valid, "de-AT").words("alpha-flight-school");
        assert_eq!(words.facts, ["Ausgestellt am 27. November 2026", "Gültig bis 27. November 2028", "Note: 92,5 %"]);
        assert_eq!((words.heading.as_str(), words.mark), ("Zertifikat", None));
        let words = printed(CertificateStatus::Revoked, "en").words("alpha-flight-school");
        assert_eq!(
            words.facts,
            ["Issued on 27 November 2026", "Valid until 27 November 2028", "Revoked on 24 December 2026", "Grade: 92.5 %"]
        );
        assert_eq!(words.mark.as_deref(), Some("REVOKED"));
        assert_eq!((words.footer.as_str(), words.colour), ("To verify: code 35GV-BY2X-SSGJ-FXTJ · alpha-flight-school", [0xaa, 0x33, 0]));
    }

    #[test]
    fn a_picture_holds_words_and_no_markup_of_theirs_and_is_marked() {
        for (status, mark) in
            [(CertificateStatus::Valid, None), (CertificateStatus::Expired, Some("EXPIRED")), (CertificateStatus::Revoked, Some("REVOKED"))]
        {
            let words = printed(status, "en").words("alpha-flight-school");
            let svg = to_svg(&words, &sheet(&words));
            assert!(
                svg.contains("Łukasz &lt;b&gt;Nguyễn&lt;/b&gt; &amp; Co") && !svg.contains("<b>") && !svg.contains("href=\"http"),
                "{svg}"
            );
            assert_eq!(svg.contains("fill-opacity"), mark.is_some());
            assert_eq!(svg.contains("<title>EXPIRED"), mark == Some("EXPIRED"));
        }
    }

    /// `UPDATE_SNAPSHOTS=1 cargo test --lib certificates::` draws it anew.
    #[test]
    fn the_picture_in_the_readme_is_what_is_drawn() {
        let mut shown = printed(CertificateStatus::Valid, "en");
        shown.learner_name = "Zoë Ångström".to_owned();
        (shown.text, shown.colour) = (Some("Sixty hours of ground school, and the written examination of the school.".to_owned()), None);
        shown.title = "Private Pilot Theory".to_owned();
        let words = shown.words("alpha-flight-school");
        let (drawn, file) = (to_svg(&words, &sheet(&words)), concat!(env!("CARGO_MANIFEST_DIR"), "/docs/certificate.svg"));
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(file, &drawn).unwrap();
        }
        assert!(std::fs::read_to_string(file).is_ok_and(|kept| kept == drawn), "docs/certificate.svg is stale");
    }

    #[test]
    fn a_page_holds_a_part_of_the_font_and_what_it_says() {
        let words = printed(CertificateStatus::Expired, "en").words("alpha-flight-school");
        let pdf = to_pdf(&words, &sheet(&words)).unwrap();
        assert!(pdf.starts_with(b"%PDF-1.7") && pdf.len() < 60_000, "{}", pdf.len());
        let text = String::from_utf8_lossy(&pdf);
        for part in ["LECTRN+NotoSerif-Bold", "/FontFile2", "/ToUnicode", "/Half"] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[test]
    fn the_longest_words_stay_on_the_sheet() {
        let mut long = printed(CertificateStatus::Valid, "de");
        long.learner_name = "W".repeat(200);
        long.title = "Wörter ".repeat(28);
        long.text = Some("Donaudampfschifffahrtsgesellschaft ".repeat(28));
        long.signatory = Some("W".repeat(200));
        let words = long.words("alpha-flight-school");
        for item in sheet(&words) {
            if let super::super::drawing::Item::Text { x, y, line, .. } = item {
                assert!(x >= 40.0 && x + line.width <= 802.0 && (40.0..560.0).contains(&y), "{x} {y} {}", line.width);
            }
        }
    }
}
