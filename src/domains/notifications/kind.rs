//! What a kind of notifications is, and what the database is told of all of them.

use std::fmt::Write as _;

use lectern_kernel::{resolve::OpenEnum, text_enum};

use super::kinds::KINDS;
use crate::domains::mail::MailTemplate;

text_enum! {
    /// How notifications of a kind reach you by mail.
    pub enum EmailMode {
        /// Each at once. Beyond a hundred within an hour the rest waits for the digest.
        Immediate = "IMMEDIATE",
        /// Once a day, at `digestHour`: what you have not read by then.
        Digest = "DIGEST",
        /// Not at all.
        Off = "OFF",
    }
}

/// What becomes of the person who did what a notification is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doer {
    /// They know of it, and are not told.
    LeftOut,
    /// They are told as well: it is about their own account, or answers what they asked for.
    Told,
    /// The service did it, or who did is not said.
    Nobody,
}

impl Doer {
    const fn as_str(self) -> &'static str {
        match self {
            Doer::LeftOut => "LEFT_OUT",
            Doer::Told => "TOLD",
            Doer::Nobody => "NOBODY",
        }
    }
}

/// A kind of notifications: all that makes one.
#[derive(Debug)]
pub struct Kind {
    /// Its value of `NotificationKind`: upper case.
    pub name: &'static str,
    /// What the schema says of it.
    pub description: &'static str,
    /// The events that make it.
    pub events: &'static [&'static str],
    /// Who gets it: a query of ids, over `note` (what the event carries) and `who` (did it, or null).
    pub recipients: &'static str,
    /// What becomes of who did it.
    pub doer: Doer,
    /// How it is mailed to whoever has chosen nothing.
    pub email: EmailMode,
    /// The same for the events of which this is true, over `note`.
    pub email_where: Option<(&'static str, EmailMode)>,
    /// Its texts: the subject is its title. Named as the kind is, in lower case. An essential kind is always mailed.
    pub mail: MailTemplate,
}

impl Kind {
    /// Whether its mail can't be turned off.
    pub const fn is_essential(&self) -> bool {
        self.mail.is_essential
    }
}

/// The kind of a name.
pub fn kind(name: &str) -> Option<&'static Kind> {
    KINDS.iter().copied().find(|kind| kind.name == name)
}

/// The enum of the schema.
pub struct NotificationKind;

const VALUES: [(&str, &str); KINDS.len()] = {
    let mut values = [("", ""); KINDS.len()];
    let mut place = 0;
    while place < KINDS.len() {
        values[place] = (KINDS[place].name, KINDS[place].description);
        place += 1;
    }
    values
};

impl OpenEnum for NotificationKind {
    const NAME: &'static str = "NotificationKind";
    const DESCRIPTION: &'static str = "What a notification is of.";
    const VALUES: &'static [(&'static str, &'static str)] = &VALUES;
}

/// Tells the database which kinds there are, which events make them, and who gets them.
pub fn sql() -> String {
    let mut sql = String::from(
        "-- Every kind of notifications there is: how it is mailed to whoever has chosen nothing, whether that can't be turned off, and what\n\
         -- becomes of who did it.\n\
         CREATE OR REPLACE FUNCTION app.notification_kinds() RETURNS TABLE (kind text, email text, is_essential boolean, doer text)\n    \
         LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$\n    VALUES",
    );
    for (place, kind) in KINDS.iter().enumerate() {
        let comma = if place == 0 { "" } else { "," };
        let Kind { name, email, doer, .. } = kind;
        let _ = write!(sql, "{comma}\n        ('{name}', '{}', {}, '{}')", email.as_str(), kind.is_essential(), doer.as_str());
    }
    let mut events: Vec<&str> = KINDS.iter().flat_map(|kind| kind.events).copied().collect();
    events.sort_unstable();
    events.dedup();
    let _ = write!(
        sql,
        "\n$$;\n\n-- The events of which people are told.\n\
         CREATE OR REPLACE FUNCTION app.notifying_events() RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE\n    \
         RETURN '{{{}}}'::text[];\n\n\
         -- Who is told of an event, by which kind, and how it is mailed to whoever has chosen nothing; for app.fan_out_to_notifications alone.\n\
         CREATE OR REPLACE FUNCTION app.notified(type text, note jsonb, who uuid) RETURNS TABLE (kind text, recipient_id uuid, email text)\n    \
         LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$\nBEGIN\n",
        events.join(",")
    );
    for Kind { name, events, recipients, email, email_where, .. } in KINDS {
        let email = match email_where {
            None => format!("'{}'", email.as_str()),
            Some((condition, special)) => {
                format!("CASE WHEN {condition} THEN '{}' ELSE '{}' END", special.as_str(), email.as_str())
            }
        };
        let _ = write!(
            sql,
            "    IF type IN ('{}') THEN\n        RETURN QUERY SELECT '{name}'::text, w.id, {email}::text FROM (\n            {recipients}) AS w(id);\n    END IF;\n",
            events.join("', '")
        );
    }
    sql.push_str("END\n$$;\n");
    sql
}
