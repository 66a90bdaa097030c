//! How mails leave: to a server of mail, or into a folder that is looked at.

use std::{io::Write as _, os::unix::fs::OpenOptionsExt as _, path::PathBuf, str::FromStr as _};

use anyhow::Context as _;
use data_encoding::BASE64;
use lectern_kernel::{ids, seen::trace, text::email_key};
use lettre::{
    Address, Message,
    message::{
        Attachment as Part, Mailbox, MultiPart,
        header::{ContentType, HeaderName, HeaderValue},
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    OutboxMail,
    smtp::{SmtpServer, date},
    template::MailTemplate,
    writing::{Letterhead, Writer, Written, one_line},
};
use lectern_kernel::ids::Kind as _;

/// Which way mails leave.
pub enum Way {
    /// As files of this folder: a mailbox of everybody, to be looked at.
    Outbox(PathBuf),
    /// To a server of mail.
    Smtp(SmtpServer),
}

/// Why a mail did not leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Undelivered {
    /// It may later.
    ForNow(String),
    /// Its address takes none.
    ForGood(String),
}

/// A text that goes along with a mail. (A booking goes along as what `app.invite_of` makes of it: a file is made when the mail is sent.)
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Attachment {
    /// The name of the file.
    pub name: String,
    /// The media type: `text/calendar`.
    #[serde(rename = "type")]
    pub media_type: String,
    /// What it holds; at most 64 KiB.
    pub text: String,
}

/// Writes and delivers mails.
pub struct Postman {
    templates: Vec<&'static MailTemplate>,
    writer: Writer,
    from: Mailbox,
    way: Way,
    shows_secrets: bool,
}

impl Postman {
    /// One who knows these templates. `from` is the address that mails come from, `app` where people use the product. On an embedded database
    /// with an outbox of its own, whoever reads the outbox is who runs the service, and is shown the secrets in it.
    ///
    /// # Errors
    /// When `from` is no address.
    pub fn new(templates: Vec<&'static MailTemplate>, from: &str, app: &str, way: Way, is_embedded: bool) -> anyhow::Result<Self> {
        let from = Mailbox::from_str(from)
            .context("LECTERN_MAIL_FROM must be an address such as school@example.org, or Name <school@example.org>")?;
        let shows_secrets = is_embedded && matches!(way, Way::Outbox(_));
        Ok(Postman { templates, writer: Writer::new(app), from, way, shows_secrets })
    }

