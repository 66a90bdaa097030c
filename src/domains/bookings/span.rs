//! Arithmetic of time: half-open spans, sets of them, and the days that a range of time touches in a zone.

use jiff::{SignedDuration, Timestamp, ToSpan, civil, tz::TimeZone};
use lectern_kernel::error::{Error, Result};

/// From `start` up to, but without, `end`: back to back spans don't overlap.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Span {
    /// Its first moment.
    pub start: Timestamp,
    /// The moment after its last.
    pub end: Timestamp,
}

impl Span {
    /// A span, unless it would be empty.
    pub fn new(start: Timestamp, end: Timestamp) -> Option<Span> {
        (start < end).then_some(Span { start, end })
    }

    /// How long it is.
    pub fn length(self) -> SignedDuration {
        self.start.duration_until(self.end)
    }

    /// Whether it is no longer than so many days: 24 hours each, or dates of the zone, whichever is more where the clocks change
    /// in between.
    pub fn has_days_at_most(self, days: i64, zone: &TimeZone) -> bool {
        let dates = self.start.to_zoned(zone.clone()).checked_add(days.days());
        self.length() <= SignedDuration::from_hours(24 * days) || dates.is_ok_and(|end| self.end <= end.timestamp())
    }

    /// What it shares with another.
    pub fn within(self, other: Span) -> Option<Span> {
        Span::new(self.start.max(other.start), self.end.min(other.end))
    }
}

/// The time that any of the spans covers: in order, with what overlaps or adjoins merged.
pub fn union(mut spans: Vec<Span>) -> Vec<Span> {
    spans.sort_unstable_by_key(|span| span.start);
    let mut merged: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match merged.last_mut() {
            Some(last) if span.start <= last.end => last.end = last.end.max(span.end),
            _ => merged.push(span),
        }
    }
    merged
}

/// The time that `spans` cover and `taken` do not. Both are unions, and so is the answer.
pub fn difference(spans: &[Span], taken: &[Span]) -> Vec<Span> {
    let mut left = Vec::with_capacity(spans.len());
    let mut taken = taken.iter().peekable();
    for span in spans {
        let mut start = span.start;
        while let Some(next) = taken.peek().filter(|next| next.start < span.end) {
            left.extend(Span::new(start, next.start));
            start = start.max(next.end);
            if next.end > span.end {
                break; // it reaches into the following spans, too
            }
            taken.next();
        }
        left.extend(Span::new(start, span.end));
    }
    left
}

/// The civil dates of a zone that a range touches, in order, each with its share of the range. A day begins at midnight,
/// or at the first moment after it where the clocks skip midnight; a date that the zone skips altogether is left out.
///
/// # Errors
/// `INTERNAL` beyond the dates that a calendar has.
pub fn days(range: Span, zone: &TimeZone) -> Result<Vec<(civil::Date, Span)>> {
    let beyond = |error: jiff::Error| Error::internal(format!("no such day: {error}"));
    let midnight = |date: civil::Date| Ok::<_, Error>(date.to_zoned(zone.clone()).map_err(beyond)?.timestamp());
    let mut date = range.start.to_zoned(zone.clone()).date();
    let mut start = midnight(date)?;
    let mut days = Vec::new();
    while start < range.end {
        let tomorrow = date.tomorrow().map_err(beyond)?;
        let end = midnight(tomorrow)?;
        if let Some(share) = Span::new(start, end).and_then(|day| day.within(range)) {
            days.push((date, share));
        }
        (date, start) = (tomorrow, end);
    }
    Ok(days)
}

