//! What the mutations of busy sources take.

use lectern_kernel::resolve::text;
use lectern_macros::writes;

use super::BusySource;

/// A calendar that is kept elsewhere: an address or a file, one of both.
#[writes(BusySource)]
pub struct CreateBusySourceInput {
    /// What you call it; 1 to 200 characters.
    #[check(text::name)]
    pub name: String,
    /// Where it is: `https` or `webcal`, at a public address, without user information and fragment; at most 2,000 characters. Never answered: whoever knows
    /// it reads the calendar.
    #[by_hand]
    pub url: Option<String>,
    /// The file itself, as iCalendar, at most 512 KiB. Nothing of it is kept but when something is.
    #[by_hand]
    pub content: Option<String>,
    /// The IANA time zone of its floating times and whole days; the school's own unless given.
    #[by_hand]
    pub time_zone: Option<String>,
}
