//! What a model has written, so that reading it makes no client load anything: images lead to listed hosts or are taken out, tags of HTML that load or run
//! something are written as text. It is done while the text comes, piece by piece.
//!
//! Code is left as it is, so what code is must never be judged more generously here than by whoever shows the text. Where readers of Markdown may differ
//! (fences inside lists, a tick that is closed on another line, HTML around it), the text counts as no code.

mod code;
mod hosts;
mod images;
mod tags;

use self::code::{Fence, Fenced, Line};
pub use self::hosts::external_hosts;

/// Characters that are held back at most until it is known what they are; what is undecided then is escaped.
const HELD: usize = 2048;

/// Takes text as it comes, and gives it on without what would be loaded.
#[derive(Debug, Clone)]
pub struct Filter {
    allowed: Vec<String>,
    /// What is not decided.
    held: Vec<char>,
    /// Whether what is held begins a line.
    at_line_start: bool,
    fence: Option<Fence>,
    /// Readers may differ about where code begins and ends: nothing counts as code any more.
    is_unclear: bool,
    /// A block of HTML may have begun that lasts until an empty line.
    is_in_html: bool,
    /// The line before is one of dashes: what follows may be read as something else up to the next such line, fences among it.
    is_after_dashes: bool,
    /// Of the present paragraph: whether ticks may mean something else in it than they seem to.
    is_paragraph_unclear: bool,
    /// The last character that was given on.
    last: Option<char>,
    /// What was given on and not asked for, but for code.
    prose: String,
    /// The last character that came is a carriage return: a line feed after it ends the same line.
    was_return: bool,
}

/// What comes of looking at what is held.
enum Step {
    /// So many characters are given on as they are.
    Pass(usize),
    /// So many characters are code.
    Code(usize),
    /// So many characters become this.
    Become(usize, String),
    /// It depends on what comes.
    Wait,
}

impl Filter {
    /// With the hosts that images may come from.
    pub fn new(allowed_image_hosts: &[String]) -> Self {
        Filter {
            allowed: allowed_image_hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            held: Vec::new(),
            at_line_start: true,
            fence: None,
            is_unclear: false,
            is_in_html: false,
            is_after_dashes: false,
            is_paragraph_unclear: false,
            last: None,
            prose: String::new(),
            was_return: false,
        }
    }

    /// A whole text, filtered.
    pub fn whole(text: &str, allowed_image_hosts: &[String]) -> String {
        let mut filter = Filter::new(allowed_image_hosts);
        let mut out = filter.push(text);
        out.push_str(&filter.finish());
        out
    }

    /// Takes what comes next, and gives on what is decided.
    pub fn push(&mut self, text: &str) -> String {
        // Other ends of lines would be lines to some readers and none to others.
        for letter in text.chars().filter(|letter| *letter != '\0') {
            if !(letter == '\n' && self.was_return) {
                self.held.push(if letter == '\r' { '\n' } else { letter });
            }
            self.was_return = letter == '\r';
        }
        self.run(false)
    }

    /// Gives on what is left: nothing more comes.
    pub fn finish(&mut self) -> String {
        self.run(true)
    }

    /// What was given on since this was asked for, but for code: whose links are listed.
    pub fn prose(&mut self) -> String {
        std::mem::take(&mut self.prose)
    }

    fn run(&mut self, is_end: bool) -> String {
        let mut out = String::new();
        let held = std::mem::take(&mut self.held);
        let mut at = 0;
        while at < held.len() {
            let rest = &held[at..];
            let step = match self.step(rest, is_end) {
                Step::Wait if is_end || rest.len() >= HELD => self.undecided(rest),
                step => step,
            };
            at += match step {
                Step::Wait => break,
                Step::Pass(count) => {
                    let text: String = rest[..count].iter().collect();
                    self.give(&mut out, &text, false);
                    count
                }
                Step::Code(count) => {
                    let text: String = rest[..count].iter().collect();
                    self.give(&mut out, &text, true);
                    count
                }
                Step::Become(count, text) => {
                    self.give(&mut out, &text, false);
                    self.at_line_start = rest[..count].last() == Some(&'\n');
                    if text_is_a_mark(rest, count) {
                        self.last = None; // it is nothing but itself
                    }
                    count
                }
            };
        }
        self.held = held[at..].to_vec();
        out
    }

    fn give(&mut self, out: &mut String, text: &str, is_code: bool) {
        if let Some(last) = text.chars().last() {
            self.last = Some(last);
            self.at_line_start = last == '\n';
        }
        if is_code {
            // A gap, so that what stands before and after is not read together.
            self.prose.push(' ');
        } else {
            self.prose.push_str(text);
        }
        out.push_str(text);
    }

    fn step(&mut self, rest: &[char], is_end: bool) -> Step {
        if self.at_line_start {
            match self.begin_line(rest, is_end) {
                Some(step) => return step,
                None => self.at_line_start = false,
            }
        }
        if self.fence.is_some() {
            // The line is code to its end, which may still come.
            let count = rest.iter().position(|letter| *letter == '\n').map_or(rest.len(), |end| end + 1);
            return Step::Code(count);
        }
        self.inline(rest, is_end)
    }

