//! An invoice as pages to print: A4, upright, in points from the upper left corner, by the embedded font of certificates.

use std::io;

use jiff::{Timestamp, tz::TimeZone};
use serde::Deserialize;

use crate::domains::{
    certificates::{Bound, Cut, Item, Line, bound, line},
    mail::Language,
};

const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const LEFT: f32 = 56.0;
const RIGHT: f32 = WIDTH - 56.0;
/// Below it nothing of the table stands.
const LOWEST: f32 = 770.0;
const INK: [u8; 3] = [0x22, 0x26, 0x2b];
const FAINT: [u8; 3] = [0x5f, 0x66, 0x6e];
/// Where the columns of numbers end.
const QUANTITY: f32 = 345.0;
const PRICE: f32 = 420.0;
const TAX: f32 = 465.0;

/// Somebody on an invoice.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Party {
    name: Option<String>,
    address: Option<String>,
    tax_id: Option<String>,
}

/// A line of one.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sold {
    name: String,
    quantity: Option<i64>,
    unit_price: Option<i64>,
    #[serde(default)]
    discount: i64,
    tax_percent: f64,
    total: i64,
}

/// The tax of one percentage.
#[derive(Debug, Clone, Deserialize)]
struct Taxed {
    percent: f64,
    net: i64,
    tax: i64,
}

/// What stands on an invoice, as it is kept.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    #[serde(default)]
    seller: Party,
    #[serde(default)]
    buyer: Party,
    reference: String,
    program: String,
    currency: String,
    exponent: u32,
    lines: Vec<Sold>,
    taxes: Vec<Taxed>,
    total: i64,
    #[serde(default)]
    returned: i64,
    #[serde(default)]
    credit_applied: i64,
    reason: Option<String>,
    invoice: Option<String>,
}

/// An invoice that is to be drawn.
#[derive(Debug, Clone)]
pub struct Drawn {
    /// Whether something goes back.
    pub is_credit_note: bool,
    /// Its number, as it is written.
    pub code: String,
    /// What stands on it.
    pub document: Document,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// The school's clock.
    pub zone: String,
    /// The school's language.
    pub locale: String,
    /// The school's colour: `#rrggbb`.
    pub colour: Option<String>,
}

/// Pages that are being written.
struct Sheets {
    pages: Vec<Vec<Item>>,
    y: f32,
}

impl Sheets {
    fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    fn left(&mut self, x: f32, written: Line, colour: [u8; 3]) {
        let y = self.y;
        self.put(Item::Text { x, y, line: written, colour });
    }

    fn right(&mut self, x: f32, written: Line, colour: [u8; 3]) {
        let (at, y) = (x - written.width, self.y);
        self.put(Item::Text { x: at, y, line: written, colour });
    }

    fn rule(&mut self, colour: [u8; 3]) {
        let y = self.y;
        self.put(Item::Rule { x: LEFT, y, width: RIGHT - LEFT, line: 0.75, colour });
    }
}

/// One line, smaller where it would be too wide.
fn fitting(cut: Cut, size: f32, text: &str, room: f32) -> Line {
    let written = line(cut, size, text);
    if written.width <= room { written } else { line(cut, size * room / written.width, text) }
}

/// A sum in the language: minor units of a currency with so many places.
fn sum(language: Language, units: i64, exponent: u32) -> String {
    let one = 10_i64.pow(exponent.min(9));
    let (whole, part) = (units.abs() / one, units.abs() % one);
    let sign = if units < 0 { "-" } else { "" };
    let point = if language == Language::German { ',' } else { '.' };
    if exponent == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}{point}{part:0width$}", width = exponent as usize) }
}

