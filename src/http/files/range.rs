//! Which part of a file a client asks for, and whether it has it already.

use axum::http::{HeaderMap, header};

/// What a client gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All of it.
    Whole,
    /// From this byte to before that one.
    Part(u64, u64),
    /// There is no such part.
    Nothing,
}

/// One range of bytes, where the client asks for one that it can be given; several at once, and what can't be read, is the whole.
pub(super) fn wanted(headers: &HeaderMap, size: u64, etag: &str) -> Wanted {
    let Some(range) = headers.get(header::RANGE).and_then(|value| value.to_str().ok()) else { return Wanted::Whole };
    // Of a file that has changed since, a part would fit nowhere.
    if headers.get(header::IF_RANGE).is_some_and(|known| known.as_bytes() != etag.as_bytes()) {
        return Wanted::Whole;
    }
    let parts = range.split_once('=').filter(|(unit, _)| unit.eq_ignore_ascii_case("bytes"));
    let Some((first, last)) = parts.and_then(|(_, range)| range.trim().split_once('-')) else { return Wanted::Whole };
    // No file has as many bytes as a number that is too large for one.
    let number = |text: &str| {
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
    };
    match (first, last, number(first), number(last)) {
        ("", _, _, Some(0)) => Wanted::Nothing,
        ("", _, _, Some(count)) if size > 0 => Wanted::Part(size.saturating_sub(count), size),
        (_, "", Some(first), _) if first < size => Wanted::Part(first, size),
        (_, _, Some(first), Some(last)) if first <= last && first < size => Wanted::Part(first, last.saturating_add(1).min(size)),
        ("", _, _, None) | (_, _, None, _) => Wanted::Whole,
        (_, last, Some(_), None) if !last.is_empty() => Wanted::Whole,
        (_, _, Some(first), Some(last)) if first > last => Wanted::Whole,
        _ => Wanted::Nothing,
    }
}

/// Whether the client has these very bytes.
pub(in crate::http) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|value| value.split(',')).map(|tag| tag.trim().trim_start_matches("W/")).any(|tag| tag == etag || tag == "*")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn one_range_is_served_and_everything_else_is_the_whole_or_nothing() {
        for (range, answer) in [
            ("bytes=0-0", Wanted::Part(0, 1)),
            ("bytes=0-9", Wanted::Part(0, 10)),
            ("bytes=2-", Wanted::Part(2, 10)),
            ("Bytes=2-", Wanted::Part(2, 10)),
            ("bytes=5-999", Wanted::Part(5, 10)),
            ("bytes=-3", Wanted::Part(7, 10)),
            ("bytes=-99", Wanted::Part(0, 10)),
            ("bytes=0-18446744073709551615", Wanted::Part(0, 10)),
            ("bytes=0-99999999999999999999", Wanted::Part(0, 10)),
            ("bytes=-99999999999999999999", Wanted::Part(0, 10)),
            ("bytes=99999999999999999999-", Wanted::Nothing),
            ("bytes=10-", Wanted::Nothing),
            ("bytes=10-20", Wanted::Nothing),
            ("bytes=-0", Wanted::Nothing),
            ("bytes=5-2", Wanted::Whole),
            ("bytes=0-1,4-5", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("items=0-1", Wanted::Whole),
        ] {
            let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(range))]);
            assert_eq!(wanted(&headers, 10, "\"a\""), answer, "{range}");
        }
        for (known, answer) in [("\"a\"", Wanted::Part(0, 1)), ("\"b\"", Wanted::Whole), ("W/\"a\"", Wanted::Whole)] {
            let range = (header::RANGE, HeaderValue::from_static("bytes=0-0"));
            let headers = HeaderMap::from_iter([range, (header::IF_RANGE, HeaderValue::from_static(known))]);
            assert_eq!(wanted(&headers, 10, "\"a\""), answer, "{known}");
        }
        assert_eq!(wanted(&HeaderMap::new(), 10, "\"a\""), Wanted::Whole);
    }
}
