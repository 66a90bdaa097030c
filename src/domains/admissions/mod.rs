//! Admissions: how people come in, and back in. What strangers ask for, mailed links and codes, sign-ups that staff decide, invitations. Tables:
//! `account_request`, `mailed_token`, `sign_in_code`, `sign_up_request`, `sign_up_credential`, `invitation`, `admission_transition`.
//!
//! Permission: USER_ADMIT, which reaches the roles below the actor's own (`app.managed_roles`). Invariants, kept by the database: a link or a code is
//! spent once, in the transaction of what it permits; a later one for the same voids it; of a code five tries are compared; one sign-up and one
//! invitation of an address is pending; each is decided once. What strangers ask for is written down alike whoever they are: a worker finds out
//! (`requests.rs`). The tokens of links are made by workers, too: none of them stands in a transaction that a person waits for.

mod code;
mod inputs;
mod invitation;
mod invitation_mutations;
mod letters;
mod link;
mod link_mutations;
mod mails;
mod notices;
mod purge;
mod queries;
mod requests;
mod sign_up;
mod sign_up_mutations;
mod sql;
mod stranger_mutations;

use lectern_kernel::resolve::registry::Domain;

pub use self::{
    inputs::words,
    invitation::Invitation,
    link_mutations::too_many_people,
    mails::{CONFIRM_SIGN_UP, FORMER_EMAIL, INVITATION, PASSWORD_RESET, SIGN_IN_CODE, SIGN_UP_KNOWN, SIGN_UP_REJECTED},
    notices::{EMAIL_CHANGED, SIGN_UP_DECIDED, SIGN_UP_REQUESTED},
    sign_up::SignUpRequest,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[SignUpRequest::object, Invitation::object, link::LinkPreview::object, sign_up::SignUpReceipt::object],
    operations: &[
        queries::AdmissionQueries::OPERATIONS,
        stranger_mutations::StrangerMutations::OPERATIONS,
        link_mutations::LinkMutations::OPERATIONS,
        invitation_mutations::InvitationMutations::OPERATIONS,
        sign_up_mutations::SignUpMutations::OPERATIONS,
    ],
    jobs: &[requests::REQUEST, letters::INVITATION_LETTER, letters::FORMER_EMAIL_LETTER, purge::ADMISSIONS],
    ..Domain::new("admissions")
};
