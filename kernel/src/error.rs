//! What a client may learn of a failure: one of a closed list of codes, an open reason, the field, and a sentence.
//! The cause is carried along without being shown, and is logged once, at the edge.

use std::sync::Arc;

use async_graphql::{Enum, ErrorExtensionValues, ServerError, Value};
use jiff::Timestamp;

use crate::permission::Permission;

/// The result of everything that can be refused.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The codes that an error's `extensions.code` takes. The list is closed: a client may switch over it.
#[derive(Enum, Clone, Copy, PartialEq, Eq, Debug)]
#[graphql(name = "ErrorCode")]
pub enum Code {
    /// Nobody is signed in, or the token is invalid, expired or revoked: sign in or refresh the session.
    Unauthenticated,
    /// The person may not do this. `missingPermissions` names what would allow it; or `reason` says why not.
    Forbidden,
    /// There is no such thing, or none that the person may see.
    NotFound,
    /// The input is wrong: `field` says where, the message what would be right.
    BadUserInput,
    /// The input is fine, but the state of the data forbids it: `reason` says how.
    Conflict,
    /// A cap of the school's plan is reached, or what one socket may run at once: `limit` and `used`.
    LimitReached,
    /// The school's subscription has lapsed. Data is kept; signing in and out, refreshing and `viewer` go on working.
    SubscriptionExpired,
    /// Too many requests: try again after `retryAfter` seconds.
    RateLimited,
    /// The document asks for too much at once: `limit` and `used`.
    QueryTooComplex,
    /// The service can't answer right now; the same request may succeed later.
    Unavailable,
    /// A fault of the service. Quote `correlationId` when you report it.
    Internal,
}

impl Code {
    const ALL: [Code; 11] = [
        Code::Unauthenticated,
        Code::Forbidden,
        Code::NotFound,
        Code::BadUserInput,
        Code::Conflict,
        Code::LimitReached,
        Code::SubscriptionExpired,
        Code::RateLimited,
        Code::QueryTooComplex,
        Code::Unavailable,
        Code::Internal,
    ];

    /// The code of a name.
    pub fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.as_str() == text)
    }

    /// The name as it stands in `extensions.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Unauthenticated => "UNAUTHENTICATED",
            Code::Forbidden => "FORBIDDEN",
            Code::NotFound => "NOT_FOUND",
            Code::BadUserInput => "BAD_USER_INPUT",
            Code::Conflict => "CONFLICT",
            Code::LimitReached => "LIMIT_REACHED",
            Code::SubscriptionExpired => "SUBSCRIPTION_EXPIRED",
            Code::RateLimited => "RATE_LIMITED",
            Code::QueryTooComplex => "QUERY_TOO_COMPLEX",
            Code::Unavailable => "UNAVAILABLE",
            Code::Internal => "INTERNAL",
        }
    }
}

/// Whether an error in an answer is a failure of the service or the database, and no refusal.
pub fn is_failure(error: &ServerError) -> bool {
    let code = error.extensions.as_ref().and_then(|extensions| extensions.get("code"));
    let is_code = |failure: Code| matches!(code, Some(Value::String(code)) if code == failure.as_str());
    is_code(Code::Internal) || is_code(Code::Unavailable)
}

