//! Where an answer ends, and whether it is one.

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1, kept alive; a GraphQL answer without `errors`.
    Http,
    /// PostgreSQL's: everything up to ReadyForQuery.
    Pg,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Answered,
    Refused,
}

impl Protocol {
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "http" => Some(Protocol::Http),
            "pg" => Some(Protocol::Pg),
            _ => None,
        }
    }

    /// None while the answer is not complete.
    pub fn verdict(self, bytes: &[u8]) -> Option<Verdict> {
        match self {
            Protocol::Http => http(bytes),
            Protocol::Pg => pg(bytes),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

fn http(bytes: &[u8]) -> Option<Verdict> {
    let head = find(&bytes[..bytes.len().min(4096)], b"\r\n\r\n")? + 4;
    let lines = || bytes[..head].split(|byte| *byte == b'\n');
    let header = |name: &[u8]| {
        lines().find(|line| line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name)).map(|line| &line[name.len()..])
    };
    match header(b"content-length:") {
        Some(value) => {
            let length: usize = std::str::from_utf8(value).ok()?.trim().parse().ok()?;
            if bytes.len() < head + length {
                return None;
            }
        }
        // Chunked: the last chunk is empty.
        None if !bytes.ends_with(b"0\r\n\r\n") => return None,
        None => {}
    }
    // Errors stand in front of the data or behind it, never only in the middle.
    let body = &bytes[head..];
    let edge = body.len().min(400);
    let is_ok = bytes[9..].starts_with(b"200")
        && find(&body[..edge], b"\"errors\"").is_none()
        && find(&body[body.len() - edge..], b"\"errors\"").is_none();
    Some(if is_ok { Verdict::Answered } else { Verdict::Refused })
}

fn pg(bytes: &[u8]) -> Option<Verdict> {
    let mut rest = bytes;
    let mut verdict = Verdict::Answered;
    while let Some((&kind, tail)) = rest.split_first() {
        let length = u32::from_be_bytes(*tail.first_chunk()?) as usize;
        if tail.len() < length {
            return None;
        }
        match kind {
            b'E' => verdict = Verdict::Refused,
            b'Z' => return Some(verdict),
            _ => {}
        }
        rest = &tail[length..];
    }
    None
}
