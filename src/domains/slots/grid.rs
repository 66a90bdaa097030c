//! Where bookings of a type may begin.

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

use crate::domains::bookings::Span;

/// Days after which what is open without a gap counts as begun anew: at the midnight so many days before.
pub const LONGEST_PIECE_DAYS: i64 = 35;

/// The starts of somebody or something: multiples of a step from where each stretch of their time begins, as rules and single openings give it. What is
/// taken off, or booked, shifts none of them.
#[derive(Debug, Clone)]
pub struct Grid {
    /// The distance of two starts.
    pub step: SignedDuration,
    /// What begins it.
    pub anchor: Anchor,
}

/// Where steps are counted from.
#[derive(Debug, Clone)]
pub enum Anchor {
    /// The beginning of each of these spans: in order, without overlaps. In the zone, one that goes on for more than 35 days begins that many days before
    /// the date of the start.
    Pieces(Vec<Span>, TimeZone),
    /// Midnight of every day of a zone: of what is open day and night.
    Midnight(TimeZone),
}

/// The midnight that begins a date, so many days before that of a moment.
pub fn midnight_before(moment: Timestamp, days: i64, zone: &TimeZone) -> Timestamp {
    let date = moment.to_zoned(zone.clone()).date().saturating_sub(days.days());
    date.to_zoned(zone.clone()).map_or(moment, |midnight| midnight.timestamp())
}

impl Grid {
    /// Where steps are counted from that lead to a moment; none where nothing is open then.
    fn anchor_of(&self, moment: Timestamp) -> Option<Timestamp> {
        match &self.anchor {
            Anchor::Midnight(zone) => Some(midnight_before(moment, 0, zone)),
            Anchor::Pieces(pieces, zone) => {
                let next = pieces.partition_point(|piece| piece.end <= moment);
                let piece = pieces.get(next).filter(|piece| piece.start <= moment)?;
                if piece.start.duration_until(moment) < SignedDuration::from_hours(24 * (LONGEST_PIECE_DAYS - 1)) {
                    return Some(piece.start);
                }
                Some(piece.start.max(midnight_before(moment, LONGEST_PIECE_DAYS, zone)))
            }
        }
    }

    /// Whether something may begin at that moment.
    pub fn has(&self, moment: Timestamp) -> bool {
        let step = self.step.as_secs();
        self.anchor_of(moment).is_some_and(|anchor| {
            let distance = anchor.duration_until(moment);
            distance.subsec_nanos() == 0 && distance.as_secs() % step == 0
        })
    }

    /// The starts within a range at which something of that length is open from beginning to end, as it is given; no more than `most`.
    pub fn starts(&self, range: Span, length: SignedDuration, most: usize) -> Vec<Timestamp> {
        let mut starts = Vec::new();
        let pieces = match &self.anchor {
            Anchor::Pieces(pieces, _) => pieces.as_slice(),
            Anchor::Midnight(_) => &[Span { start: range.start, end: range.end + length }],
        };
        for piece in pieces {
            let mut moment = piece.start.max(range.start);
            while moment < range.end && moment + length <= piece.end && starts.len() < most {
                let Some(anchor) = self.anchor_of(moment) else { break };
                let past = anchor.duration_until(moment).as_secs() % self.step.as_secs();
                let is_whole = anchor.duration_until(moment).subsec_nanos() == 0;
                if past == 0 && is_whole {
                    starts.push(moment);
                }
                // On to the next step, or to the day that counts anew.
                let next = anchor + SignedDuration::from_secs(anchor.duration_until(moment).as_secs() - past) + self.step;
                moment = self.next_anchor(moment).map_or(next, |anew| anew.min(next));
            }
        }
        starts
    }