    /// The template of a name.
    pub fn template(&self, name: &str) -> Option<&'static MailTemplate> {
        self.templates.iter().copied().find(|template| template.name == name)
    }

    /// What writes.
    pub fn writer(&self) -> &Writer {
        &self.writer
    }

    /// The address that mails come from.
    pub fn address(&self) -> String {
        self.from.email.to_string()
    }

    /// Whether secrets stay readable in the outbox.
    pub fn shows_secrets(&self) -> bool {
        self.shows_secrets
    }

    /// Whether the server of mail can be reached and takes who we are; none where mails are files of a folder, which then is answered.
    ///
    /// # Errors
    /// Why not.
    pub async fn greet(&self) -> Result<Option<&std::path::Path>, Undelivered> {
        match &self.way {
            Way::Smtp(server) => server.greet().await.map(|()| None),
            Way::Outbox(folder) => Ok(Some(folder)),
        }
    }

    /// Delivers a mail. However often it is delivered, its Message-ID is the same.
    ///
    /// # Errors
    /// Why it did not leave, and whether it ever will.
    pub async fn deliver(
        &self,
        (tenant, id): (Uuid, Uuid),
        to: &str,
        written: &Written,
        head: &Letterhead,
        attachments: &[Attachment],
    ) -> Result<(), Undelivered> {
        let to = address(to).ok_or_else(|| Undelivered::ForGood("this is no address that mail can be sent to".to_owned()))?;
        let message =
            self.message((tenant, id), &to, written, head, attachments).map_err(|error| Undelivered::ForNow(format!("{error:#}")))?;
        match &self.way {
            Way::Smtp(server) => server.send(&self.from.email, &to, &message).await,
            Way::Outbox(folder) => {
                let (folder, name) = (folder.clone(), ids::encode(OutboxMail::PREFIX, id));
                let kept = tokio::task::spawn_blocking(move || keep(&folder, &name, &message)).await;
                let kept = kept.map_err(anyhow::Error::from).and_then(|kept| kept);
                kept.map_err(|error| Undelivered::ForNow(format!("{error:#}")))
            }
        }
    }

    fn message(
        &self,
        (tenant, id): (Uuid, Uuid),
        to: &Address,
        Written { subject, text, html, unsubscribe, .. }: &Written,
        head: &Letterhead,
        attachments: &[Attachment],
    ) -> anyhow::Result<Vec<u8>> {
        let from = Mailbox::new(Some(one_line(head.sender(), 100)), self.from.email.clone());
        let message_id = format!("<{}.{}@{}>", id.simple(), tenant.simple(), self.from.email.domain());
        // So that nobody's holiday answers it.
        let automatic = HeaderValue::new(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated".to_owned());
        let builder = Message::builder()
            .from(from)
            .to(Mailbox::new(None, to.clone()))
            .raw_header(entitled(&one_line(subject, usize::MAX)))
            .message_id(Some(message_id))
            .date(date(lectern_kernel::clock::now()))
            .raw_header(automatic);
        let reply_to = head.reply_to().and_then(address).filter(|address| address.to_string().is_ascii());
        let builder = match reply_to {
            Some(address) => builder.reply_to(Mailbox::new(None, address)),
            None => builder,
        };
        // For whoever follows a mail through servers that make traces, too.
        let builder = match trace::traceparent() {
            Some(parent) => builder.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str("Traceparent"), parent)),
            None => builder,
        };
        // Both are made of our own address and of base64url alone.
        let builder = match unsubscribe {
            None => builder,
            Some(url) => {
                let header = |name, value| HeaderValue::new(HeaderName::new_from_ascii_str(name), value);
                builder
                    .raw_header(header("List-Unsubscribe", format!("<{url}>")))
                    .raw_header(header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()))
            }
        };
        let alternatives = MultiPart::alternative_plain_html(text.clone(), html.clone());
        let parts = if attachments.is_empty() {
            alternatives
        } else {
            attachments.iter().try_fold(MultiPart::mixed().multipart(alternatives), |parts, attachment| {
                let media_type = ContentType::parse(&one_line(&attachment.media_type, 100)).context("an attachment has no media type")?;
                anyhow::Ok(parts.singlepart(Part::new(one_line(&attachment.name, 200)).body(attachment.text.clone(), media_type)))
            })?
        };
        Ok(builder.multipart(parts)?.formatted())
    }
}

/// The header of a subject. What looks encoded is encoded once more: it is read as it was written.
fn entitled(subject: &str) -> HeaderValue {
    const LONGEST: usize = 39; // bytes of a word, of which base64 makes 52 letters: with all that stands on its line no more than 76
    let name = HeaderName::new_from_ascii_str("Subject");
    if !subject.contains("=?") {
        return HeaderValue::new(name, subject.to_owned());
    }
    let mut words = vec![String::new()];
    for letter in subject.chars() {
        match words.last_mut() {
            Some(word) if word.len() + letter.len_utf8() <= LONGEST => word.push(letter),
            _ => words.push(letter.to_string()),
        }
    }
    let encoded: Vec<String> = words.iter().map(|word| format!("=?utf-8?b?{}?=", BASE64.encode(word.as_bytes()))).collect();
    HeaderValue::dangerous_new_pre_encoded(name, subject.to_owned(), encoded.join("\r\n "))
}

/// The mail that a Message-ID of ours names: its school and its id.
pub fn of_message_id(text: &str) -> Option<(Uuid, Uuid)> {
    let (name, _domain) = text.trim().trim_start_matches('<').split_once('@')?;
    let (id, tenant) = name.split_once('.')?;
    Some((Uuid::try_parse(tenant).ok()?, Uuid::try_parse(id).ok()?))
}

/// An address as SMTP takes it: its domain as DNS has it.
fn address(text: &str) -> Option<Address> {
    let (local, _) = text.rsplit_once('@')?;
    let key = email_key(text)?;
    let (_, domain) = key.rsplit_once('@')?;
    Address::new(local, domain).ok()
}

