//! Calendars as programs write them, and as those do who mean harm.

use jiff::{Timestamp, tz::TimeZone};

use super::{Read, Unread, read, reduced};
use crate::domains::bookings::Span;

const OUTLOOK: &str = include_str!("../../../../tests/it/busy_sources/calendars/outlook.ics");
const GOOGLE: &str = include_str!("../../../../tests/it/busy_sources/calendars/google.ics");
const APPLE: &str = include_str!("../../../../tests/it/busy_sources/calendars/apple.ics");
const PROTON: &str = include_str!("../../../../tests/it/busy_sources/calendars/proton.ics");
const FREE_BUSY: &str = include_str!("../../../../tests/it/busy_sources/calendars/freebusy.ics");

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// March 2027, and some days more; whole days and floating times are Berlin's.
fn march(text: &str) -> Result<Read, Unread> {
    let window = Span { start: at("2027-03-01T00:00:00Z"), end: at("2027-04-05T00:00:00Z") };
    read(text.as_bytes(), &TimeZone::get("Europe/Berlin").unwrap(), window)
}

/// `03-02 08:00–09:00` and so on.
fn said(spans: &[Span]) -> Vec<String> {
    let said = |at: Timestamp| at.strftime("%m-%d %H:%M").to_string();
    spans.iter().map(|span| format!("{} {}", said(span.start), said(span.end))).collect()
}

fn event(lines: &[&str]) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nUID:1\n{}\nEND:VEVENT\nEND:VCALENDAR\n", lines.join("\n"))
}

fn spans_of(lines: &[&str]) -> Vec<String> {
    said(&march(&event(lines)).unwrap().spans)
}

#[test]
fn outlook_s_zones_are_those_of_windows_or_described() {
    let read = march(OUTLOOK).unwrap();
    assert_eq!(
        said(&read.spans),
        [
            "03-02 08:00 03-02 09:00",
            // In a zone that has no name: before and after its clocks change.
            "03-08 22:00 03-08 23:00",
            // Moved from the day before.
            "03-10 13:00 03-10 14:00",
            "03-15 21:00 03-15 22:00",
            "03-23 08:00 03-23 09:00",
            "03-30 07:00 03-30 08:00",
        ]
    );
    assert_eq!((read.warnings, read.own.len()), (0, 0));
}

#[test]
fn google_s_series_go_over_the_change_of_clocks_and_our_own_bookings_are_known() {
    let read = march(GOOGLE).unwrap();
    assert_eq!(
        said(&read.spans),
        [
            "03-01 15:00 03-01 16:00",
            "03-10 15:00 03-10 16:00",
            "03-15 14:00 03-15 15:00",
            "03-17 14:00 03-17 15:00",
            "03-22 14:00 03-22 15:00",
            "03-24 14:00 03-24 15:00",
            // Whole days of Berlin, of which the last has 23 hours.
            "03-25 23:00 03-28 22:00",
            "03-29 14:00 03-29 15:00",
            "03-31 14:00 03-31 15:00",
        ]
    );
    let ours = lectern_kernel::ids::decode("booking_01j00000000w8004000000002g").unwrap().1;
    assert_eq!(read.bookings(), [ours]);
    assert_eq!(said(&[read.own[0].1]), ["03-20 09:00 03-20 10:00"]);
    assert_eq!(read.clone().beside(&[ours]).len(), 9, "what comes back blocks nothing");
    assert_eq!(read.beside(&[]).len(), 10, "somebody else's");
}

#[test]
fn apple_s_lengths_alarms_and_floating_times_are_read() {
    let read = march(APPLE).unwrap();
    assert_eq!(
        said(&read.spans),
        ["03-04 17:30 03-04 19:00", "03-18 17:30 03-18 19:00", "03-25 17:30 03-25 19:00", "04-02 06:00 04-02 07:00"]
    );
    assert_eq!(read.warnings, 0);
}

