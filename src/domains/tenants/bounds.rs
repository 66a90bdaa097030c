//! What numbers of the settings may be.

use lectern_kernel::error::{Error, Result};

fn between(field: &str, value: i32, least: i32, most: i32) -> Result<i32> {
    if (least..=most).contains(&value) { Ok(value) } else { Err(Error::bad_input(field, format!("must be between {least} and {most}"))) }
}

pub fn risk_days(field: &str, days: &i32) -> Result<i32> {
    between(field, *days, 1, 365)
}

pub fn escalation_hours(field: &str, hours: &i32) -> Result<i32> {
    between(field, *hours, 1, 720)
}

pub fn hold_minutes(field: &str, minutes: &i32) -> Result<i32> {
    between(field, *minutes, 1, 15)
}

pub fn offer_minutes(field: &str, minutes: &i32) -> Result<i32> {
    between(field, *minutes, 5, 10_080)
}

pub fn notice_minutes(field: &str, minutes: &i32) -> Result<i32> {
    between(field, *minutes, 0, 525_600)
}

/// Minutes of reminders: at most 3, each once, as they were given.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn reminder_minutes(field: &str, minutes: &[i32]) -> Result<Vec<i32>> {
    const MOST: usize = 3;
    if minutes.len() > MOST {
        return Err(Error::bad_input(field, format!("must hold at most {MOST} numbers")));
    }
    for (index, one) in minutes.iter().enumerate() {
        let field = format!("{field}.{index}");
        between(&field, *one, 5, 43_200)?;
        if minutes[..index].contains(one) {
            return Err(Error::bad_input(field, "stands in the list twice"));
        }
    }
    Ok(minutes.to_vec())
}
