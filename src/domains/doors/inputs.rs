//! What a device says that it has scanned.

use async_graphql::{ID, InputObject};
use aws_lc_rs::digest::{SHA256, digest};
use jiff::{SignedDuration, Timestamp};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{DateTime, text},
};

/// Scans at most in one batch.
const MANY: usize = 100;
/// Characters of what a device says of a scan.
const SHORT: usize = 100;
/// How long ago a scan may have been made.
const PAST: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How far a device's clock may be ahead.
const AHEAD: SignedDuration = SignedDuration::from_mins(5);

/// Scans of one device, online or hours later.
#[derive(InputObject)]
pub struct CheckInInput {
    /// The program whose door it is.
    pub program_id: ID,
    /// The scans; 1 to 100.
    pub scans: Vec<CheckInScanInput>,
}

/// A ticket's code that was scanned or typed in.
#[derive(InputObject)]
pub struct CheckInScanInput {
    /// The device's own name for the scan, 1 to 100 characters: the same again in this program is the same scan.
    pub client_id: String,
    /// The code, at most 100 characters; case, spaces and hyphens don't matter.
    pub code: String,
    /// When it was scanned: within the last 30 days, at most 5 minutes ahead. Now unless given.
    pub scanned_at: Option<DateTime>,
    /// Where: the name of a door or a device; 1 to 100 characters.
    pub station: Option<String>,
}

/// Scans that may be written, one column each.
#[derive(Default)]
pub struct Scans {
    /// The device's names for them.
    pub clients: Vec<String>,
    /// The SHA-256 of each code.
    pub hashes: Vec<Vec<u8>>,
    /// When each was made.
    pub moments: Vec<Timestamp>,
    /// Where each was made.
    pub stations: Vec<Option<String>>,
}

/// The SHA-256 of a code as it is kept, however it was typed.
fn hash(code: &str) -> Vec<u8> {
    let plain: String = code.chars().filter(|letter| !letter.is_whitespace() && *letter != '-').collect();
    digest(&SHA256, plain.to_uppercase().as_bytes()).as_ref().to_vec()
}

impl Scans {
    /// Checks a batch.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for none or too many, and for the first wrong scan.
    pub fn check(scans: Vec<CheckInScanInput>, now: Timestamp) -> Result<Scans> {
        if !(1..=MANY).contains(&scans.len()) {
            return Err(Error::bad_input("scans", format!("must hold 1 to {MANY} scans")));
        }
        let mut checked = Scans::default();
        for (place, scan) in scans.into_iter().enumerate() {
            let field = |name: &str| format!("scans.{place}.{name}");
            let at = scan.scanned_at.map_or(now, |at| at.0);
            if at < now - PAST || at > now + AHEAD {
                return Err(Error::bad_input(field("scannedAt"), "must lie within the last 30 days, and at most 5 minutes ahead"));
            }
            if scan.code.chars().count() > SHORT {
                return Err(Error::bad_input(field("code"), format!("must have at most {SHORT} characters")));
            }
            checked.clients.push(text::short(&field("clientId"), &scan.client_id, SHORT)?);
            checked.hashes.push(hash(&scan.code));
            checked.moments.push(at);
            checked.stations.push(scan.station.map(|station| text::short(&field("station"), &station, SHORT)).transpose()?);
        }
        Ok(checked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(code: &str, at: Option<&str>) -> CheckInScanInput {
        let scanned_at = at.map(|at| DateTime(at.parse().unwrap()));
        CheckInScanInput { client_id: "door-1".to_owned(), code: code.to_owned(), scanned_at, station: None }
    }

    #[test]
    fn codes_are_compared_without_case_spaces_and_hyphens() {
        assert_eq!(hash("ABCD-EFGH-JKMN-PQRS"), hash(" abcdefgh jkmn-pqrs\n"));
        assert_ne!(hash("ABCDEFGHJKMNPQRS"), hash("ABCDEFGHJKMNPQRT"));
    }

    #[test]
    fn a_scan_is_at_most_30_days_old_and_5_minutes_ahead() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let fits = |at: &str| Scans::check(vec![scan("A", Some(at))], now).is_ok();
        assert!(fits("2026-10-21T12:00:00Z") && fits("2026-11-20T12:05:00Z"));
        assert!(!fits("2026-10-21T11:59:59Z") && !fits("2026-11-20T12:05:01Z"));
        assert!(Scans::check(Vec::new(), now).is_err());
        assert!(Scans::check((0..101).map(|_| scan("A", None)).collect(), now).is_err());
    }
}
