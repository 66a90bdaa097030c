//! What lessons hold, many in one statement. Row security leaves out what is locked.

use std::collections::HashMap;

use async_graphql::{Context, ID, MaybeUndefined, dataloader::Loader};
use jiff::Timestamp;
use lectern_kernel::{
    db::ColumnReader,
    error::{Error, Result},
    ids::Id,
    resolve::{Batch, Ctx, DateTime, text},
};
use url::Url;

use super::{Lesson, LessonKind, sql};
use crate::domains::{
    courses::{https_url, media_seconds},
    files::{self, File},
};

/// What a lesson holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LessonContent {
    /// Markdown.
    pub body: Option<String>,
    /// An https address.
    pub url: Option<String>,
    /// How long it plays.
    pub media_seconds: Option<i32>,
    /// Its file.
    pub file: Option<Id<File>>,
    /// When the meeting of a group begins.
    pub starts_at: Option<DateTime>,
    /// When it ends.
    pub ends_at: Option<DateTime>,
}

/// What a lesson holds; absent while it is locked.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ContentOf(pub Id<Lesson>);

impl Loader<ContentOf> for Batch {
    type Value = LessonContent;
    type Error = Error;

    async fn load(&self, keys: &[ContentOf]) -> Result<HashMap<ContentOf, LessonContent>> {
        let lessons: Vec<Id<Lesson>> = keys.iter().map(|key| key.0).collect();
        let mut found = HashMap::with_capacity(keys.len());
        for row in &self.tx.query(sql::CONTENTS, &[&lessons]).await? {
            let mut reader = ColumnReader::new(row);
            let lesson = ContentOf(reader.next()?);
            let content = LessonContent {
                body: reader.next()?,
                url: reader.next()?,
                media_seconds: reader.next()?,
                file: reader.next()?,
                starts_at: reader.next::<Option<Timestamp>>()?.map(DateTime),
                ends_at: reader.next::<Option<Timestamp>>()?.map(DateTime),
            };
            found.insert(lesson, content);
        }
        Ok(found)
    }
}

/// What an input says of a lesson's content.
#[derive(Debug, Default)]
pub struct ContentChange {
    /// Markdown.
    pub body: MaybeUndefined<String>,
    /// An address.
    pub url: MaybeUndefined<String>,
    /// How long it plays.
    pub media_seconds: MaybeUndefined<i32>,
    /// A file.
    pub file_id: MaybeUndefined<ID>,
    /// When a meeting begins.
    pub starts_at: MaybeUndefined<DateTime>,
    /// When it ends.
    pub ends_at: MaybeUndefined<DateTime>,
}

impl ContentChange {
    /// Whether it leaves everything as it is.
    pub fn is_empty(&self) -> bool {
        self.body.is_undefined()
            && self.url.is_undefined()
            && self.media_seconds.is_undefined()
            && self.file_id.is_undefined()
            && self.starts_at.is_undefined()
            && self.ends_at.is_undefined()
    }

    /// What becomes of a lesson's content.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` with the field for what a lesson of this kind can't hold; `NOT_FOUND` or `NOT_YOURS` for a file that is not the
    /// actor's to attach.
    pub async fn applied(self, ctx: &Context<'_>, kind: LessonKind, mut content: LessonContent) -> Result<LessonContent> {
        if let Some(body) = self.body.as_opt_ref() {
            content.body = body.map(|body| long_body("body", body)).transpose()?.flatten();
        }
        if let Some(url) = self.url.as_opt_ref() {
            content.url = url.map(|url| https_url("url", url)).transpose()?;
        }
        if let Some(seconds) = self.media_seconds.as_opt_ref() {
            content.media_seconds = seconds.map(|seconds| media_seconds("mediaSeconds", seconds)).transpose()?;
        }
        if let Some(file) = self.file_id.as_opt_ref() {
            let file = Id::<File>::parse_opt("fileId", file)?;
            if file != content.file {
                content.file = match file {
                    Some(file) => Some(files::require_own(ctx, "fileId", file).await?),
                    None => None,
                };
            }
        }
        if let Some(moment) = self.starts_at.as_opt_ref() {
            content.starts_at = moment.copied();
        }
        if let Some(moment) = self.ends_at.as_opt_ref() {
            content.ends_at = moment.copied();
        }
        check(kind, &content)?;
        if kind == LessonKind::Embed && !self.url.is_undefined() {
            check_host(ctx, content.url.as_deref().unwrap_or_default()).await?;
        }
        Ok(content)
    }
}

