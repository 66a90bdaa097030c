//! What the database refuses of applications and their parties, as clients are told.

use lectern_kernel::{
    db::DbError,
    error::{Error, Result},
};

use crate::domains::{products, programs::answers};

/// What a function refused. `field` names the application in the input.
pub fn refusal(error: DbError, field: &str) -> Error {
    let number = |name| error.number(name).and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
    match error.constraint() {
        Some("application_transition") => {
            Error::conflict("INVALID_TRANSITION", "No such step leads on from where the application stands.").field(field)
        }
        Some("application_closed") => Error::conflict("PROGRAM_CLOSED", "The program takes and admits no applications now.").field(field),
        Some("application_fee") => Error::conflict("FEE_REQUIRED", "The fee for the application is to be paid first.").field(field),
        Some("application_editable") => {
            Error::conflict("NOT_EDITABLE", "The application was handed in: its answers stay as they are.").field("answers")
        }
        Some("application_answers_size") => Error::bad_input("answers", "must take at most 64 kB"),
        Some("application_file_owner" | "application_file_file_fkey") => answers::no_file(&error.text("key").unwrap_or_default()),
        Some("application_person") => Error::not_found("person").field("userId"),
        Some("application_group") => Error::not_found("group of the applicant").field("groupId"),
        Some("application_person_key") => {
            Error::conflict("ALREADY_APPLIED", "There is an application of this person to this program.").field("programId")
        }
        Some("application_in_use") => Error::conflict("IN_USE", "Somebody of the party holds a ticket.").field(field),
        Some("application_full" | "program_places_taken_check") => {
            Error::conflict("PROGRAM_FULL", "There are not enough places left.").field(field)
        }
        Some("application_no_offer") => Error::conflict("NO_OFFER", "No place is offered to this application.").field(field),
        Some("application_offer_over") => Error::conflict("OFFER_EXPIRED", "The places are held for it no more.").field(field),
        Some("application_own") => Error::forbidden("OWN_APPLICATION", "Nobody votes on an application of their own.").field(field),
        Some("attendee_editable") => {
            Error::conflict("NOT_EDITABLE", "Who comes can't be changed of an application that is REJECTED or WITHDRAWN.").field(field)
        }
        Some("attendee_children") => {
            Error::limit_reached("There are 10 children at most.", 10, error.number("used").unwrap_or(10)).field("kind")
        }
        Some("attendee_main_key" | "attendee_spouse_key") => {
            Error::conflict("ATTENDEE_EXISTS", "There is one such attendee of the application already.").field("kind")
        }
        Some("attendee_email_key") => {
            Error::conflict("EMAIL_TAKEN", "Another attendee of the application has this address.").field("email")
        }
        Some("attendee_leader") => {
            Error::forbidden("NOT_LEADER", "Members come with the leader of the group that the application is for.").field("kind")
        }
        Some("attendee_group_full" | "program_group_places_members_check") => {
            Error::conflict("PROGRAM_GROUP_FULL", "No more members of the group are taken.")
                .field(field)
                .limit(number("limit"), number("used"))
        }
        Some("attendee_main") => Error::conflict("MAIN_ATTENDEE", "The main attendee stays as long as the application does.").field(field),
        Some("attendee_in_use") => Error::conflict("IN_USE", "The attendee holds a ticket.").field(field),
        _ => match products::code_refused::<()>(Err(error), "referralCode") {
            Err(refused) => refused.into(),
            Ok(()) => Error::internal("a refusal that refuses nothing"),
        },
    }
}

/// The answer of a function, or what it refused.
///
/// # Errors
/// What the function refused.
pub fn answered<T>(asked: Result<T, DbError>, field: &str) -> Result<T> {
    asked.map_err(|error| refusal(error, field))
}