/// A refusal or a failure. It has no `Display` on purpose: async-graphql would turn anything printable into a message
/// for the client, database text included.
#[derive(Clone, Debug)]
pub struct Error(Box<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    code: Code,
    message: String,
    reason: Option<&'static str>,
    field: Option<String>,
    missing: Vec<Permission>,
    limit: Option<(i64, i64)>,
    busy: Option<(Timestamp, Timestamp)>,
    retry_after: Option<u64>,
    details: Vec<(&'static str, Value)>,
    cause: Option<Arc<Cause>>,
}

/// What lies behind an error, for the log only.
#[derive(Debug)]
pub struct Cause(pub String);

impl Error {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Error(Box::new(Inner {
            code,
            message: message.into(),
            reason: None,
            field: None,
            missing: Vec::new(),
            limit: None,
            busy: None,
            retry_after: None,
            details: Vec::new(),
            cause: None,
        }))
    }

    /// Nobody is signed in.
    pub fn unauthenticated() -> Self {
        Self::new(Code::Unauthenticated, "Sign in first: the request carries no valid access token.")
    }

    /// A refresh token that was never issued, is over, or was ended.
    pub fn bad_refresh_token() -> Self {
        Self::new(Code::Unauthenticated, "Sign in again: the refresh token is not valid, or not any more.").reason("REFRESH_TOKEN_INVALID")
    }

    /// A refresh token that was spent before, which ends the sign-in.
    pub fn spent_refresh_token() -> Self {
        let message = "Sign in again: the refresh token was spent before, and presenting it twice ends the sign-in.";
        Self::new(Code::Unauthenticated, message).reason("REFRESH_TOKEN_REUSED")
    }

    /// The credentials of a sign-in are wrong, whichever of them it is.
    pub fn bad_credentials() -> Self {
        Self::new(Code::Unauthenticated, "School, email or password is wrong.")
    }

    /// The credentials of a sign-in to the platform are wrong, whichever of them it is.
    pub fn bad_desk_credentials() -> Self {
        Self::new(Code::Unauthenticated, "Email or password is wrong.")
    }

    /// A mailed link that is not valid, or not any more, whatever the reason.
    pub fn bad_link() -> Self {
        Self::new(Code::Unauthenticated, "This link is not valid, or not any more. Ask for a new one.").reason("LINK_INVALID")
    }

    /// A sign-in code that is wrong, spent or over; or there is no such school or person.
    pub fn bad_code() -> Self {
        Self::new(Code::Unauthenticated, "This code is wrong, or not valid any more. Ask for a new one.").reason("CODE_INVALID")
    }

    /// The password is right, and a second factor is on.
    pub fn second_factor_required() -> Self {
        Self::new(Code::Unauthenticated, "Give a code of your second factor, too.").reason("SECOND_FACTOR_REQUIRED")
    }

    /// A code of a second factor that is wrong, or was used before.
    pub fn bad_second_factor() -> Self {
        Self::new(Code::Unauthenticated, "This code is wrong, or was used before. Wait for the next.").reason("CODE_INVALID")
    }

    /// What no API key may do.
    pub fn api_key_not_allowed() -> Self {
        Self::forbidden("API_KEY_NOT_ALLOWED", "This is not for API keys: sign in.")
    }

    /// The active role lacks every one of these permissions.
    pub fn missing_permission(any_of: &[Permission]) -> Self {
        let names: Vec<&str> = any_of.iter().map(|permission| permission.as_str()).collect();
        let mut error = Self::new(Code::Forbidden, format!("Your role lacks {}.", names.join(" or ")));
        error.0.missing = any_of.to_vec();
        error
    }

    /// Permitted in general, but not for this row or to this person; `reason` says why.
    pub fn forbidden(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::Forbidden, message).reason(reason)
    }

    /// Readable, but not the actor's to change.
    pub fn not_yours() -> Self {
        Self::forbidden("NOT_YOURS", "You can see this, but it is not yours to change.")
    }

    /// There is no such row for this person. `what` is a word for people: "course".
    pub fn not_found(what: &str) -> Self {
        Self::new(Code::NotFound, format!("There is no such {what}."))
    }

    /// The hash of a document whose text has not been sent lately. Clients look for this message, and send the text.
    pub fn persisted_query_not_found() -> Self {
        Self::new(Code::NotFound, "PersistedQueryNotFound").reason("PERSISTED_QUERY_NOT_FOUND")
    }

    /// Documents can't be asked for by their hash here. Clients look for this message, and stop trying.
    pub fn persisted_query_not_supported() -> Self {
        Self::new(Code::NotFound, "PersistedQueryNotSupported").reason("PERSISTED_QUERY_NOT_SUPPORTED")
    }

    /// A wrong input. `expected` completes the sentence "`field` …": "must be at least 1".
    pub fn bad_input(field: impl Into<String>, expected: impl AsRef<str>) -> Self {
        let field = field.into();
        let mut error = Self::new(Code::BadUserInput, format!("`{field}` {}.", expected.as_ref()));
        error.0.field = Some(field);
        error
    }

    /// An explicit null for what can be left out, but not cleared.
    pub fn not_null(field: impl Into<String>) -> Self {
        Self::bad_input(field, "can't be null: leave it out to keep it")
    }

    /// A request that is wrong as a whole.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(Code::BadUserInput, message)
    }

    /// The state of the data forbids it.
    pub fn conflict(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::Conflict, message).reason(reason)
    }

    /// A cap is reached.
    pub fn limit_reached(message: impl Into<String>, limit: i64, used: i64) -> Self {
        let mut error = Self::new(Code::LimitReached, message);
        error.0.limit = Some((limit, used));
        error
    }

    /// The school's subscription has lapsed, or the school was suspended.
    pub fn subscription_expired() -> Self {
        Self::new(Code::SubscriptionExpired, "The school's subscription has lapsed. Its data is kept; its administrator can renew it.")
    }

    /// The document asks for too much.
    pub fn too_complex(message: impl Into<String>) -> Self {
        Self::new(Code::QueryTooComplex, message)
    }

    /// Says what the limit is and what was counted, in `limit` and `used`.
    pub fn limit(mut self, limit: usize, used: usize) -> Self {
        let number = |count| i64::try_from(count).unwrap_or(i64::MAX);
        self.0.limit = Some((number(limit), number(used)));
        self
    }

    /// A person, account or address asks for too much; it is served again after `seconds`.
    pub fn rate_limited(message: &str, seconds: u64) -> Self {
        let mut error = Self::new(Code::RateLimited, format!("{message} Try again in {seconds} s."));
        error.0.retry_after = Some(seconds);
        error
    }

    /// The service can't answer now. `cause` goes to the log.
    pub fn unavailable(cause: impl Into<String>) -> Self {
        let mut error = Self::new(Code::Unavailable, "The service can't answer right now. Try again in a moment.");
        error.0.cause = Some(Arc::new(Cause(cause.into())));
        error
    }

    /// What is asked for is not set up in this deployment, which is no fault: the log says nothing of it.
    pub fn not_set_up(reason: &'static str, message: impl Into<String>) -> Self {
        Self::new(Code::Unavailable, message).reason(reason)
    }

    /// The service is asked for more than it takes on; the same request may succeed after `seconds`.
    pub fn overloaded(seconds: u64) -> Self {
        let mut error = Self::new(Code::Unavailable, "The service has too much to do right now. Try again in a moment.");
        error.0.retry_after = Some(seconds);
        error
    }

    /// A fault of ours. `cause` goes to the log.
    pub fn internal(cause: impl Into<String>) -> Self {
        let mut error = Self::new(Code::Internal, "Something went wrong on our side. Quote the correlation id when you report it.");
        error.0.cause = Some(Arc::new(Cause(cause.into())));
        error
    }

    /// Names the field of the input that the refusal is about.
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// Adds a sentence for people.
    pub fn because(mut self, sentence: &str) -> Self {
        self.0.message.push(' ');
        self.0.message.push_str(sentence);
        self
    }

    /// Says it in another sentence, which whoever asked may read.
    pub fn saying(mut self, sentence: impl Into<String>) -> Self {
        self.0.message = sentence.into();
        self
    }

    /// Says why, in a word that a client may switch over.
    pub fn reason(mut self, reason: &'static str) -> Self {
        self.0.reason = Some(reason);
        self
    }

    /// The span in which somebody is busy.
    pub fn busy(mut self, starts_at: Timestamp, ends_at: Timestamp) -> Self {
        self.0.busy = Some((starts_at, ends_at));
        self
    }

    /// Says more, in an extension of that name.
    pub fn detail(mut self, name: &'static str, value: Value) -> Self {
        self.0.details.push((name, value));
        self
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// Its reason.
    pub fn why(&self) -> Option<&'static str> {
        self.0.reason
    }

    /// After how many seconds to try again, where that is known.
    pub fn retry_after(&self) -> Option<u64> {
        self.0.retry_after
    }

    /// What lies behind it, for the person who operates the service; never for a client.
    pub fn for_operator(&self) -> &str {
        self.0.cause.as_ref().map_or(&self.0.message, |cause| &cause.0)
    }

    /// The sentence for people.
    pub fn message(&self) -> &str {
        &self.0.message
    }
}

