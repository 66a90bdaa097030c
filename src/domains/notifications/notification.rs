//! What somebody is told.

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::{List, Order, SortKey},
    error::{Error, Result},
    ids::{self, Id},
    resolve::{Ctx, DateTime, Node, Open, Request},
};
use lectern_macros::{object, resolvers};
use serde_json::{Map, Value};

use super::kind::{NotificationKind, kind};
use crate::domains::{
    identity::User,
    mail::{Letterhead, Postman, Written},
};

/// The latest event first.
pub const LATEST: Order = Order { key: SortKey::moment("UPDATED_AT", "n.updated_at"), id: "n.id", descending: true };

/// Something that you are told. Events of one kind, about one thing and within one hour are one notification. Kept for 30 days after its
/// latest event.
#[object(table = "notification", alias = "n", id = "notification", live = "{}.in_app", node, resolvers)]
#[derive(Clone, Debug)]
pub struct Notification {
    /// Its id.
    pub id: Id<Notification>,
    /// What it is of.
    pub kind: Open<NotificationKind>,
    /// Who did it; null where the service did, or when you may not see them.
    #[one]
    pub actor_id: Option<Id<User>>,
    /// How many events of that hour it stands for.
    pub count: i32,
    /// Whether you have read it. A further event makes it unread again.
    #[column("{}.read_at IS NOT NULL")]
    pub is_read: bool,
    /// When you read it; null until then.
    pub read_at: Option<DateTime>,
    /// When its first event was told.
    pub created_at: DateTime,
    /// When its latest event was told. Reading moves it not.
    pub updated_at: DateTime,
    #[hidden]
    pub subject: String,
    #[hidden]
    #[wide]
    pub facts: Value,
    #[hidden]
    #[wide]
    #[column("(SELECT t.title FROM course t WHERE t.tenant_id = {}.tenant_id AND t.id = {}.course_id AND t.deleted_at IS NULL)")]
    pub course: Option<String>,
    #[hidden]
    #[wide]
    #[column(
        "coalesce((SELECT s.locale FROM notification_settings s WHERE s.tenant_id = {}.tenant_id AND s.id = {}.recipient_id), \
         (SELECT t.locale FROM tenant_settings t WHERE t.tenant_id = {}.tenant_id))"
    )]
    pub locale: Option<String>,
    #[hidden]
    #[wide]
    #[column("(SELECT u.time_zone FROM app_user u WHERE u.tenant_id = (SELECT app.tenant_id()) AND u.id = (SELECT app.user_id()))")]
    pub time_zone: Option<String>,
}

/// What a kind's texts are filled with: what is not known is null.
pub fn filling(kind: &super::kind::Kind, facts: &Value, course: Option<String>) -> Map<String, Value> {
    let of = |name: &str| match name {
        "course" => course.clone().map_or(Value::Null, Value::from),
        _ => facts.get(name).cloned().unwrap_or_default(),
    };
    kind.mail.parameters.iter().map(|parameter| (parameter.name.to_owned(), of(parameter.name))).collect()
}

/// The texts of a notification, in a language and by a clock.
///
/// # Errors
/// `INTERNAL` where what its texts are made of lacks something.
pub fn written(postman: &Postman, name: &str, facts: &Value, course: Option<String>, locale: Option<&str>, zone: &str) -> Result<Written> {
    let kind = kind(name).ok_or_else(|| Error::internal(format!("notifications of the kind {name}")))?;
    let head = Letterhead::in_zone(zone);
    postman.writer().write(&kind.mail, locale.unwrap_or("en"), &filling(kind, facts, course), &head, None)
}

/// How somebody is told: in which language, and by which clock; by the school's where they have none.
struct Reader {
    locale: Option<String>,
    time_zone: Option<String>,
}

fn read(name: &str, facts: &Value, course: Option<String>, reader: &Reader, request: &Request) -> Result<Written> {
    let actor = request.actor().ok_or_else(Error::unauthenticated)?;
    let postman = request.services.outside.get::<Postman>()?;
    let zone = reader.time_zone.as_ref().unwrap_or(&actor.time_zone);
    written(&postman, name, facts, course, reader.locale.as_deref(), zone)
}

#[resolvers]
impl Notification {
    /// What happened, on one line, in your language: the subject of its mail. Names courses and times, never people. At most 150 characters.
    fn title(
        kind: Open<NotificationKind>,
        facts: Value,
        course: Option<String>,
        locale: Option<String>,
        time_zone: Option<String>,
        request: &Request,
    ) -> Result<String> {
        Ok(read(kind.as_str(), &facts, course, &Reader { locale, time_zone }, request)?.subject)
    }

    /// What happened, in some sentences.
    fn body(
        kind: Open<NotificationKind>,
        facts: Value,
        course: Option<String>,
        locale: Option<String>,
        time_zone: Option<String>,
        request: &Request,
    ) -> Result<Option<String>> {
        Ok(Some(read(kind.as_str(), &facts, course, &Reader { locale, time_zone }, request)?.body()))
    }

    /// The id of what it is about; null when about nothing in particular.
    fn subject_id(subject: String) -> Option<ID> {
        Some(ID(subject))
    }

    /// What it is about; null when there is no such thing any more, or none that you may see.
    #[cost(2)]
    async fn subject(subject: String, ctx: &Context<'_>) -> Result<Option<Node>> {
        let known = ids::decode(&subject).and_then(|(prefix, _)| ctx.request().registry().kind_with_prefix(prefix));
        let Some(kind) = known.filter(|kind| kind.is_node) else { return Ok(None) };
        let actor = ctx.actor()?;
        if !kind.needs.is_empty() && !kind.needs.iter().any(|permission| actor.can(*permission)) {
            return Ok(None);
        }
        Node::find(ctx, "subject", &ID(subject)).await
    }
}

/// Which notifications.
#[derive(async_graphql::InputObject, Default, Clone)]
pub struct NotificationFilter {
    /// Those that you have read, or have not.
    pub is_read: Option<bool>,
    /// Of one of these kinds.
    pub kinds: Option<Vec<Open<NotificationKind>>>,
    /// About this: an id of any kind.
    pub subject_id: Option<ID>,
}

impl NotificationFilter {
    pub(super) fn narrow(&self, ctx: &Context<'_>, list: &mut List) -> Result<()> {
        if let Some(is_read) = self.is_read {
            list.filter(if is_read { "n.read_at IS NOT NULL" } else { "n.read_at IS NULL" });
        }
        if let Some(kinds) = &self.kinds {
            let kinds = list.bind(kinds.iter().map(|kind| kind.as_str().to_owned()).collect::<Vec<String>>());
            list.filter(format!("n.kind = ANY ({kinds})"));
        }
        if let Some(subject) = &self.subject_id {
            let known = ids::decode(subject.as_str()).filter(|(prefix, _)| ctx.request().registry().kind_with_prefix(prefix).is_some());
            let (prefix, uuid) =
                known.ok_or_else(|| Error::bad_input("filter.subjectId", "is not an id; an id is a word, `_` and 26 characters"))?;
            let subject = list.bind(ids::encode(prefix, uuid));
            list.filter(format!("n.subject = {subject}"));
        }
        Ok(())
    }
}
