//! What the mutations of programs take, and its checks.

use async_graphql::{ID, InputObject, MaybeUndefined};
use lectern_kernel::{
    error::{Error, Result},
    resolve::{DateTime, text},
};
use lectern_macros::writes;

use super::{
    Program,
    money::{MoneyInput, currency},
    program::{EnrollWhen, ProgramKind, ProgramStatus, ReviewStrategy, ReviewVeto},
};

/// A program to be made, as a draft.
#[writes(Program)]
pub struct CreateProgramInput {
    /// Its name; 1 to 200 characters, not necessarily unique.
    #[check(text::name)]
    pub name: String,
    /// Its short name, unique in the school, for addresses: 2 to 63 lower-case letters and digits, with single hyphens between them. Left out: made of the name.
    #[by_hand]
    pub slug: Option<String>,
    /// What it is about; at most 10,000 characters.
    #[check(text::long)]
    pub description: Option<String>,
    /// What it is; OTHER unless given.
    pub kind: Option<ProgramKind>,
    /// When it begins.
    pub starts_at: Option<DateTime>,
    /// When it is over, after it begins.
    pub ends_at: Option<DateTime>,
    /// From when on it takes applications; left out: as soon as it is ACTIVE.
    pub applications_open_at: Option<DateTime>,
    /// Until when it takes applications; left out: until it ends.
    pub applications_close_at: Option<DateTime>,
    /// How many attendees it takes, 1 to 1,000,000; left out: any number.
    #[check(capacity)]
    pub capacity: Option<i32>,
    /// What it sells in: 1 to 5 different currencies of ISO 4217, the first being the default.
    #[check(currencies)]
    pub currencies: Vec<String>,
    /// What an application costs before it can be submitted: above 0, in one of the currencies; left out: nothing.
    #[by_hand]
    pub application_fee: Option<MoneyInput>,
    /// Whether the fee becomes credit once the application is accepted; false unless given.
    pub credit_fee_on_acceptance: Option<bool>,
    /// How reviews decide; left out: managers do.
    pub review_strategy: Option<ReviewStrategy>,
    /// Which votes reject, whatever the others say; STRONG_NO unless given.
    pub veto: Option<ReviewVeto>,
    /// For THRESHOLD: how many yeses accept, 1 to 100; 1 unless given.
    #[check(approvals)]
    pub approvals_needed: Option<i32>,
    /// For WEIGHTED: the sum of votes from which on an application is accepted, -1,000 to 1,000; 2 unless given.
    #[check(score)]
    pub accept_score: Option<i32>,
    /// For WEIGHTED: the sum of votes down to which an application is rejected, below `acceptScore`; -2 unless given.
    #[check(score)]
    pub reject_score: Option<i32>,
    /// How many hours a place that came free is held for whom it is offered to, 1 to 720; 48 unless given.
    #[check(offer_hours)]
    pub offer_hours: Option<i32>,
    /// After how many days somebody who was accepted and has bought nothing loses the place, 1 to 365; left out: never.
    #[check(pay_within_days)]
    pub pay_within_days: Option<i32>,
    /// How many minutes an order is held for its payment, 31 to 1,440; 35 unless given.
    #[check(payment_minutes)]
    pub payment_minutes: Option<i32>,
    /// How many days an order is held for a bank transfer, 1 to 60; 7 unless given.
    #[check(transfer_days)]
    pub transfer_days: Option<i32>,
    /// Until when tickets can be exchanged; left out: not at all.
    pub exchanges_until: Option<DateTime>,
    /// Whether participants see one another; false unless given.
    pub has_directory: Option<bool>,
    /// When attendees are enrolled in its courses, and join its groups; PAID unless given.
    pub enroll_when: Option<EnrollWhen>,
    /// How many referral codes each of those who are accepted may make, 0 to 1,000; 0 unless given.
    #[check(referrals)]
    pub referrals_per_person: Option<i32>,
}