    /// The next midnight at which steps are counted anew, where they are.
    fn next_anchor(&self, moment: Timestamp) -> Option<Timestamp> {
        let zone = match &self.anchor {
            Anchor::Midnight(zone) => zone,
            Anchor::Pieces(pieces, zone) => {
                let next = pieces.partition_point(|piece| piece.end <= moment);
                let piece = pieces.get(next)?;
                let is_long = piece.start.duration_until(piece.end) > SignedDuration::from_hours(24 * (LONGEST_PIECE_DAYS - 2));
                if !is_long {
                    return None;
                }
                zone
            }
        };
        let tomorrow = moment.to_zoned(zone.clone()).date().tomorrow().ok()?;
        Some(tomorrow.to_zoned(zone.clone()).ok()?.timestamp())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn span(start: &str, end: &str) -> Span {
        Span { start: at(start), end: at(end) }
    }

    fn minutes(minutes: i64) -> SignedDuration {
        SignedDuration::from_mins(minutes)
    }

    /// The starts are exactly the moments that the grid has, looked at minute by minute.
    fn check(grid: &Grid, range: Span, length: SignedDuration) -> usize {
        let starts = grid.starts(range, length, usize::MAX);
        let mut expected = Vec::new();
        let mut moment = range.start;
        while moment < range.end {
            let fits = match &grid.anchor {
                Anchor::Midnight(_) => true,
                Anchor::Pieces(pieces, _) => pieces.iter().any(|piece| piece.start <= moment && moment + length <= piece.end),
            };
            if fits && grid.has(moment) {
                expected.push(moment);
            }
            moment += minutes(1);
        }
        assert_eq!(starts, expected, "{grid:?}");
        starts.len()
    }

    #[test]
    fn starts_lie_at_steps_from_where_each_piece_begins() {
        let pieces = vec![span("2099-03-02T08:10:00Z", "2099-03-02T12:00:00Z"), span("2099-03-02T13:00:00Z", "2099-03-02T14:59:00Z")];
        let grid = Grid { step: minutes(60), anchor: Anchor::Pieces(pieces, TimeZone::UTC) };
        assert!(grid.has(at("2099-03-02T08:10:00Z")) && grid.has(at("2099-03-02T11:10:00Z")) && grid.has(at("2099-03-02T14:00:00Z")));
        assert!(!grid.has(at("2099-03-02T09:00:00Z")) && !grid.has(at("2099-03-02T12:10:00Z")) && !grid.has(at("2099-03-02T08:10:00.5Z")));
        assert_eq!(check(&grid, span("2099-03-02T00:00:00Z", "2099-03-03T00:00:00Z"), minutes(60)), 4);
        assert_eq!(check(&grid, span("2099-03-02T09:00:00Z", "2099-03-02T11:10:00Z"), minutes(60)), 2);
    }

    #[test]
    fn what_is_always_open_begins_at_midnight_of_its_zone_also_where_the_clocks_change() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for step in [15, 50, 90, 1440] {
            let grid = Grid { step: minutes(step), anchor: Anchor::Midnight(berlin.clone()) };
            check(&grid, span("2026-03-27T12:00:00Z", "2026-03-31T12:00:00Z"), minutes(30));
            check(&grid, span("2026-10-23T12:00:00Z", "2026-10-27T12:00:00Z"), minutes(30));
        }
    }

    #[test]
    fn whoever_is_open_without_end_has_the_same_starts_whatever_the_range() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        for (step, begin) in [(50, "2026-01-01T00:00:00Z"), (15, "2026-01-01T00:07:00Z"), (60, "2026-03-01T00:00:00Z")] {
            let piece = vec![span(begin, "2026-12-31T00:00:00Z")];
            let grid = Grid { step: minutes(step), anchor: Anchor::Pieces(piece, berlin.clone()) };
            let range = span("2026-04-03T11:11:00Z", "2026-04-07T00:00:00Z");
            check(&grid, range, minutes(30));
            let cut = vec![Span {
                start: midnight_before(range.start, LONGEST_PIECE_DAYS, &berlin).max(at(begin)),
                end: at("2026-04-09T00:00:00Z"),
            }];
            let shorter = Grid { step: minutes(step), anchor: Anchor::Pieces(cut, berlin.clone()) };
            assert_eq!(grid.starts(range, minutes(30), 9999), shorter.starts(range, minutes(30), 9999));
        }
    }
}