/// The shares that each of the days has in a span; `days` are in order.
pub fn shares<'a>(days: &'a [(civil::Date, Span)], span: Span) -> impl Iterator<Item = (usize, Span)> + use<'a> {
    let first = days.partition_point(|(_, day)| day.end <= span.start);
    days[first..].iter().enumerate().map_while(move |(offset, (_, day))| Some((first + offset, day.within(span)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn span(start: &str, end: &str) -> Span {
        Span::new(at(start), at(end)).unwrap()
    }

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    /// Minutes of an hour as spans.
    fn minutes(start: i64, end: i64) -> Span {
        Span { start: Timestamp::from_second(start * 60).unwrap(), end: Timestamp::from_second(end * 60).unwrap() }
    }

    /// The minutes that spans cover, one by one.
    fn covered(spans: &[Span]) -> Vec<bool> {
        (0..60).map(|minute| spans.iter().any(|span| minutes(minute, minute + 1).within(*span).is_some())).collect()
    }

    fn is_union(spans: &[Span]) -> bool {
        spans.iter().all(|span| span.start < span.end) && spans.windows(2).all(|pair| pair[0].end < pair[1].start)
    }

    /// Repeatable chance: the same spans on every run.
    struct Dice(u64);

    impl Dice {
        fn below(&mut self, bound: i64) -> i64 {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from((self.0 >> 33) % u64::try_from(bound).unwrap()).unwrap()
        }

        fn spans(&mut self) -> Vec<Span> {
            let count = self.below(7);
            (0..count)
                .map(|_| {
                    let start = self.below(59);
                    minutes(start, start + 1 + self.below(60 - start - 1))
                })
                .collect()
        }
    }

    #[test]
    fn union_and_difference_cover_what_they_say_minute_by_minute() {
        let mut dice = Dice(20_261_120);
        for _ in 0..5_000 {
            let (free, busy) = (dice.spans(), dice.spans());
            let (free_minutes, busy_minutes) = (covered(&free), covered(&busy));
            let (free, busy) = (union(free), union(busy));
            assert!(is_union(&free), "{free:?}");
            assert_eq!(covered(&free), free_minutes);

            let left = difference(&free, &busy);
            let expected: Vec<bool> = free_minutes.iter().zip(&busy_minutes).map(|(free, busy)| *free && !*busy).collect();
            assert_eq!(covered(&left), expected, "{free:?} less {busy:?}");
            assert!(is_union(&left), "{free:?} less {busy:?} is {left:?}");
        }
    }

    #[test]
    fn what_adjoins_is_merged_and_what_is_taken_in_the_middle_leaves_both_ends() {
        let free = union(vec![minutes(30, 40), minutes(0, 10), minutes(10, 20)]);
        assert_eq!(free, [minutes(0, 20), minutes(30, 40)]);
        assert_eq!(difference(&free, &[minutes(5, 35)]), [minutes(0, 5), minutes(35, 40)]);
        assert_eq!(difference(&free, &[minutes(20, 30)]), free);
        assert_eq!(difference(&free, &[minutes(0, 60)]), []);
        assert_eq!(difference(&[], &[minutes(0, 60)]), []);
    }

    /// Whatever the zone, the days are the range cut into pieces, each with the date that its first moment has there.
    fn check_days(range: Span, zone: &TimeZone) -> Vec<(String, i64)> {
        let days = days(range, zone).unwrap();
        assert_eq!(days.first().unwrap().1.start, range.start);
        assert_eq!(days.last().unwrap().1.end, range.end);
        for pair in days.windows(2) {
            assert_eq!(pair[0].1.end, pair[1].1.start);
            assert!(pair[0].0 < pair[1].0);
        }
        for (date, day) in &days {
            assert_eq!(day.start.to_zoned(zone.clone()).date(), *date);
        }
        days.iter().map(|(date, day)| (date.to_string(), day.length().as_mins())).collect()
    }

    #[test]
    fn days_have_23_and_25_hours_where_the_clocks_change() {
        let berlin = zone("Europe/Berlin");
        let spring = check_days(span("2026-03-27T23:00:00Z", "2026-03-30T22:00:00Z"), &berlin);
        assert_eq!(spring, [("2026-03-28".into(), 1440), ("2026-03-29".into(), 1380), ("2026-03-30".into(), 1440)]);
        let autumn = check_days(span("2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z"), &berlin);
        assert_eq!(autumn, [("2026-10-24".into(), 1440), ("2026-10-25".into(), 1500), ("2026-10-26".into(), 1440)]);
    }

    #[test]
    fn days_begin_where_the_zone_says() {
        let kolkata = check_days(span("2026-11-20T18:29:00Z", "2026-11-20T18:31:00Z"), &zone("Asia/Kolkata"));
        assert_eq!(kolkata, [("2026-11-20".into(), 1), ("2026-11-21".into(), 1)]);
        let kathmandu = check_days(span("2026-11-20T18:15:00Z", "2026-11-21T18:15:00Z"), &zone("Asia/Kathmandu"));
        assert_eq!(kathmandu, [("2026-11-21".into(), 1440)]);
        // At midnight of 4 November 2018 the clocks of São Paulo went to one o'clock; on 18 February back to eleven.
        let sao_paulo = zone("America/Sao_Paulo");
        let skipped = check_days(span("2018-11-03T03:00:00Z", "2018-11-05T02:00:00Z"), &sao_paulo);
        assert_eq!(skipped, [("2018-11-03".into(), 1440), ("2018-11-04".into(), 1380)]);
        let repeated = check_days(span("2018-02-17T02:00:00Z", "2018-02-19T03:00:00Z"), &sao_paulo);
        assert_eq!(repeated, [("2018-02-17".into(), 1500), ("2018-02-18".into(), 1440)]);
        // Half an hour on Lord Howe Island.
        let lord_howe = check_days(span("2026-10-03T13:30:00Z", "2026-10-04T13:00:00Z"), &zone("Australia/Lord_Howe"));
        assert_eq!(lord_howe, [("2026-10-04".into(), 1410)]);
    }

    #[test]
    fn a_date_that_a_zone_skips_has_no_day() {
        // Samoa went from the 29th of December 2011 to the 31st.
        let apia = check_days(span("2011-12-29T10:00:00Z", "2011-12-31T10:00:00Z"), &zone("Pacific/Apia"));
        assert_eq!(apia, [("2011-12-29".into(), 1440), ("2011-12-31".into(), 1440)]);
    }

    #[test]
    fn every_zone_cuts_every_range_into_days_without_gap_or_overlap() {
        let mut dice = Dice(62);
        for name in ["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kolkata", "Africa/Cairo", "America/Havana", "Pacific/Chatham"] {
            let zone = zone(name);
            for _ in 0..200 {
                let start = at("2010-01-01T00:00:00Z") + SignedDuration::from_mins(dice.below(10_000_000));
                check_days(Span { start, end: start + SignedDuration::from_mins(1 + dice.below(62 * 1440)) }, &zone);
            }
        }
    }

    #[test]
    fn the_shares_of_days_in_a_span_are_the_span_cut_at_midnights() {
        let berlin = zone("Europe/Berlin");
        let days = days(span("2026-10-23T22:00:00Z", "2026-10-26T23:00:00Z"), &berlin).unwrap();
        let cut: Vec<_> = shares(&days, span("2026-10-24T12:00:00Z", "2026-10-26T00:00:00Z")).collect();
        assert_eq!(
            cut,
            [
                (0, span("2026-10-24T12:00:00Z", "2026-10-24T22:00:00Z")),
                (1, span("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z")),
                (2, span("2026-10-25T23:00:00Z", "2026-10-26T00:00:00Z"))
            ]
        );
        // What ends with the range or lies outside has no share beyond it.
        assert_eq!(shares(&days, span("2026-10-26T22:59:00Z", "2026-10-28T00:00:00Z")).count(), 1);
        assert_eq!(shares(&days, span("2026-10-26T23:00:00Z", "2026-10-28T00:00:00Z")).count(), 0);
        assert_eq!(shares(&days, span("2026-10-20T23:00:00Z", "2026-10-23T22:00:00Z")).count(), 0);
    }
}