/// Writes a mail into the folder; whole, or not at all, and for its owner alone.
fn keep(folder: &std::path::Path, name: &str, mail: &[u8]) -> anyhow::Result<()> {
    let written = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let draft = folder.join(format!(".{name}.{}", std::process::id()));
        let mut file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(mail)?;
        drop(file);
        std::fs::rename(&draft, folder.join(format!("{name}.eml")))
    };
    written().with_context(|| format!("{} can't be written to", folder.display()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const IDS: (Uuid, Uuid) = (Uuid::from_u128(7), Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_00a1));

    fn message(sender: &str, subject: &str, attachments: &[Attachment]) -> String {
        let postman =
            Postman::new(Vec::new(), "Somebody <post@mail.example>", "https://app.example", Way::Outbox(PathBuf::new()), true).unwrap();
        let written =
            Written { subject: subject.to_owned(), text: "Text\n".to_owned(), html: "<p>Text</p>".to_owned(), ..Written::default() };
        let head = Letterhead::read(json!({ "sender": sender, "replyTo": "help@bücher.example" }), None);
        let to = address("ada@bücher.example").unwrap();
        String::from_utf8(postman.message(IDS, &to, &written, &head, attachments).unwrap()).unwrap()
    }

    fn headers(mail: &str) -> Vec<String> {
        let head = mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        head.split("\r\n").map(|line| line.split(':').next().unwrap().to_ascii_lowercase()).collect()
    }

    #[test]
    fn nothing_that_a_person_wrote_makes_a_header() {
        let plain = headers(&message("Oak School", "Hello", &[]));
        for attack in [
            "Oak\r\nBcc: evil@example.org",
            "Oak\nX-Evil: 1\r\n\r\nBody",
            "\u{0}\u{b}\"<evil@example.org>, Oak",
            "Öak\r\n\tBcc: evil@example.org",
            "=?utf-8?q?=0D=0ABcc:_evil@example.org?=",
        ] {
            let mail = message(attack, attack, &[]);
            assert_eq!(headers(&mail), plain, "{mail}");
            assert_eq!(mail.matches("\r\n\r\n").count(), message("Oak School", "Hello", &[]).matches("\r\n\r\n").count(), "{mail}");
        }
        let attachment = Attachment {
            name: "a\r\nBcc: evil@example.org\".ics".to_owned(),
            media_type: "text/calendar".to_owned(),
            text: "x".to_owned(),
        };
        let mail = message("Oak", "Hello", &[attachment]);
        assert!(!mail.to_ascii_lowercase().contains("\nbcc:"), "{mail}");
    }

    #[test]
    fn a_mail_says_who_sends_it_and_which_it_is() {
        let mail = message("Müller & Söhne", "Grüße", &[]);
        assert!(mail.contains("<post@mail.example>") && mail.contains("ada@xn--bcher-kva.example"), "{mail}");
        assert!(mail.contains("Auto-Submitted: auto-generated") && mail.contains("multipart/alternative"), "{mail}");
        assert!(mail.is_ascii(), "names and subjects are encoded: {mail}");
        assert!(mail.contains("Reply-To: help@xn--bcher-kva.example\r\n"), "{mail}");
        let id = mail.split("Message-ID: ").nth(1).unwrap().split("\r\n").next().unwrap();
        assert_eq!(of_message_id(id), Some(IDS), "{id}");
        for strange in ["", "<x@y>", "<a.b@c>", "0190@x", "<01900000000070008000000000000a1.7@x>"] {
            assert_eq!(of_message_id(strange), None, "{strange}");
        }
    }

    #[test]
    fn what_looks_encoded_is_read_as_it_was_written() {
        for (subject, shown) in [
            ("=?utf-8?q?x?=", "Subject: =?utf-8?b?PT91dGYtOD9xP3g/PQ==?=\r\n"),
            (
                "Enrolled: =?utf-8?q?=0D=0ABcc:_evil@example.org?= and on",
                "Subject: =?utf-8?b?RW5yb2xsZWQ6ID0/dXRmLTg/cT89MEQ9MEFCY2M6X2V2aWxAZXhh?=\r\n =?utf-8?b?bXBsZS5vcmc/PSBhbmQgb24=?=\r\n",
            ),
        ] {
            let mail = message("Oak", subject, &[]);
            assert!(mail.contains(shown), "{mail}");
        }
    }

    #[test]
    fn the_local_outbox_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = std::env::temp_dir().join(format!("lectern-outbox-{}", Uuid::now_v7()));
        keep(&folder, "mail_1", b"one").unwrap();
        keep(&folder, "mail_1", b"two").unwrap();
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(files, [folder.join("mail_1.eml")]);
        assert_eq!(std::fs::read(&files[0]).unwrap(), b"two");
        assert_eq!(std::fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