/// A change of a program. What is left out stays as it is; an explicit null clears.
#[writes(Program)]
pub struct UpdateProgramInput {
    /// The program.
    #[by_hand]
    pub id: ID,
    /// A new name; 1 to 200 characters.
    #[check(text::name)]
    pub name: MaybeUndefined<String>,
    /// A new short name, unique in the school: 2 to 63 lower-case letters and digits, with single hyphens between them.
    #[check(slug)]
    pub slug: MaybeUndefined<String>,
    /// A new description; at most 10,000 characters; null for none.
    #[check(text::long)]
    pub description: MaybeUndefined<String>,
    /// What it is.
    pub kind: MaybeUndefined<ProgramKind>,
    /// When it begins; null: it doesn't say.
    pub starts_at: MaybeUndefined<DateTime>,
    /// When it is over, after it begins; null: when somebody ends it.
    pub ends_at: MaybeUndefined<DateTime>,
    /// From when on it takes applications; null: as soon as it is ACTIVE.
    pub applications_open_at: MaybeUndefined<DateTime>,
    /// Until when it takes applications; null: until it ends.
    pub applications_close_at: MaybeUndefined<DateTime>,
    /// How many attendees it takes, no fewer than there are; null for any number. Places that come free by it are offered to who waits.
    #[check(capacity)]
    pub capacity: MaybeUndefined<i32>,
    /// What it sells in, in place of the currencies before: 1 to 5, the first being the default.
    #[by_hand]
    pub currencies: MaybeUndefined<Vec<String>>,
    /// What an application costs before it can be submitted: above 0, in one of the currencies; null for nothing.
    #[by_hand]
    pub application_fee: MaybeUndefined<MoneyInput>,
    /// Whether the fee becomes credit once the application is accepted.
    pub credit_fee_on_acceptance: MaybeUndefined<bool>,
    /// How reviews decide from now on; null: managers do.
    pub review_strategy: MaybeUndefined<ReviewStrategy>,
    /// Which votes reject, whatever the others say.
    pub veto: MaybeUndefined<ReviewVeto>,
    /// For THRESHOLD: how many yeses accept, 1 to 100.
    #[check(approvals)]
    pub approvals_needed: MaybeUndefined<i32>,
    /// For WEIGHTED: the sum of votes from which on an application is accepted, -1,000 to 1,000.
    #[check(score)]
    pub accept_score: MaybeUndefined<i32>,
    /// For WEIGHTED: the sum of votes down to which an application is rejected, below `acceptScore`.
    #[check(score)]
    pub reject_score: MaybeUndefined<i32>,
    /// How many hours a place that came free is held for whom it is offered to, 1 to 720.
    #[check(offer_hours)]
    pub offer_hours: MaybeUndefined<i32>,
    /// After how many days somebody who was accepted and has bought nothing loses the place, 1 to 365; null: never.
    #[check(pay_within_days)]
    pub pay_within_days: MaybeUndefined<i32>,
    /// How many minutes an order is held for its payment, 31 to 1,440.
    #[check(payment_minutes)]
    pub payment_minutes: MaybeUndefined<i32>,
    /// How many days an order is held for a bank transfer, 1 to 60.
    #[check(transfer_days)]
    pub transfer_days: MaybeUndefined<i32>,
    /// Until when tickets can be exchanged; null: not at all.
    pub exchanges_until: MaybeUndefined<DateTime>,
    /// Whether participants see one another.
    pub has_directory: MaybeUndefined<bool>,
    /// When attendees are enrolled in its courses, and join its groups.
    pub enroll_when: MaybeUndefined<EnrollWhen>,
    /// How many referral codes each of those who are accepted may make, 0 to 1,000.
    #[check(referrals)]
    pub referrals_per_person: MaybeUndefined<i32>,
}

/// Where a program is to stand.
#[derive(InputObject)]
pub struct SetProgramStatusInput {
    /// The program.
    pub id: ID,
    /// The new status.
    pub status: ProgramStatus,
}

/// Who reviews the applications of a program, in place of those before.
#[derive(InputObject)]
pub struct SetProgramReviewersInput {
    /// The program.
    pub program_id: ID,
    /// At most 100 people, each once, in their order.
    pub reviewers: Vec<ProgramReviewerInput>,
}

/// Somebody who is to review.
#[derive(InputObject)]
pub struct ProgramReviewerInput {
    /// Who; they hold APPLICATION_REVIEW through some role.
    pub user_id: ID,
    /// Whether their vote is waited for; false unless given.
    pub is_required: Option<bool>,
}

/// What attendees of a program get, in place of what they got before.
#[derive(InputObject)]
pub struct SetProgramLinksInput {
    /// The program.
    pub program_id: ID,
    /// At most 50 courses that they are enrolled in.
    pub course_ids: Vec<ID>,
    /// At most 50 groups that they join.
    pub group_ids: Vec<ID>,
}

