//! How far people have written: a position in the database's log (LSN). A standby that has come so far shows them what they wrote.

use std::{
    collections::HashMap,
    fmt,
    str::FromStr,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use uuid::Uuid;

use super::Identity;

/// A position in the log. To clients it is opaque: sixteen hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position(u64);

impl Position {
    /// As PostgreSQL writes it: `16/B374D848`.
    pub(super) fn of_lsn(text: &str) -> Option<Position> {
        let (high, low) = text.split_once('/')?;
        Some(Position(u64::from(u32::from_str_radix(high, 16).ok()?) << 32 | u64::from(u32::from_str_radix(low, 16).ok()?)))
    }

    /// The same, for PostgreSQL.
    pub(super) fn lsn(self) -> String {
        format!("{:X}/{:X}", self.0 >> 32, self.0 & 0xFFFF_FFFF)
    }

    /// Whether it is the beginning, where everybody is.
    pub(super) fn is_start(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Position {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let is_one = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u64::from_str_radix(text, 16).ok().filter(|_| is_one).map(Position).ok_or(())
    }
}

/// People whose positions are kept at most; beyond that, those who are forgotten are taken to have written last.
const KEPT: usize = 20_000;

/// How far people have written over the connections of this process.
#[derive(Default)]
pub(super) struct Positions {
    written: Mutex<HashMap<(Uuid, Uuid), Position>>,
    /// How far those have written of whom nothing is kept.
    floor: AtomicU64,
    /// How far every standby is known to have come that is read from.
    passed: AtomicU64,
}

impl Positions {
    /// Somebody has written so far.
    pub(super) fn note(&self, person: Identity, position: Position) {
        if person.user.is_nil() {
            return;
        }
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = written.entry((person.tenant, person.user)).or_default();
        *kept = position.max(*kept);
        if written.len() > KEPT {
            let passed = self.passed.load(Ordering::Relaxed);
            written.retain(|_, position| position.0 > passed);
            // Standbys that are far behind: whoever is forgotten waits with everybody else.
            if written.len() > KEPT / 2 {
                let last = written.values().map(|position| position.0).max().unwrap_or_default();
                self.floor.fetch_max(last, Ordering::Relaxed);
                written.clear();
            }
        }
    }

    /// How far a standby must have come for somebody.
    pub(super) fn of(&self, person: Identity) -> Position {
        let written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let own = written.get(&(person.tenant, person.user)).copied().unwrap_or_default();
        own.max(Position(self.floor.load(Ordering::Relaxed)))
    }

    /// Every standby that is read from has come so far: what was written before need not be kept.
    pub(super) fn passed(&self, position: Position) {
        self.passed.store(position.0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(number: u128) -> Identity {
        Identity { tenant: Uuid::from_u128(1), user: Uuid::from_u128(number), session: Uuid::nil() }
    }

    #[test]
    fn a_position_is_read_as_it_is_written() {
        let position = Position::of_lsn("16/B374D848").unwrap();
        assert_eq!((position.lsn().as_str(), position.to_string().as_str()), ("16/B374D848", "00000016b374d848"));
        assert_eq!("00000016b374d848".parse(), Ok(position));
        for wrong in ["", "16/B374D848", "+0000016b374d848", "16b374d848", "00000016b374d84800"] {
            assert_eq!(wrong.parse::<Position>(), Err(()), "{wrong}");
        }
        assert!(Position::of_lsn("1/0") > Position::of_lsn("0/FFFFFFFF") && Position::default().is_start());
    }

    #[test]
    fn whoever_is_forgotten_is_taken_to_have_written_last() {
        let positions = Positions::default();
        for number in 1..=KEPT as u128 + 1 {
            positions.note(person(number), Position(u64::try_from(number).unwrap()));
        }
        assert_eq!(positions.of(person(7)), Position(KEPT as u64 + 1));
        positions.note(person(7), Position(90_000));
        assert_eq!((positions.of(person(7)), positions.of(person(8))), (Position(90_000), Position(KEPT as u64 + 1)));
    }

    #[test]
    fn what_every_standby_has_passed_is_not_kept_and_costs_nobody_anything() {
        let positions = Positions::default();
        positions.passed(Position(1_000_000));
        for number in 1..=KEPT as u128 + 1 {
            positions.note(person(number), Position(u64::try_from(number).unwrap()));
        }
        assert_eq!(positions.of(person(7)), Position::default());
        positions.note(person(7), Position(5));
        positions.note(person(7), Position(4));
        assert_eq!(positions.of(person(7)), Position(5), "nobody's position goes back");
        positions.note(Identity::default(), Position(9));
        assert_eq!(positions.of(Identity::default()), Position::default(), "nobody in particular writes for all");
    }
}
