//! Where everything stands on the sheet: A4, across, in points from the upper left corner.

use super::{
    Words,
    font::{Cut, Line, line},
};

/// How wide the sheet is.
pub const WIDTH: f32 = 842.0;
/// How high it is.
pub const HEIGHT: f32 = 595.0;

const MIDDLE: f32 = WIDTH / 2.0;
/// What may be written on, between the frames.
const ROOM: f32 = 640.0;
const INK: [u8; 3] = [0x22, 0x26, 0x2b];
const FAINT: [u8; 3] = [0x5f, 0x66, 0x6e];
const STAMP: [u8; 3] = [0xb4, 0x23, 0x18];

/// Something on the sheet.
#[derive(Debug, Clone)]
pub enum Item {
    /// The outline of a rectangle.
    Frame { x: f32, y: f32, width: f32, height: f32, line: f32, colour: [u8; 3] },
    /// A line from left to right.
    Rule { x: f32, y: f32, width: f32, line: f32, colour: [u8; 3] },
    /// A line of text that begins at a point of its baseline.
    Text { x: f32, y: f32, line: Line, colour: [u8; 3] },
    /// The same, turned by some degrees (against the clock) around that point, half transparent.
    Stamp { x: f32, y: f32, line: Line, colour: [u8; 3], turn: f32 },
}

/// Puts a certificate on a sheet.
pub fn sheet(words: &Words) -> Vec<Item> {
    let mut items = vec![
        Item::Frame { x: 24.0, y: 24.0, width: WIDTH - 48.0, height: HEIGHT - 48.0, line: 3.0, colour: words.colour },
        Item::Frame { x: 31.0, y: 31.0, width: WIDTH - 62.0, height: HEIGHT - 62.0, line: 0.75, colour: words.colour },
    ];
    centred(&mut items, 84.0, fitting(Cut::Bold, 18.0, &words.school), words.colour);
    centred(&mut items, 142.0, fitting(Cut::Regular, 38.0, &words.heading), INK);
    items.push(Item::Rule { x: MIDDLE - 60.0, y: 158.0, width: 120.0, line: 1.0, colour: words.colour });
    centred(&mut items, 190.0, line(Cut::Regular, 13.0, &words.before), FAINT);
    centred(&mut items, 230.0, fitting(Cut::Bold, 30.0, &words.learner), INK);
    centred(&mut items, 262.0, line(Cut::Regular, 13.0, &words.after), FAINT);
    let mut y = 296.0;
    for written in paragraph(Cut::Bold, &words.title, &[22.0, 19.0, 16.0], 2) {
        y += written.size * 1.3;
        centred(&mut items, y - written.size * 1.3, written, INK);
    }
    y += 4.0;
    let most = lines_to(y);
    for written in words.text.iter().flat_map(|text| paragraph(Cut::Regular, text, &[12.0, 10.5, 9.0, 8.0], most)) {
        y += written.size * 1.4;
        centred(&mut items, y - written.size * 1.4, written, INK);
    }
    let mut y = 500.0;
    for fact in words.facts.iter().rev() {
        items.push(Item::Text { x: 84.0, y, line: narrow(fact), colour: INK });
        y -= 16.0;
    }
    if let Some(signatory) = &words.signatory {
        let (written, x) = (narrow(signatory), WIDTH - 84.0 - 220.0);
        items.push(Item::Rule { x, y: 484.0, width: 220.0, line: 0.75, colour: FAINT });
        items.push(Item::Text { x: x + (220.0 - written.width) / 2.0, y: 500.0, line: written, colour: INK });
    }
    centred(&mut items, 548.0, fitting(Cut::Regular, 9.0, &words.footer), FAINT);
    if let Some(mark) = &words.mark {
        let (written, turn) = (line(Cut::Bold, 92.0, mark), 24.0_f32);
        let (sin, cos) = turn.to_radians().sin_cos();
        let written = if written.width * cos > WIDTH - 120.0 {
            line(Cut::Bold, 92.0 * (WIDTH - 120.0) / (written.width * cos), mark)
        } else {
            written
        };
        let (x, y) = (MIDDLE - written.width / 2.0 * cos, HEIGHT / 2.0 + written.width / 2.0 * sin + written.size * 0.3);
        items.push(Item::Stamp { x, y, line: written, colour: STAMP, turn });
    }
    items
}

/// How many lines of the smallest text fit from here down to the facts.
fn lines_to(y: f32) -> usize {
    ((452.0 - y) / 11.2) as usize
}

fn centred(items: &mut Vec<Item>, y: f32, line: Line, colour: [u8; 3]) {
    items.push(Item::Text { x: MIDDLE - line.width / 2.0, y, line, colour });
}

/// One line, smaller where it would be too wide.
fn fitting(cut: Cut, size: f32, text: &str) -> Line {
    within(cut, size, text, ROOM)
}

/// A line of the lower corners.
fn narrow(text: &str) -> Line {
    within(Cut::Regular, 11.0, text, 260.0)
}

fn within(cut: Cut, size: f32, text: &str, room: f32) -> Line {
    let written = line(cut, size, text);
    if written.width <= room { written } else { line(cut, size * room / written.width, text) }
}

/// Lines of a text, at the first of some sizes at which they are no more than that many; those beyond at the last size are cut off, and say so.
fn paragraph(cut: Cut, text: &str, sizes: &[f32], most: usize) -> Vec<Line> {
    let mut lines = Vec::new();
    for &size in sizes {
        lines = wrapped(cut, size, text);
        // Each size up to the last may take as much room as the last does.
        let room = most as f32 * sizes.last().copied().unwrap_or(size);
        if lines.len() <= most && lines.len() as f32 * size <= room.max(size * 2.0) {
            return lines;
        }
    }
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            let text: String = last.glyphs.iter().map(|glyph| glyph.text.as_str()).collect();
            *last = within(cut, last.size, &format!("{} …", text.trim_end()), ROOM);
        }
    }
    lines
}

fn wrapped(cut: Cut, size: f32, text: &str) -> Vec<Line> {
    let mut lines = Vec::new();
    for part in text.split('\n') {
        let mut current = String::new();
        for word in part.split_whitespace() {
            let longer = if current.is_empty() { word.to_owned() } else { format!("{current} {word}") };
            if !current.is_empty() && line(cut, size, &longer).width > ROOM {
                lines.push(line(cut, size, &current));
                current = word.to_owned();
            } else {
                current = longer;
            }
        }
        // A single word may be longer than the sheet.
        lines.push(within(cut, size, &current, ROOM));
    }
    lines
}
