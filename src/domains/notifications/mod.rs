//! Notifications: what people are told, in the app and by mail. Tables: `notification`, `notification_settings`, `notification_preference`.
//!
//! No permission: everybody reads their own and chooses for themselves. TENANT_MANAGE sees what the mails look like. Each kind is one row of
//! `kinds.rs`; the database is told of them by functions that are made of it. Invariants, kept by the database: events of one hour about one
//! thing are one notification, which counts each event once, however often it is fanned out; a person gets one digest a day; nothing turns on
//! again by itself what somebody has turned off.

mod jobs;
mod kind;
mod kinds;
mod mutations;
mod notification;
mod queries;
mod settings;
mod sql;
mod unsubscribe;

use lectern_kernel::resolve::registry::{Domain, Event, Heard, HeardKey};

pub use self::{
    kind::{Doer, EmailMode, Kind, NotificationKind, sql as kinds_sql},
    kinds::KINDS,
    notification::Notification,
    settings::locale_of,
    unsubscribe::unsubscribe,
};

/// What it is made of.
pub const DOMAIN: Domain = Domain {
    objects: &[
        Notification::object,
        settings::NotificationSettings::object,
        settings::NotificationPreference::object,
        queries::MailPreview::object,
    ],
    operations: &[
        queries::NotificationQueries::OPERATIONS,
        mutations::NotificationMutations::OPERATIONS,
        settings::SettingsMutations::OPERATIONS,
    ],
    events: &[
        Event {
            name: "notificationAdded",
            description: "You are told something, or something further that a notification of this hour stands for: the notification as it is now.",
            of: Heard::Row(Notification::object),
            topic: "notification",
            key: HeardKey::Own,
            since: Some(sql::MISSED),
            query: "notification",
        },
        Event {
            name: "unreadNotificationCountChanged",
            description: "How many of your notifications you have not read, whenever that has changed: you were told something, or have read something.",
            of: Heard::Number,
            topic: "unread",
            key: HeardKey::Own,
            since: None,
            query: "unreadNotificationCount",
        },
    ],
    jobs: &[jobs::DIGEST, jobs::PURGE],
    recorded: &[("NotificationSettings", "notificationsettings")],
    parts: &[("NotificationSettings", "kind", "preference")],
    ..Domain::new("notifications")
};
