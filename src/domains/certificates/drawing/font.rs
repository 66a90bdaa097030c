//! The embedded font: Noto Serif, with the letters of Latin, Greek and Cyrillic (SIL Open Font License, `fonts/OFL.txt`).

use std::sync::LazyLock;

use rustybuzz::{
    Face, UnicodeBuffer,
    ttf_parser::{GlyphId, OutlineBuilder},
};

static REGULAR: &[u8] = include_bytes!("../fonts/NotoSerif-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../fonts/NotoSerif-Bold.ttf");

static FACES: LazyLock<[Option<Face<'static>>; 2]> = LazyLock::new(|| [Face::from_slice(REGULAR, 0), Face::from_slice(BOLD, 0)]);

/// A cut of the font.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cut {
    /// As texts are written.
    Regular,
    /// As headings are.
    Bold,
}

impl Cut {
    #[cfg(test)]
    pub const ALL: [Cut; 2] = [Cut::Regular, Cut::Bold];

    /// The file of the font.
    pub fn file(self) -> &'static [u8] {
        match self {
            Cut::Regular => REGULAR,
            Cut::Bold => BOLD,
        }
    }

    /// The font, read. A test reads both.
    pub fn face(self) -> &'static Face<'static> {
        FACES[self as usize].as_ref().expect("the embedded font can be read")
    }

    /// What one of its units measures at a size.
    pub fn scale(self, size: f32) -> f32 {
        size / self.face().units_per_em() as f32
    }
}

/// A glyph of a line: where it stands behind the line's beginning, and which part of the text it shows.
#[derive(Debug, Clone)]
pub struct Glyph {
    /// Its number in the font.
    pub id: u16,
    /// How far behind the line's beginning.
    pub x: f32,
    /// How far above its baseline.
    pub y: f32,
    /// What it shows.
    pub text: String,
}

/// A line of text, as glyphs.
#[derive(Debug, Clone)]
pub struct Line {
    /// In which cut of the font.
    pub cut: Cut,
    /// In points.
    pub size: f32,
    /// What it is made of.
    pub glyphs: Vec<Glyph>,
    /// How wide it is, in points.
    pub width: f32,
}

/// Puts a text into glyphs, with kerning and marks at their places. What the font does not have becomes its empty box.
pub fn line(cut: Cut, size: f32, text: &str) -> Line {
    let (face, scale) = (cut.face(), cut.scale(size));
    let mut buffer = UnicodeBuffer::new();
    buffer.push_str(text);
    let shaped = rustybuzz::shape(face, &[], buffer);
    let (infos, positions) = (shaped.glyph_infos(), shaped.glyph_positions());
    let (mut glyphs, mut at) = (Vec::with_capacity(infos.len()), 0.0);
    for (index, (info, position)) in infos.iter().zip(positions).enumerate() {
        let from = info.cluster as usize;
        // Several glyphs of one cluster: the first of them has its text.
        let is_first = index == 0 || infos[index - 1].cluster != info.cluster;
        let to = infos.iter().map(|other| other.cluster as usize).filter(|&other| other > from).min().unwrap_or(text.len());
        let text = if is_first { text.get(from..to).unwrap_or_default().to_owned() } else { String::new() };
        let id = u16::try_from(info.glyph_id).unwrap_or(0);
        glyphs.push(Glyph { id, x: at + position.x_offset as f32 * scale, y: position.y_offset as f32 * scale, text });
        at += position.x_advance as f32 * scale;
    }
    Line { cut, size, glyphs, width: at }
}

/// The outline of a glyph, written by a builder.
pub fn outline(cut: Cut, id: u16, builder: &mut dyn OutlineBuilder) {
    cut.face().outline_glyph(GlyphId(id), builder);
}

#[cfg(test)]
mod tests {
    use super::{Cut, line};

    #[test]
    fn both_cuts_are_read_and_have_the_letters_of_europe() {
        for cut in Cut::ALL {
            let written = line(cut, 10.0, "Ångström Ελένη Дмитрий Łukasz Nguyễn – „…“ 0123456789");
            assert!(written.glyphs.iter().all(|glyph| glyph.id != 0), "{written:?}");
            assert_eq!(written.glyphs.iter().map(|glyph| glyph.text.as_str()).collect::<String>().chars().count(), 53);
        }
    }

    #[test]
    fn letters_are_kerned() {
        let (pair, one, other) = (line(Cut::Regular, 100.0, "AV"), line(Cut::Regular, 100.0, "A"), line(Cut::Regular, 100.0, "V"));
        assert!(pair.width < one.width + other.width - 1.0);
    }
}