/// Markdown: at most 100,000 characters. Blank text is none.
fn long_body(field: &str, body: &str) -> Result<Option<String>> {
    text::longer(field, body, 100_000)
}

/// Whether a lesson of this kind can hold this.
fn check(kind: LessonKind, content: &LessonContent) -> Result<()> {
    use LessonKind::{Assignment, Audio, Embed, File, Link, Live, Quiz, Text, Video};
    let kind_name = kind.as_str();
    let none = |field: &str| Err(Error::bad_input(field, format!("must be left out: a lesson that is {kind_name} has none")));
    match kind {
        Text | Quiz | Assignment | File if content.url.is_some() => return none("url"),
        Text | Quiz | Assignment | Link | Embed | Live if content.file.is_some() => return none("fileId"),
        Link | Embed if content.url.is_none() => {
            return Err(Error::bad_input("url", format!("is required of a lesson that is {kind_name}")));
        }
        File if content.file.is_none() => return Err(Error::bad_input("fileId", "is required of a lesson that is FILE")),
        Video | Audio if content.url.is_some() == content.file.is_some() => {
            return Err(Error::bad_input("url", format!("or `fileId`: a lesson that is {kind_name} takes exactly one of them")));
        }
        _ => {}
    }
    if content.media_seconds.is_some() && !matches!(kind, Video | Audio | Embed) {
        return none("mediaSeconds");
    }
    match (content.starts_at, content.ends_at) {
        (None, None) => Ok(()),
        (Some(_), _) if kind != Live => none("startsAt"),
        (_, Some(_)) if kind != Live => none("endsAt"),
        (Some(start), Some(end)) if start < end => Ok(()),
        (None, _) => Err(Error::bad_input("startsAt", "is required together with `endsAt`")),
        (_, None) => Err(Error::bad_input("endsAt", "is required together with `startsAt`")),
        _ => Err(Error::bad_input("endsAt", "must be after `startsAt`")),
    }
}

/// Refuses a host that is none of the school's, nor below one of them.
async fn check_host(ctx: &Context<'_>, url: &str) -> Result<()> {
    let hosts: Vec<String> = ctx.tx().value(sql::EMBED_HOSTS, &[]).await?.unwrap_or_default();
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    if hosts.iter().any(|known| is_below(&host, known)) {
        return Ok(());
    }
    Err(Error::bad_input("url", "must be on one of the school's `embedHosts`").reason("HOST_NOT_ALLOWED"))
}

/// Whether a host is another one, or a subdomain of it.
fn is_below(host: &str, known: &str) -> bool {
    host == known || host.strip_suffix(known).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_itself_and_by_what_is_above_it() {
        for good in ["vimeo.com", "player.vimeo.com", "a.player.vimeo.com"] {
            assert!(is_below(good, "vimeo.com"), "{good}");
        }
        for bad in ["", "evilvimeo.com", "vimeo.com.evil.example", "com", ".com", "vimeo.co"] {
            assert!(!is_below(bad, "vimeo.com"), "{bad}");
        }
    }

    #[test]
    fn each_kind_takes_what_it_shows_and_nothing_else() {
        let moment = |text: &str| Some(DateTime(text.parse().unwrap()));
        let url = LessonContent { url: Some("https://example.org/".into()), ..LessonContent::default() };
        let file = LessonContent { file: Some(Id::default()), ..LessonContent::default() };
        let both = LessonContent { file: file.file, ..url.clone() };
        let plays = LessonContent { media_seconds: Some(9), ..url.clone() };
        let (start, end) = (moment("2026-11-20T09:00:00Z"), moment("2026-11-20T10:00:00Z"));
        let meeting = LessonContent { starts_at: start, ends_at: end, ..LessonContent::default() };
        let backward = LessonContent { starts_at: end, ends_at: start, ..LessonContent::default() };
        let half = LessonContent { starts_at: start, ..LessonContent::default() };
        let empty = LessonContent::default();
        let kinds = |content: &LessonContent| {
            let taken = LessonKind::ALL.iter().filter(|kind| check(**kind, content).is_ok());
            taken.map(|kind| kind.as_str()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(kinds(&empty), "TEXT QUIZ ASSIGNMENT LIVE");
        assert_eq!(kinds(&url), "VIDEO AUDIO LINK EMBED LIVE");
        assert_eq!(kinds(&file), "VIDEO AUDIO FILE");
        assert_eq!(kinds(&both), "");
        assert_eq!(kinds(&plays), "VIDEO AUDIO EMBED");
        assert_eq!(kinds(&meeting), "LIVE");
        assert_eq!(kinds(&backward) + &kinds(&half), "");
    }
}