/// The terms on which a group gets into a program, in place of those before.
#[derive(InputObject)]
pub struct SetProgramGroupInput {
    /// The program.
    pub program_id: ID,
    /// The group.
    pub group_id: ID,
    /// What its members get off, in percent: above 0 and at most 100, with two decimals at most; left out: nothing.
    pub percent_off: Option<f64>,
    /// How many attendees its leaders may bring as members, 0 to 1,000,000 and no fewer than there are; left out: any number.
    pub max_members: Option<i32>,
    /// Whether an application for the group is accepted without a review; false unless given.
    pub auto_accept: Option<bool>,
}

/// A group that is to get into a program as everybody does.
#[derive(InputObject)]
pub struct RemoveProgramGroupInput {
    /// The program.
    pub program_id: ID,
    /// The group.
    pub group_id: ID,
}

/// A slug: lower-case letters, digits and single hyphens between them, 2 to 63 characters.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn slug(field: &str, text: &str) -> Result<String> {
    let is_part = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if text.split('-').all(is_part) && (2..=63).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err(Error::bad_input(field, "must have 2 to 63 lower-case letters and digits, with single hyphens between them: summer-camp-2027"))
    }
}

/// 1 to 5 different currencies, in upper case.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn currencies(field: &str, given: &[String]) -> Result<Vec<String>> {
    if given.is_empty() || given.len() > 5 {
        return Err(Error::bad_input(field, "must hold 1 to 5 currencies"));
    }
    let mut codes = Vec::with_capacity(given.len());
    for (index, code) in given.iter().enumerate() {
        let field = format!("{field}.{index}");
        let code = currency(&field, code)?;
        if codes.contains(&code) {
            return Err(Error::bad_input(field, "stands in the list twice"));
        }
        codes.push(code);
    }
    Ok(codes)
}

fn between(field: &str, number: i32, least: i32, most: i32) -> Result<i32> {
    if (least..=most).contains(&number) { Ok(number) } else { Err(Error::bad_input(field, format!("must be between {least} and {most}"))) }
}

fn capacity(field: &str, places: &i32) -> Result<i32> {
    if (1..=1_000_000).contains(places) {
        Ok(*places)
    } else {
        Err(Error::bad_input(field, "must be between 1 and 1000000, or null for any number"))
    }
}

fn approvals(field: &str, yeses: &i32) -> Result<i32> {
    between(field, *yeses, 1, 100)
}

fn score(field: &str, sum: &i32) -> Result<i32> {
    between(field, *sum, -1_000, 1_000)
}

fn offer_hours(field: &str, hours: &i32) -> Result<i32> {
    between(field, *hours, 1, 720)
}

fn pay_within_days(field: &str, days: &i32) -> Result<i32> {
    between(field, *days, 1, 365)
}

fn payment_minutes(field: &str, minutes: &i32) -> Result<i32> {
    between(field, *minutes, 31, 1_440)
}

fn transfer_days(field: &str, days: &i32) -> Result<i32> {
    between(field, *days, 1, 60)
}

fn referrals(field: &str, codes: &i32) -> Result<i32> {
    between(field, *codes, 0, 1_000)
}

/// How many members of a group may be brought.
///
/// # Errors
/// `BAD_USER_INPUT`.
pub fn max_members(field: &str, members: i32) -> Result<i32> {
    between(field, members, 0, 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_is_words_joined_by_hyphens() {
        for text in ["ab", "summer-camp-2027", "2027", &"a".repeat(63)] {
            assert_eq!(slug("slug", text).unwrap(), text);
        }
        for text in ["", "a", "-ab", "ab-", "a--b", "Ab", "ä-b", "a b", &"a".repeat(64)] {
            assert!(slug("slug", text).is_err(), "{text}");
        }
    }

    #[test]
    fn currencies_are_different_and_few() {
        let given = |codes: &[&str]| currencies("currencies", &codes.iter().map(|&code| code.to_owned()).collect::<Vec<_>>()).ok();
        assert_eq!(given(&["eur", " CHF"]), Some(vec!["EUR".to_owned(), "CHF".to_owned()]));
        assert_eq!(given(&[]), None);
        assert_eq!(given(&["EUR", "eur"]), None);
        assert_eq!(given(&["EUR", "USD", "CHF", "GBP", "JPY", "SEK"]), None);
    }
}
