//! A sheet as PDF, with as much of the font in it as it takes: its words can be found, and copied.

use std::{
    collections::BTreeMap,
    io::{self, Write as _},
};

use flate2::{Compression, write::ZlibEncoder};
use pdf_writer::{
    Content, Filter, Finish, Name, Pdf, Rect, Ref, Str, TextStr,
    types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap},
};
use subsetter::GlyphRemapper;

use super::{
    Words,
    font::{Cut, Line},
    sheet::{HEIGHT, Item, WIDTH},
};

const IDENTITY: SystemInfo = SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// What of a cut of the font a document takes.
#[derive(Default)]
struct Used {
    glyphs: GlyphRemapper,
    /// What the glyphs of the document say.
    texts: BTreeMap<u16, String>,
}

impl Used {
    fn take(&mut self, line: &Line) {
        for glyph in &line.glyphs {
            let id = self.glyphs.remap(glyph.id);
            if !glyph.text.is_empty() {
                self.texts.entry(id).or_insert_with(|| glyph.text.clone());
            }
        }
    }
}

/// Writes a sheet as PDF.
///
/// # Errors
/// When the font can't be cut down to what is used.
pub fn to_pdf(words: &Words, items: &[Item]) -> io::Result<Vec<u8>> {
    let title = format!("{} – {}", words.title, words.learner);
    bound(&Bound { language: &words.language, title: &title, author: &words.school, size: [WIDTH, HEIGHT] }, &[items])
}

/// What a document says of itself, and the size of its pages in points.
#[derive(Debug, Clone, Copy)]
pub struct Bound<'a> {
    /// The language, as a tag of BCP 47.
    pub language: &'a str,
    /// Its title.
    pub title: &'a str,
    /// Who made it.
    pub author: &'a str,
    /// Width and height of each page.
    pub size: [f32; 2],
}

/// Writes pages as one PDF.
///
/// # Errors
/// When the font can't be cut down to what is used.
pub fn bound(about: &Bound<'_>, sheets: &[&[Item]]) -> io::Result<Vec<u8>> {
    let mut used: BTreeMap<Cut, Used> = BTreeMap::new();
    for item in sheets.iter().copied().flatten() {
        if let Item::Text { line, .. } | Item::Stamp { line, .. } = item {
            used.entry(line.cut).or_default().take(line);
        }
    }
    let mut next = 0;
    let mut reference = || {
        next += 1;
        Ref::new(next)
    };
    let (catalog, pages, state, info) = (reference(), reference(), reference(), reference());
    let kids: Vec<(Ref, Ref)> = sheets.iter().map(|_| (reference(), reference())).collect();
    let mut pdf = Pdf::new();
    pdf.catalog(catalog).pages(pages).lang(TextStr(about.language));
    pdf.document_info(info).title(TextStr(about.title)).author(TextStr(about.author));
    let count = i32::try_from(kids.len()).unwrap_or(i32::MAX);
    pdf.pages(pages).kids(kids.iter().map(|(page, _)| *page)).count(count);
    let fonts: Vec<(Cut, Ref)> = used.keys().map(|cut| (*cut, reference())).collect();
    let [width, height] = about.size;
    for ((page, content), items) in kids.into_iter().zip(sheets) {
        let mut sheet = pdf.page(page);
        sheet.media_box(Rect::new(0.0, 0.0, width, height)).parent(pages).contents(content);
        let mut resources = sheet.resources();
        let mut named = resources.fonts();
        for (cut, font) in &fonts {
            named.pair(name(*cut), *font);
        }
        named.finish();
        resources.ext_g_states().pair(Name(b"Half"), state);
        resources.finish();
        sheet.finish();
        let written = deflated(&drawn(items, &used, height))?;
        pdf.stream(content, &written).filter(Filter::FlateDecode);
    }
    pdf.ext_graphics(state).non_stroking_alpha(0.3);
    for (cut, font) in fonts {
        embed(&mut pdf, cut, &used[&cut], font, &mut reference)?;
    }
    Ok(pdf.finish())
}

fn name(cut: Cut) -> Name<'static> {
    match cut {
        Cut::Regular => Name(b"Regular"),
        Cut::Bold => Name(b"Bold"),
    }
}