impl From<Error> for async_graphql::Error {
    fn from(error: Error) -> Self {
        let Inner { code, message, reason, field, missing, limit, busy, retry_after, details, cause } = *error.0;
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code.as_str());
        if let Some(reason) = reason {
            extensions.set("reason", reason);
        }
        if let Some(field) = field {
            extensions.set("field", field);
        }
        if !missing.is_empty() {
            extensions.set("missingPermissions", Value::List(missing.iter().map(|permission| Value::from(permission.as_str())).collect()));
        }
        if let Some((limit, used)) = limit {
            extensions.set("limit", limit);
            extensions.set("used", used);
        }
        if let Some((starts_at, ends_at)) = busy {
            let span = [("startsAt", starts_at), ("endsAt", ends_at)];
            extensions.set(
                "busy",
                Value::Object(span.into_iter().map(|(name, at)| (async_graphql::Name::new(name), Value::from(at.to_string()))).collect()),
            );
        }
        if let Some(seconds) = retry_after {
            extensions.set("retryAfter", seconds);
        }
        for (name, value) in details {
            extensions.set(name, value);
        }
        async_graphql::Error { message, source: cause.map(|cause| cause as _), extensions: Some(extensions) }
    }
}

impl From<Error> for ServerError {
    /// An error of no place in the document.
    fn from(error: Error) -> Self {
        let async_graphql::Error { message, source, extensions } = error.into();
        ServerError { message, source, locations: Vec::new(), path: Vec::new(), extensions }
    }
}
