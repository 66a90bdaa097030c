//! Stripe's API, as far as it is used: sessions of its page, and refunds. Nothing of the database is held while it is asked.

use std::sync::Arc;

use lectern_kernel::{error::Error, outbound::NoAnswer};
use reqwest::{
    Method,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use serde_json::Value;
use url::form_urlencoded;
use zeroize::Zeroizing;

use super::taking::Taking;

/// The version of the API that the forms below are written for.
const VERSION: &str = "2024-06-20";

/// Stripe, with the key of a school.
pub struct Stripe {
    taking: Arc<Taking>,
    key: Zeroizing<String>,
}

/// Why Stripe did not do it.
#[derive(Debug)]
pub enum Unable {
    /// It says no, and will again: in its words.
    Refused(String),
    /// It could not be asked, or is not well: later it may.
    Later(Error),
}

fn later(cause: impl std::fmt::Display) -> Unable {
    let error = Error::unavailable(format!("Stripe: {cause}"));
    Unable::Later(error.saying("Stripe does not answer as it should.").reason("PROVIDER_UNAVAILABLE"))
}

impl Stripe {
    /// With a school's key.
    pub fn new(taking: Arc<Taking>, key: Zeroizing<String>) -> Self {
        Stripe { taking, key }
    }

    /// Sends a form under a key: the same key again is the same thing at Stripe.
    ///
    /// # Errors
    /// Why it was not done.
    pub async fn post(&self, path: &str, key: &str, form: &[(&str, String)]) -> Result<Value, Unable> {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        self.ask(Method::POST, path, Some(key), body).await
    }

    /// Reads something.
    ///
    /// # Errors
    /// Why it could not be read.
    pub async fn get(&self, path: &str) -> Result<Value, Unable> {
        self.ask(Method::GET, path, None, String::new()).await
    }

    async fn ask(&self, method: Method, path: &str, key: Option<&str>, body: String) -> Result<Value, Unable> {
        let mut headers = HeaderMap::new();
        let bearer = Zeroizing::new(format!("Bearer {}", self.key.as_str()));
        let mut bearer = HeaderValue::from_str(&bearer).map_err(|_| Unable::Refused("The key can't be sent.".to_owned()))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(HeaderName::from_static("stripe-version"), HeaderValue::from_static(VERSION));
        if let Some(key) = key {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
            headers.insert(HeaderName::from_static("idempotency-key"), HeaderValue::from_str(key).map_err(later)?);
        }
        let url = format!("{}{path}", self.taking.stripe());
        let answer = self.taking.outbound().ask(method, &url, headers, body.into_bytes()).await.map_err(|error: NoAnswer| later(error))?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        match answer.status {
            200..=299 if said.is_object() => Ok(said),
            // What is wrong with a request stays so; a conflict of keys, a limit and a fault of Stripe's do not.
            400..=499 if !matches!(answer.status, 408 | 409 | 425 | 429) => {
                let words = said["error"]["message"].as_str().unwrap_or("Stripe has refused it.");
                // A message may quote the key; and nobody needs to read very much.
                Err(Unable::Refused(
                    words.replace(self.key.as_str(), "…").chars().filter(|letter| !letter.is_control()).take(500).collect(),
                ))
            }
            status => Err(later(format!("it answers {status}"))),
        }
    }
}

/// A part of an address: what we put there is Stripe's own id, but it came from outside.
pub fn segment(id: &str) -> String {
    form_urlencoded::byte_serialize(id.as_bytes()).collect()
}
