//! Draws certificates: what is printed is laid out once (`sheet.rs`), out of glyphs of the embedded font (`font.rs`), and written as SVG (`svg.rs`) and as PDF
//! (`pdf.rs`). The words of both are the same lines at the same places.

mod font;
mod pdf;
mod sheet;
mod svg;

pub use self::{
    font::{Cut, Line, line},
    pdf::{Bound, bound, to_pdf},
    sheet::{Item, sheet},
    svg::to_svg,
};

/// What stands on a certificate, in the order of the sheet. Each is in the language of the school.
#[derive(Debug, Clone, Default)]
pub struct Words {
    /// The language, as a tag of BCP 47.
    pub language: String,
    /// The school's name.
    pub school: String,
    /// What it is: "Certificate".
    pub heading: String,
    /// What leads to the name.
    pub before: String,
    /// Whom it is about.
    pub learner: String,
    /// What leads to the title.
    pub after: String,
    /// What was completed.
    pub title: String,
    /// What else is said.
    pub text: Option<String>,
    /// A line each, on the left: when it was issued, until when it is valid, with which grade.
    pub facts: Vec<String>,
    /// Who signs.
    pub signatory: Option<String>,
    /// How it is verified.
    pub footer: String,
    /// What is stamped across it: that it has expired, or was revoked.
    pub mark: Option<String>,
    /// The colour of the school, red, green and blue.
    pub colour: [u8; 3],
}