fn percent(language: Language, percent: f64) -> String {
    let text = format!("{percent:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    format!("{} %", if language == Language::German { text.replace('.', ",") } else { text.to_owned() })
}

fn colour(written: Option<&str>) -> Option<[u8; 3]> {
    let digits = u32::from_str_radix(written?.strip_prefix('#').filter(|digits| digits.len() == 6)?, 16).ok()?;
    let [_, red, green, blue] = digits.to_be_bytes();
    Some([red, green, blue])
}

impl Drawn {
    /// As what it is kept.
    pub fn name(&self) -> String {
        format!("{}.pdf", self.code.replace(['/', '\\'], "-"))
    }

    /// Writes it as PDF.
    ///
    /// # Errors
    /// When the font can't be cut down to what is used.
    pub fn pdf(&self) -> io::Result<Vec<u8>> {
        let language = Language::of(&self.locale);
        let pick = |english: &'static str, german: &'static str| if language == Language::German { german } else { english };
        let document = &self.document;
        let what = if self.is_credit_note { pick("Credit note", "Gutschrift") } else { pick("Invoice", "Rechnung") };
        let accent = colour(self.colour.as_deref()).unwrap_or([0x1f, 0x4e, 0x79]);
        let mut sheets = Sheets { pages: vec![Vec::new()], y: 72.0 };
        self.head(&mut sheets, what, accent, language);
        self.table(&mut sheets, accent, language);
        self.sums(&mut sheets, language);
        let count = sheets.pages.len();
        for (at, page) in sheets.pages.iter_mut().enumerate() {
            let written = line(Cut::Regular, 8.0, &format!("{} · {} / {count}", self.code, at + 1));
            page.push(Item::Text { x: (WIDTH - written.width) / 2.0, y: 812.0, line: written, colour: FAINT });
        }
        let title = format!("{what} {}", self.code);
        let author = document.seller.name.as_deref().unwrap_or_default();
        let pages: Vec<&[Item]> = sheets.pages.iter().map(Vec::as_slice).collect();
        bound(&Bound { language: language.tag(), title: &title, author, size: [WIDTH, HEIGHT] }, &pages)
    }

    fn head(&self, sheets: &mut Sheets, what: &str, accent: [u8; 3], language: Language) {
        let pick = |english: &'static str, german: &'static str| if language == Language::German { german } else { english };
        let document = &self.document;
        let room = 250.0;
        let party = |sheets: &mut Sheets, party: &Party, cut: Cut| {
            sheets.left(LEFT, fitting(cut, 11.0, party.name.as_deref().unwrap_or_default(), room), INK);
            for part in party.address.iter().flat_map(|address| address.lines()).take(8) {
                sheets.y += 13.0;
                sheets.left(LEFT, fitting(Cut::Regular, 9.5, part, room), INK);
            }
            if let Some(id) = &party.tax_id {
                sheets.y += 13.0;
                let id = format!("{} {id}", pick("Tax number:", "Steuernummer:"));
                sheets.left(LEFT, fitting(Cut::Regular, 9.5, &id, room), INK);
            }
        };
        sheets.right(RIGHT, fitting(Cut::Bold, 22.0, what, 220.0), accent);
        party(sheets, &document.seller, Cut::Bold);
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        let mut facts = vec![
            format!("{} {}", pick("Number:", "Nummer:"), self.code),
            format!("{} {}", pick("Date:", "Datum:"), language.day(&self.issued_at.to_zoned(zone))),
            format!("{} {}", pick("Order:", "Bestellung:"), document.reference),
        ];
        facts.extend(document.invoice.as_ref().map(|code| format!("{} {code}", pick("For invoice:", "Zur Rechnung:"))));
        let below = sheets.y;
        sheets.y = 84.0;
        for fact in &facts {
            sheets.y += 14.0;
            sheets.right(RIGHT, fitting(Cut::Regular, 10.0, fact, 220.0), INK);
        }
        sheets.y = below.max(sheets.y) + 40.0;
        party(sheets, &document.buyer, Cut::Regular);
        sheets.y += 40.0;
        sheets.left(LEFT, fitting(Cut::Bold, 13.0, &document.program, RIGHT - LEFT), INK);
        if let Some(reason) = &document.reason {
            sheets.y += 16.0;
            let first = reason.lines().next().unwrap_or_default();
            sheets.left(LEFT, fitting(Cut::Regular, 10.0, first, RIGHT - LEFT), INK);
        }
        sheets.y += 26.0;
    }

    fn table(&self, sheets: &mut Sheets, accent: [u8; 3], language: Language) {
        let pick = |english: &'static str, german: &'static str| if language == Language::German { german } else { english };
        let document = &self.document;
        let header = |sheets: &mut Sheets| {
            let title = |text: &str| line(Cut::Bold, 9.0, text);
            sheets.left(LEFT, title(pick("What", "Posten")), FAINT);
            sheets.right(QUANTITY, title(pick("Count", "Anzahl")), FAINT);
            sheets.right(PRICE, title(pick("Each", "Einzeln")), FAINT);
            sheets.right(TAX, title(pick("Tax", "Steuer")), FAINT);
            sheets.right(RIGHT, title(&document.currency), FAINT);
            sheets.y += 6.0;
            sheets.rule(accent);
            sheets.y += 16.0;
        };
        header(sheets);
        for sold in &document.lines {
            if sheets.y > LOWEST {
                sheets.pages.push(Vec::new());
                sheets.y = 72.0;
                header(sheets);
            }
            let small = |text: &str| line(Cut::Regular, 10.0, text);
            sheets.left(LEFT, fitting(Cut::Regular, 10.0, &sold.name, QUANTITY - LEFT - 50.0), INK);
            if let Some(quantity) = sold.quantity {
                sheets.right(QUANTITY, small(&quantity.to_string()), INK);
            }
            if let Some(price) = sold.unit_price {
                sheets.right(PRICE, small(&sum(language, price, document.exponent)), INK);
            }
            sheets.right(TAX, small(&percent(language, sold.tax_percent)), INK);
            sheets.right(RIGHT, small(&sum(language, sold.total, document.exponent)), INK);
            if sold.discount > 0 {
                sheets.y += 12.0;
                let less = format!("{} {}", pick("Discount:", "Rabatt:"), sum(language, -sold.discount, document.exponent));
                sheets.left(LEFT + 10.0, line(Cut::Regular, 8.5, &less), FAINT);
            }
            sheets.y += 16.0;
        }
        sheets.y -= 6.0;
        sheets.rule(FAINT);
        sheets.y += 18.0;
    }

    fn sums(&self, sheets: &mut Sheets, language: Language) {
        let pick = |english: &'static str, german: &'static str| if language == Language::German { german } else { english };
        let document = &self.document;
        let mut rows: Vec<(String, i64, Cut)> = Vec::new();
        for taxed in document.taxes.iter().filter(|taxed| taxed.tax > 0) {
            rows.push((format!("{} ({})", pick("Net", "Netto"), percent(language, taxed.percent)), taxed.net, Cut::Regular));
            rows.push((format!("{} {}", pick("Tax", "Steuer"), percent(language, taxed.percent)), taxed.tax, Cut::Regular));
        }
        rows.push((pick("Total", "Gesamt").to_owned(), document.total, Cut::Bold));
        if document.returned > 0 {
            rows.push((pick("Given in exchange", "In Zahlung gegeben").to_owned(), -document.returned, Cut::Regular));
        }
        if document.credit_applied > 0 {
            rows.push((pick("Credit", "Guthaben").to_owned(), -document.credit_applied, Cut::Regular));
        }
        for (name, units, cut) in rows {
            if sheets.y > LOWEST + 20.0 {
                sheets.pages.push(Vec::new());
                sheets.y = 72.0;
            }
            let units = format!("{} {}", sum(language, units, document.exponent), document.currency);
            sheets.right(TAX, fitting(cut, 10.5, &name, 260.0), INK);
            sheets.right(RIGHT, line(cut, 10.5, &units), INK);
            sheets.y += 16.0;
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn drawn(lines: usize) -> Drawn {
        let line = json!({ "name": "Week ticket", "quantity": 2, "unitPrice": 5950, "subtotal": 11_900, "discount": 100, "taxPercent": 19, "taxIncluded": true,
                           "tax": 1884, "total": 11_800 });
        let document = json!({
            "seller": { "name": "Oak School", "address": "1 Oak Lane\nOakham", "taxId": "DE1" }, "buyer": { "name": "Łukasz Nguyễn" }, "reference": "K7QFM2XW",
            "program": "Summer School", "currency": "EUR", "exponent": 2, "lines": vec![line; lines],
            "taxes": [{ "percent": 19.0, "net": 9916, "tax": 1884 }], "net": 9916, "tax": 1884, "total": 11_800, "creditApplied": 100,
        });
        Drawn {
            is_credit_note: false,
            code: "INV/000001".to_owned(),
            document: serde_json::from_value(document).unwrap(),
            issued_at: "2027-03-01T12:00:00Z".parse().unwrap(),
            zone: "Europe/Berlin".to_owned(),
            locale: "de".to_owned(),
            colour: Some("#aa3300".to_owned()),
        }
    }

    #[test]
    fn sums_are_written_as_people_of_the_language_do() {
        assert_eq!(sum(Language::English, 12_345, 2), "123.45");
        assert_eq!(sum(Language::German, -5, 2), "-0,05");
        assert_eq!(sum(Language::English, 500, 0), "500");
        assert_eq!(sum(Language::English, 1234, 3), "1.234");
        assert_eq!((percent(Language::German, 7.7), percent(Language::English, 19.0)), ("7,7 %".to_owned(), "19 %".to_owned()));
    }

    #[test]
    fn an_invoice_takes_as_many_pages_as_it_needs() {
        for (lines, pages) in [(1, 1), (50, 3)] {
            let pdf = drawn(lines).pdf().unwrap();
            assert!(pdf.starts_with(b"%PDF-1.7"));
            let text = String::from_utf8_lossy(&pdf);
            assert_eq!(text.matches("/Type /Page\n").count(), pages, "{lines}");
        }
        assert_eq!(drawn(1).name(), "INV-000001.pdf");
    }
}