#[test]
fn proton_s_last_fridays_and_single_dates_are_read_and_a_zone_that_nobody_knows_is_told() {
    let read = march(PROTON).unwrap();
    assert_eq!(said(&read.spans), ["03-03 11:00 03-03 12:00", "03-26 11:00 03-26 12:00", "03-27 11:00 03-27 12:00"]);
    assert_eq!(read.warnings, 1);
}

#[test]
fn what_is_busy_and_nothing_else_may_be_all_that_is_said() {
    let read = march(FREE_BUSY).unwrap();
    assert_eq!(said(&read.spans), ["03-01 08:00 03-01 09:30", "03-03 08:00 03-03 08:30", "03-04 08:00 03-04 10:00"]);
    assert_eq!(read.warnings, 0);
}

#[test]
fn what_is_kept_of_a_file_says_when_and_nothing_else() {
    for sample in [OUTLOOK, GOOGLE, APPLE, PROTON, FREE_BUSY] {
        let kept = reduced(sample.as_bytes()).unwrap();
        assert_eq!(march(&kept), march(sample), "{kept}");
        for word in
            ["SUMMARY", "DESCRIPTION", "\nLOCATION", "ATTENDEE", "VALARM", "Physio", "Stand-up", "Chorprobe", "Lunch", "X-WR-CALNAME"]
        {
            assert!(!kept.contains(word), "{word} in {kept}");
        }
        assert!(kept.len() < sample.len());
    }
}

#[test]
fn times_of_the_clock_that_are_skipped_or_shown_twice_are_read_as_the_format_says() {
    for zone in ["Europe/Berlin", "W. Europe Standard Time", "/example.org/20240101_1/Europe/Berlin"] {
        let (start, end) = (format!("DTSTART;TZID={zone}:20270327T023000"), format!("DTEND;TZID={zone}:20270327T043000"));
        // The 28th has no half past two: what begins then begins an hour later, and ends by the clock.
        let spans = spans_of(&[&start, &end, "RRULE:FREQ=DAILY;COUNT=3"]);
        assert_eq!(spans, ["03-27 01:30 03-27 03:30", "03-28 01:30 03-28 02:30", "03-29 00:30 03-29 02:30"], "{zone}");
    }
}

#[test]
fn lengths_are_hours_or_days_of_the_clock() {
    let berlin = "DTSTART;TZID=Europe/Berlin:20270327T220000";
    assert_eq!(spans_of(&[berlin, "DURATION:P1D"]), ["03-27 21:00 03-28 20:00"], "a day of 23 hours");
    assert_eq!(spans_of(&[berlin, "DURATION:PT24H"]), ["03-27 21:00 03-28 21:00"]);
    assert_eq!(spans_of(&[berlin, "DURATION:P1W"]), ["03-27 21:00 04-03 20:00"]);
    assert_eq!(spans_of(&[berlin, "DTEND;TZID=America/New_York:20270327T180000"]), ["03-27 21:00 03-27 22:00"]);
    assert_eq!(spans_of(&["DTSTART;VALUE=DATE:20270328"]), ["03-27 23:00 03-28 22:00"]);
    assert_eq!(spans_of(&["DTSTART:20270302T080000Z"]), [""; 0], "a reminder takes no time");
    assert_eq!(spans_of(&["DTSTART:20270302T080000Z", "DTEND:20270302T070000Z"]), [""; 0]);
}

