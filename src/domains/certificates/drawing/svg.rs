//! A sheet as SVG. Letters are written as outlines, each once, so that it looks the same wherever it is shown; what it says stands in its title as well.

use std::{collections::BTreeSet, fmt::Write as _};

use rustybuzz::ttf_parser::OutlineBuilder;

use super::{
    Words,
    font::{Cut, Line, outline},
    sheet::{HEIGHT, Item, WIDTH},
};

/// Writes a sheet as SVG.
pub fn to_svg(words: &Words, items: &[Item]) -> String {
    let mut out = String::with_capacity(100_000);
    let said = [words.heading.as_str(), words.learner.as_str(), words.title.as_str(), words.school.as_str()].join(" · ");
    let said = words.mark.as_ref().map_or(said.clone(), |mark| format!("{mark} · {said}"));
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{HEIGHT}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" xml:lang=\"{}\">\
         <title>{}</title><desc>{}</desc><defs>",
        escaped(&words.language),
        escaped(&said),
        escaped(&words.footer)
    );
    let lines = items.iter().filter_map(|item| match item {
        Item::Text { line, .. } | Item::Stamp { line, .. } => Some(line),
        _ => None,
    });
    let letters: BTreeSet<(Cut, u16)> = lines.flat_map(|line| line.glyphs.iter().map(|glyph| (line.cut, glyph.id))).collect();
    for (cut, id) in letters {
        let mut path = Path(String::new());
        outline(cut, id, &mut path);
        let _ = write!(out, "<path id=\"{}{id}\" d=\"{}\"/>", letter_of(cut), path.0);
    }
    let _ = write!(out, "</defs><rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>");
    for item in items {
        match item {
            Item::Frame { x, y, width, height, line, colour } => {
                let _ = write!(
                    out,
                    "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{line}\"/>",
                    hex(*colour)
                );
            }
            Item::Rule { x, y, width, line, colour } => {
                let _ = write!(out, "<path d=\"M{x} {y}h{width}\" stroke=\"{}\" stroke-width=\"{line}\"/>", hex(*colour));
            }
            Item::Text { x, y, line, colour } => write_line(&mut out, line, [*x, *y, 0.0], &hex(*colour)),
            Item::Stamp { x, y, line, colour, turn } => {
                write_line(&mut out, line, [*x, *y, *turn], &format!("{}\" fill-opacity=\".3", hex(*colour)));
            }
        }
    }
    out.push_str("</svg>\n");
    out
}

fn hex([red, green, blue]: [u8; 3]) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// What the ids of a cut's letters begin with.
fn letter_of(cut: Cut) -> char {
    match cut {
        Cut::Regular => 'r',
        Cut::Bold => 'b',
    }
}

/// A line in the font's units, which grow upwards.
fn write_line(out: &mut String, line: &Line, [x, y, turn]: [f32; 3], fill: &str) {
    let scale = line.cut.scale(line.size);
    let turned = if turn == 0.0 { String::new() } else { format!(" rotate({})", -turn) };
    let _ = write!(out, "<g fill=\"{fill}\" transform=\"translate({x:.2} {y:.2}){turned} scale({scale:.6} -{scale:.6})\">");
    for glyph in &line.glyphs {
        let (along, up) = (glyph.x / scale, glyph.y / scale);
        let up = if up == 0.0 { String::new() } else { format!(" y=\"{up:.0}\"") };
        let _ = write!(out, "<use href=\"#{}{}\" x=\"{along:.0}\"{up}/>", letter_of(line.cut), glyph.id);
    }
    out.push_str("</g>");
}

/// Writes an outline as the data of a path.
struct Path(String);

impl Path {
    fn write(&mut self, step: char, points: &[f32]) {
        self.0.push(step);
        for (index, point) in points.iter().enumerate() {
            let gap = if index == 0 { "" } else { " " };
            let _ = write!(self.0, "{gap}{point}");
        }
    }
}

impl OutlineBuilder for Path {
    fn move_to(&mut self, x: f32, y: f32) {
        self.write('M', &[x, y]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.write('L', &[x, y]);
    }

    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.write('Q', &[x1, y1, x, y]);
    }

    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.write('C', &[x1, y1, x2, y2, x, y]);
    }

    fn close(&mut self) {
        self.0.push('Z');
    }
}