/// The page. Its units grow upwards.
fn drawn(items: &[Item], used: &BTreeMap<Cut, Used>, height: f32) -> Vec<u8> {
    let mut content = Content::new();
    for item in items {
        match item {
            Item::Frame { x, y, width, height: high, line, colour } => {
                let [red, green, blue] = share(*colour);
                content.set_stroke_rgb(red, green, blue).set_line_width(*line).rect(*x, height - y - high, *width, *high).stroke();
            }
            Item::Rule { x, y, width, line, colour } => {
                let [red, green, blue] = share(*colour);
                content
                    .set_stroke_rgb(red, green, blue)
                    .set_line_width(*line)
                    .move_to(*x, height - y)
                    .line_to(x + width, height - y)
                    .stroke();
            }
            Item::Text { x, y, line, colour } => letters(&mut content, used, line, [*x, height - y, 0.0], *colour),
            Item::Stamp { x, y, line, colour, turn } => {
                content.save_state().set_parameters(Name(b"Half"));
                letters(&mut content, used, line, [*x, height - y, *turn], *colour);
                content.restore_state();
            }
        }
    }
    content.finish().to_vec()
}

fn share(colour: [u8; 3]) -> [f32; 3] {
    colour.map(|part| f32::from(part) / 255.0)
}

/// Each glyph at its own place, upwards from the lower edge: the widths of the font are not relied on.
fn letters(content: &mut Content, used: &BTreeMap<Cut, Used>, line: &Line, [x, y, turn]: [f32; 3], colour: [u8; 3]) {
    let ([red, green, blue], (sin, cos)) = (share(colour), turn.to_radians().sin_cos());
    content.begin_text().set_fill_rgb(red, green, blue).set_font(name(line.cut), line.size);
    for glyph in &line.glyphs {
        let (along, up) = (glyph.x, glyph.y);
        content.set_text_matrix([cos, sin, -sin, cos, x + along * cos - up * sin, y + along * sin + up * cos]);
        content.show(Str(&used[&line.cut].glyphs.get(glyph.id).unwrap_or(0).to_be_bytes()));
    }
    content.end_text();
}

fn embed(pdf: &mut Pdf, cut: Cut, used: &Used, font: Ref, reference: &mut impl FnMut() -> Ref) -> io::Result<()> {
    let (descendant, descriptor, file, texts) = (reference(), reference(), reference(), reference());
    let face = cut.face();
    // Six letters before a name say that it is a part of the font.
    let full = match cut {
        Cut::Regular => Name(b"LECTRN+NotoSerif-Regular"),
        Cut::Bold => Name(b"LECTRN+NotoSerif-Bold"),
    };
    pdf.type0_font(font).base_font(full).encoding_predefined(Name(b"Identity-H")).descendant_font(descendant).to_unicode(texts);
    let thousandth = |units: i32| units as f32 * 1000.0 / face.units_per_em() as f32;
    let advances = used.glyphs.remapped_gids().map(|old| {
        let advance = face.glyph_hor_advance(rustybuzz::ttf_parser::GlyphId(old)).unwrap_or(0);
        thousandth(i32::from(advance))
    });
    let mut cid = pdf.cid_font(descendant);
    cid.subtype(CidFontType::Type2).base_font(full).system_info(IDENTITY).font_descriptor(descriptor).default_width(0.0);
    cid.cid_to_gid_map_predefined(Name(b"Identity")).widths().consecutive(0, advances);
    cid.finish();
    let bounds = face.global_bounding_box();
    let [left, low, right, high] = [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(|units| thousandth(i32::from(units)));
    pdf.font_descriptor(descriptor)
        .name(full)
        .flags(FontFlags::SYMBOLIC | FontFlags::SERIF)
        .bbox(Rect::new(left, low, right, high))
        .italic_angle(0.0)
        .ascent(thousandth(i32::from(face.ascender())))
        .descent(thousandth(i32::from(face.descender())))
        .cap_height(thousandth(i32::from(face.capital_height().unwrap_or(face.ascender()))))
        .stem_v(if cut == Cut::Bold { 140.0 } else { 90.0 })
        .font_file2(file);
    let part = subsetter::subset(cut.file(), 0, &used.glyphs).map_err(|error| io::Error::other(error.to_string()))?;
    let length = i32::try_from(part.len()).unwrap_or(i32::MAX);
    let packed = deflated(&part)?;
    pdf.stream(file, &packed).filter(Filter::FlateDecode).pair(Name(b"Length1"), length);
    let mut says = UnicodeCmap::new(Name(b"Said"), IDENTITY);
    for (id, text) in &used.texts {
        says.pair_with_multiple(*id, text.chars());
    }
    pdf.cmap(texts, &says.finish());
    Ok(())
}

fn deflated(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
    packed.write_all(bytes)?;
    packed.finish()
}
