//! Reading notifications, and what their mails look like.

use async_graphql::Context;
use lectern_kernel::{
    error::{Error, Result},
    ids::Id,
    resolve::{Connection, Ctx, Forward, Loaded, Open, filtered, list_of, one, page},
};
use lectern_macros::{object, queries};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    kind::{NotificationKind, kind},
    notification::{LATEST, Notification, NotificationFilter},
    settings::{NotificationSettings, locale_of},
    sql,
};
use crate::domains::mail::{Postman, letterhead, unsubscribe_url};

/// A mail of a kind, filled with what might stand in it.
#[object]
#[derive(Clone, Debug)]
pub struct MailPreview {
    /// Its subject.
    pub subject: String,
    /// Its plain text.
    pub text: String,
    /// The same as HTML; show it where nothing in it is run.
    pub html: String,
}

/// Queries of notifications.
pub struct NotificationQueries;

#[queries]
impl NotificationQueries {
    /// A notification of yours; null when there is none.
    async fn notification(
        ctx: &Context<'_>,
        /// The notification's id.
        id: Id<Notification>,
    ) -> Result<Option<Loaded<Notification>>> {
        one(ctx, id).await
    }

    /// Your notifications, the latest `updatedAt` first.
    async fn notifications(
        ctx: &Context<'_>,
        #[texts(first = "How many; 1 to 100, 20 unless given.", after = "A cursor: go on after it, to what is older.")] paging: Forward,
        /// Which notifications.
        filter: Option<NotificationFilter>,
    ) -> Result<Option<Connection<Notification>>> {
        let mut list = list_of::<Notification>("notifications", LATEST);
        // As the policy says; said again, for the index.
        let own = list.bind(ctx.actor()?.user);
        list.filter(format!("n.recipient_id = {own}"));
        filter.unwrap_or_default().narrow(ctx, &mut list)?;
        page(ctx, filtered::<NotificationFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// How many of your notifications you have not read.
    async fn unread_notification_count(ctx: &Context<'_>) -> Result<Option<i32>> {
        let person = ctx.actor()?.user;
        let count = ctx.tx().value::<i64>(sql::COUNT_UNREAD, &[&person]).await?.unwrap_or_default();
        Ok(Some(i32::try_from(count).map_err(|_| Error::internal(format!("a count of {count}")))?))
    }

    /// How you have chosen to be told.
    async fn notification_settings(ctx: &Context<'_>) -> Result<Option<NotificationSettings>> {
        NotificationSettings::of(ctx).await.map(Some)
    }

    /// What the mail of a kind looks like, filled with what might stand in it, in the school's letterhead.
    #[needs(TenantManage)]
    async fn mail_preview(
        ctx: &Context<'_>,
        /// The kind.
        kind: Open<NotificationKind>,
        /// The language, as a tag of BCP 47; English unless given. There are texts in `en` and `de`; any other tag gets English.
        locale: Option<String>,
    ) -> Result<Option<MailPreview>> {
        let locale = locale.map(|locale| locale_of("locale", &locale)).transpose()?;
        let kind = self::kind(kind.as_str()).ok_or_else(|| Error::bad_input("kind", "is not mailed"))?;
        let head: Value = ctx.tx().value(sql::LETTERHEAD, &[]).await?.unwrap_or_default();
        let samples: Map<String, Value> =
            kind.mail.parameters.iter().map(|parameter| (parameter.name.to_owned(), parameter.sample.into())).collect();
        let postman = ctx.request().services.outside.get::<Postman>()?;
        // An address that is nobody's.
        let unsubscribe = unsubscribe_url(ctx.request(), &kind.mail, Uuid::nil());
        let written = postman.writer().write(
            &kind.mail,
            locale.as_deref().unwrap_or("en"),
            &samples,
            &letterhead(ctx.request(), head),
            unsubscribe.as_deref(),
        )?;
        Ok(Some(MailPreview { subject: written.subject, text: written.text, html: written.html }))
    }
}
