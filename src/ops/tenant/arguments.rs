//! Reading what was typed, and saying in one line what is wrong with it.

use anyhow::{Context as _, bail};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use lectern_kernel::{
    error::Error,
    resolve::{DateTime, text},
};

/// Why a text was refused, as a sentence that names the flag.
pub(in crate::ops) fn refused(error: Error) -> anyhow::Error {
    anyhow::anyhow!("{}", error.message().trim_end_matches('.'))
}

/// A slug: lower-case letters, digits and single hyphens between them, 2 to 63 characters.
pub(super) fn slug(text: &str) -> anyhow::Result<&str> {
    let parts_fit =
        text.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    if !parts_fit || !(2..=63).contains(&text.len()) {
        bail!("`--slug` must have 2 to 63 lower-case letters and digits, with single hyphens between them: oak-school");
    }
    Ok(text)
}

/// An IANA time zone, by the name that IANA writes.
pub(super) fn time_zone(flag: &str, name: &str) -> anyhow::Result<TimeZone> {
    text::time_zone(flag, name).ok().with_context(|| format!("`{flag}` must be an IANA time zone such as Europe/Berlin, not {name}"))
}

/// A moment: RFC 3339 with its offset, or a date, which means the start of that day in the school's time zone.
pub(super) fn instant(flag: &str, text: &str, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    let instant = match DateTime::read(text) {
        Ok(DateTime(instant)) => Some(instant),
        Err(_) if text.len() == "2026-12-31".len() => {
            text.parse::<Date>().ok().and_then(|date| date.to_zoned(zone.clone()).ok()).map(|start| start.timestamp())
        }
        Err(_) => None,
    };
    let instant = instant
        .with_context(|| format!("`{flag}` must be a date such as 2026-12-31, or a moment such as 2026-12-31T12:00:00Z, not {text}"))?;
    let years = 2000..=2200;
    if !years.contains(&instant.to_zoned(TimeZone::UTC).year()) {
        bail!("`{flag}` must lie in the years {} to {}", years.start(), years.end());
    }
    Ok(instant)
}

/// A cap, or "none".
pub(super) fn cap(flag: &str, text: &str) -> anyhow::Result<Option<i32>> {
    if text == "none" {
        return Ok(None);
    }
    match text.parse() {
        Ok(cap) if cap > 0 => Ok(Some(cap)),
        _ => bail!("`{flag}` must be a number from 1, or \"none\""),
    }
}

/// A number of bytes, with or without a unit; or "none".
pub(super) fn bytes(text: &str) -> anyhow::Result<Option<i64>> {
    if text == "none" {
        return Ok(None);
    }
    let digits = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
    let unit: Option<i64> = match &text[digits.len()..] {
        "" => Some(1),
        "KiB" => Some(1 << 10),
        "MiB" => Some(1 << 20),
        "GiB" => Some(1 << 30),
        "TiB" => Some(1 << 40),
        _ => None,
    };
    let number: Option<i64> = if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None };
    match unit.zip(number).and_then(|(unit, number)| number.checked_mul(unit)) {
        Some(bytes) => Ok(Some(bytes)),
        None => bail!("the quota must be a number of bytes such as 20GiB, or \"none\", not {text}"),
    }
}

/// A number of tokens; none for "none".
pub(super) fn tokens(text: &str) -> anyhow::Result<Option<i64>> {
    match text.trim() {
        "none" => Ok(None),
        digits if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
            digits.parse().map(Some).map_err(|_| anyhow::anyhow!("--assistant-tokens is too large: {text}"))
        }
        _ => bail!("--assistant-tokens must be a number such as 5000000, or \"none\", not {text}"),
    }
}

/// A moment as the school's clock shows it.
pub(super) fn shown(instant: Timestamp, zone: &TimeZone) -> String {
    instant.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string()
}

/// What a constraint of the database refuses, in words.
pub(super) fn explain(error: sqlx::Error) -> anyhow::Error {
    match error.as_database_error().and_then(|error| error.constraint()) {
        Some("tenant_slug_key") => anyhow::anyhow!("the slug is taken by another school"),
        Some("tenant_erasing") => anyhow::anyhow!("the school is being erased: nothing brings it back"),
        Some("tenant_subscription_check") => anyhow::anyhow!("the subscription must end after it starts"),
        _ => error.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_the_start_of_that_day_in_the_schools_time_zone() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        assert_eq!(instant("--until", "2026-12-31", &zone).unwrap().to_string(), "2026-12-30T23:00:00Z");
        assert_eq!(instant("--until", "2026-12-31T12:00:00+02:00", &zone).unwrap().to_string(), "2026-12-31T10:00:00Z");
        for wrong in [
            "31.12.2026",
            "2026-13-01",
            "2026-12-31T12:00:00",
            "2026-12-31T12:00:60Z",
            "2026-12-31T12:00:00+02",
            "1999-01-01",
            "9000-01-01",
            "tomorrow",
            "",
        ] {
            assert!(instant("--until", wrong, &zone).unwrap_err().to_string().starts_with("`--until` must"), "{wrong}");
        }
    }

    #[test]
    fn a_slug_is_what_the_database_takes() {
        for right in ["oak", "a1", "oak-school-2"] {
            assert!(slug(right).is_ok(), "{right}");
        }
        for wrong in ["", "a", "Oak", "oak--school", "-oak", "oak-", "oak school", "ök", &"a".repeat(64)] {
            assert!(slug(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_cap_is_a_number_or_none() {
        assert_eq!((cap("--max-users", "5").unwrap(), cap("--max-users", "none").unwrap()), (Some(5), None));
        assert!(cap("--max-users", "0").is_err() && cap("--max-users", "many").is_err());
    }
}