#[test]
fn what_is_cancelled_or_free_takes_no_time_and_what_was_long_ago_is_counted_on() {
    let tea = ["DTSTART:20270302T080000Z", "DTEND:20270302T090000Z"];
    assert_eq!(spans_of(&tea).len(), 1);
    for word in ["STATUS:CANCELLED", "TRANSP:TRANSPARENT"] {
        assert_eq!(spans_of(&[tea[0], tea[1], word]), [""; 0], "{word}");
    }
    // Every other Tuesday since 1990, and the hundredth-odd one: neither costs more than it must.
    let old = ["DTSTART:19900102T080000Z", "DTEND:19900102T090000Z"];
    assert_eq!(spans_of(&[old[0], old[1], "RRULE:FREQ=WEEKLY;INTERVAL=2"]), ["03-09 08:00 03-09 09:00", "03-23 08:00 03-23 09:00"]);
    assert_eq!(spans_of(&[old[0], old[1], "RRULE:FREQ=WEEKLY;COUNT=1941"]), ["03-02 08:00 03-02 09:00", "03-09 08:00 03-09 09:00"]);
    assert_eq!(spans_of(&[old[0], old[1], "RRULE:FREQ=WEEKLY;UNTIL=20200101T000000Z"]), [""; 0]);
}

#[test]
fn a_date_excepts_every_occurrence_of_its_day() {
    let lines = [
        "DTSTART;TZID=Europe/Berlin:20270301T080000",
        "DTEND;TZID=Europe/Berlin:20270301T090000",
        "RRULE:FREQ=DAILY;COUNT=3",
        "EXDATE;VALUE=DATE:20270302",
    ];
    assert_eq!(spans_of(&lines), ["03-01 07:00 03-01 08:00", "03-03 07:00 03-03 08:00"]);
}

#[test]
fn what_is_no_calendar_or_not_to_its_end_is_refused() {
    for text in [
        "",
        "hello",
        "<html></html>",
        "BEGIN:VCARD\nVERSION:4.0\nFN:Ada\nEND:VCARD\n",
        "END:VCALENDAR",
        OUTLOOK.split_at(OUTLOOK.find("BEGIN:VEVENT").unwrap()).0,
        "\u{0}\u{ff}",
    ] {
        assert_eq!(march(text), Err(Unread::NotACalendar), "{text}");
        assert!(reduced(text.as_bytes()).is_err());
    }
    let empty = "\u{feff}BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n\r\n";
    assert_eq!(march(empty), Ok(Read::default()));
}

#[test]
fn what_has_no_end_is_too_much() {
    for rule in ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=2", "FREQ=HOURLY;BYMINUTE=0,1,2,3,4,5,6,7,8,9", "FREQ=SECONDLY;COUNT=4000000000"]
    {
        let text = event(&["DTSTART:20270302T080000Z", "DTEND:20270302T080001Z", &format!("RRULE:{rule}")]);
        assert_eq!(march(&text), Err(Unread::TooBig), "{rule}");
    }
    // What never happens, and what nobody can read, is told.
    for rule in ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=31", "FREQ=FORTNIGHTLY", "INTERVAL=0"] {
        let text = event(&["DTSTART:20270302T080000Z", "DTEND:20270302T090000Z", &format!("RRULE:{rule}")]);
        let read = march(&text).unwrap();
        assert_eq!(said(&read.spans), ["03-02 08:00 03-02 09:00"], "{rule}");
    }
}

#[test]
fn a_hundred_thousand_lines_of_anything_are_read_in_their_time() {
    let nested = format!("BEGIN:VCALENDAR\n{}{}END:VCALENDAR\n", "BEGIN:VEVENT\n".repeat(100_000), "END:VEVENT\n".repeat(100_000));
    let long = event(&["DTSTART:20270302T080000Z", "DTEND:20270302T090000Z", &format!("SUMMARY:{}", "x".repeat(4 << 20))]);
    let folded = event(&["DTSTART:20270302T080000Z", &format!("SUMMARY:{}", "x\n ".repeat(200_000)), "DTEND:20270302T090000Z"]);
    let excepted = event(&[
        "DTSTART:20270302T080000Z",
        "DTEND:20270302T090000Z",
        &format!("EXDATE:{}20270303T080000Z", "20270303T080000Z,".repeat(100_000)),
    ]);
    assert!(march(&nested).is_ok());
    for text in [long, folded, excepted] {
        assert_eq!(march(&text).unwrap().spans.len(), 1);
    }
}
