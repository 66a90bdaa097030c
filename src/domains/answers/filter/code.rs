//! What is code: where every reader of Markdown agrees.

/// A block of code that has begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fence {
    mark: char,
    length: usize,
    /// Spaces before it. A line of the block with fewer may lie outside of it already: that depends on what is around.
    indent: usize,
}

/// What a line is to a block of code.
#[derive(Debug, PartialEq, Eq)]
pub enum Fenced {
    Undecided,
    Inside,
    Closed,
    /// Readers may differ.
    Unclear,
}

/// What a line is that stands in no block of code.
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    Undecided,
    Empty,
    /// Three dashes or pluses, as they stand around what describes a document.
    Dashes,
    Plain {
        /// It may begin a block of HTML.
        may_be_html: bool,
        /// What follows may be read by other rules.
        is_odd: bool,
    },
    Fence(Fence),
    /// A fence to some readers.
    UnclearFence,
}

impl Fence {
    /// What the next line is.
    pub fn next(&self, line: &[char], is_whole: bool) -> Fenced {
        let indent = line.iter().take_while(|letter| **letter == ' ').count();
        let Some(first) = line.get(indent) else {
            return if is_whole { Fenced::Inside } else { Fenced::Undecided };
        };
        if indent < self.indent || (*first == '\t' && self.indent > 0) {
            return Fenced::Unclear;
        }
        if *first != self.mark {
            return Fenced::Inside;
        }
        let marks = line[indent..].iter().take_while(|letter| **letter == self.mark).count();
        let after = &line[indent + marks..];
        if after.iter().any(|letter| !matches!(letter, ' ' | '\t')) {
            return Fenced::Inside;
        }
        if !is_whole {
            return Fenced::Undecided;
        }
        match (marks >= self.length, indent <= 3) {
            (true, true) => Fenced::Closed,
            (true, false) if self.indent > 0 => Fenced::Unclear,
            _ => Fenced::Inside,
        }
    }
}

/// What a line is, as far as it has come.
pub fn line(line: &[char], is_whole: bool) -> Line {
    // What may stand before a block inside of another: spaces, marks of quotes and lists.
    let mut at = 0;
    while let Some(letter) = line.get(at) {
        match letter {
            ' ' | '\t' | '>' | '-' | '*' | '+' => at += 1,
            digit if digit.is_ascii_digit() && at < 40 => {
                let digits = line[at..].iter().take_while(|letter| letter.is_ascii_digit()).count();
                match line.get(at + digits) {
                    Some('.' | ')') => at += digits + 1,
                    None if !is_whole => return Line::Undecided,
                    _ => break,
                }
            }
            _ => break,
        }
    }
    let Some(first) = line.get(at) else {
        let text: String = line.iter().collect();
        if is_whole && matches!(text.trim_end(), "---" | "+++") {
            return Line::Dashes;
        }
        return match (is_whole, line.iter().all(|letter| letter.is_whitespace())) {
            (false, _) => Line::Undecided,
            (true, true) => Line::Empty,
            (true, false) => Line::Plain { may_be_html: false, is_odd: false },
        };
    };
    if !matches!(first, '`' | '~') {
        let is_dollars = *first == '$' && line.get(at + 1).is_none_or(|next| *next == '$');
        return Line::Plain { may_be_html: *first == '<', is_odd: is_dollars };
    }
    let marks = line[at..].iter().take_while(|letter| *letter == first).count();
    if marks < 3 {
        return if at + marks == line.len() && !is_whole { Line::Undecided } else { Line::Plain { may_be_html: false, is_odd: false } };
    }
    if !is_whole {
        return Line::Undecided;
    }
    if *first == '`' && line[at + marks..].contains(&'`') {
        return Line::Plain { may_be_html: false, is_odd: false };
    }
    let is_plain = line[..at].iter().all(|letter| *letter == ' ') && at <= 3;
    if is_plain { Line::Fence(Fence { mark: *first, length: marks, indent: at }) } else { Line::UnclearFence }
}

/// What begins with ticks.
#[derive(Debug, PartialEq, Eq)]
pub enum Span {
    Undecided,
    /// So many characters, ticks included.
    Code(usize),
    /// Not on this line, or readers may differ.
    Unclear,
}

/// Code that begins with so many ticks: to as many on the same line. `is_end`: nothing comes after the rest.
pub fn span(rest: &[char], open: usize, is_end: bool) -> Span {
    let mut at = open;
    if at == rest.len() {
        return Span::Undecided;
    }
    while let Some(letter) = rest.get(at) {
        match letter {
            '\n' => return Span::Unclear,
            // A cell of a table ends here, also inside of code.
            '|' => return Span::Unclear,
            '`' => {
                let close = rest[at..].iter().take_while(|letter| **letter == '`').count();
                if at + close == rest.len() && !is_end {
                    return Span::Undecided;
                }
                at += close;
                if close == open {
                    return Span::Code(at);
                }
            }
            _ => at += 1,
        }
    }
    Span::Undecided
}