    /// What the beginning of a line says; none: nothing of its own.
    fn begin_line(&mut self, rest: &[char], is_end: bool) -> Option<Step> {
        let end = rest.iter().position(|letter| *letter == '\n');
        let line = &rest[..end.unwrap_or(rest.len())];
        let is_whole = end.is_some() || is_end;
        let count = end.map_or(line.len(), |end| end + 1);
        if let Some(fence) = &self.fence {
            return match fence.next(line, is_whole) {
                Fenced::Undecided => Some(Step::Wait),
                Fenced::Inside => None,
                Fenced::Closed => {
                    self.fence = None;
                    Some(Step::Code(count))
                }
                Fenced::Unclear => {
                    self.fence = None;
                    self.is_unclear = true;
                    None
                }
            };
        }
        let kind = code::line(line, is_whole);
        if !matches!(kind, Line::Undecided) {
            self.is_unclear |= std::mem::take(&mut self.is_after_dashes) && !matches!(kind, Line::Empty);
        }
        match kind {
            Line::Undecided => Some(Step::Wait),
            Line::Empty => {
                (self.is_in_html, self.is_paragraph_unclear) = (false, false);
                Some(Step::Pass(count))
            }
            Line::Dashes => {
                self.is_after_dashes = true;
                Some(Step::Pass(count))
            }
            Line::Plain { may_be_html, is_odd } => {
                self.is_in_html |= may_be_html;
                self.is_unclear |= is_odd;
                None
            }
            Line::UnclearFence => {
                self.is_unclear = true;
                None
            }
            Line::Fence(_) if self.is_in_html || self.is_unclear => {
                self.is_unclear = true;
                None
            }
            Line::Fence(fence) => {
                self.fence = Some(fence);
                self.is_paragraph_unclear = false;
                Some(Step::Code(count))
            }
        }
    }

    /// What the next characters of a text are.
    fn inline(&mut self, rest: &[char], is_end: bool) -> Step {
        match rest[0] {
            '\n' => Step::Pass(1),
            '\\' => match rest.get(1) {
                None => Step::Wait,
                // What is escaped is nothing but itself. Not an image's mark: whether the escape holds depends on what is code.
                Some('!') if self.is_unclear || self.is_paragraph_unclear => Step::Pass(1),
                Some(next) if next.is_ascii_punctuation() && *next != '<' => Step::Pass(2),
                Some(_) => Step::Pass(1),
            },
            '`' => self.ticks(rest, is_end),
            '!' => match rest.get(1) {
                None => Step::Wait,
                Some('[') => images::image(rest, &self.allowed, self.last),
                Some(_) => Step::Pass(1),
            },
            // A removed image is text: what follows must not make one of it again.
            '[' if self.last == Some('!') => Step::Become(1, "\\[".to_owned()),
            '<' => {
                let step = tags::tag(rest);
                let is_markup = rest.get(1).is_none_or(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?'));
                // One that is escaped is text to everybody: ticks after it mean what they seem to.
                if is_markup && matches!(step, Step::Pass(_)) {
                    self.is_paragraph_unclear = true;
                }
                step
            }
            '$' => {
                self.is_paragraph_unclear = true;
                Step::Pass(1)
            }
            _ => {
                let count = rest.iter().position(|letter| matches!(letter, '\n' | '\\' | '`' | '!' | '<' | '[' | '$'));
                Step::Pass(count.unwrap_or(rest.len()).max(1))
            }
        }
    }

    /// Code between ticks, on one line of a paragraph in which ticks mean nothing else.
    fn ticks(&mut self, rest: &[char], is_end: bool) -> Step {
        let open = rest.iter().take_while(|letter| **letter == '`').count();
        if self.is_unclear || self.is_paragraph_unclear || self.is_in_html {
            return Step::Pass(open);
        }
        match code::span(rest, open, is_end) {
            code::Span::Undecided => Step::Wait,
            code::Span::Code(count) => Step::Code(count),
            code::Span::Unclear => {
                self.is_paragraph_unclear = true;
                Step::Pass(open)
            }
        }
    }

    /// What is held for too long, or was never finished: its first character, as nothing but text.
    fn undecided(&mut self, rest: &[char]) -> Step {
        match rest[0] {
            '<' => Step::Become(1, "&lt;".to_owned()),
            '!' if rest.get(1) == Some(&'[') => Step::Become(1, images::mark(self.last).to_owned()),
            '`' | '~' => {
                self.is_unclear = true;
                self.at_line_start = false;
                Step::Become(1, format!("\\{}", rest[0]))
            }
            _ => {
                if self.at_line_start {
                    self.is_unclear = true;
                    self.at_line_start = false;
                }
                Step::Pass(1)
            }
        }
    }
}

/// Whether an exclamation mark alone has become something else.
fn text_is_a_mark(rest: &[char], count: usize) -> bool {
    count == 1 && rest[0] == '!'
}

#[cfg(test)]
mod tests;
