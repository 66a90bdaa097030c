//! Asking an endpoint, with every way in which it may fail.

use std::time::Duration;

use lectern_kernel::outbound::{Flowing, NoAnswer};
use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::{
    endpoint::Endpoint,
    figures::{self, Purpose},
    wire::{Finish, Piece, estimate},
};

/// Bytes of an answer at most.
const MOST: usize = 2 << 20;
/// Waits before it is tried again; no more than there are of them.
const PAUSES: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(2)];
/// How long a provider may ask to be left alone, and is.
const LONGEST_PAUSE: Duration = Duration::from_secs(20);

/// Why there is no answer, or no whole one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// Nobody has said where models are asked.
    NotConfigured,
    /// No connection could be made, or its address is not allowed.
    Unreachable,
    /// It was silent for too long.
    Timeout,
    /// It said no (4xx).
    Refused,
    /// The provider refuses what was asked as malformed, which is told as [`Failure::Refused`].
    Malformed,
    /// It has too much to do (429).
    Busy,
    /// It failed (5xx).
    Error,
    /// What came is not what was agreed.
    Invalid,
    /// It ended before its end.
    CutOff,
}

impl Failure {
    /// Those that a provider is to blame for.
    pub(super) const OF_PROVIDERS: [Failure; 7] =
        [Failure::Unreachable, Failure::Timeout, Failure::Refused, Failure::Busy, Failure::Error, Failure::Invalid, Failure::CutOff];

    /// In a word, for whoever asked. Nothing of what the provider says is in it.
    pub fn reason(self) -> &'static str {
        match self {
            Failure::NotConfigured => "ASSISTANT_NOT_CONFIGURED",
            Failure::Unreachable => "PROVIDER_UNREACHABLE",
            Failure::Timeout => "PROVIDER_TIMEOUT",
            Failure::Refused | Failure::Malformed => "PROVIDER_REFUSED",
            Failure::Busy => "PROVIDER_BUSY",
            Failure::Error => "PROVIDER_ERROR",
            Failure::Invalid => "PROVIDER_INVALID",
            Failure::CutOff => "PROVIDER_CUT_OFF",
        }
    }

    /// Of a connection that broke while it was read.
    pub(super) fn of_reading(error: NoAnswer) -> Self {
        match error {
            NoAnswer::TimedOut => Failure::Timeout,
            NoAnswer::TooBig => Failure::Invalid,
            _ => Failure::CutOff,
        }
    }
}

/// What came of one try.
enum Tried {
    Answer(Box<Flowing>),
    /// It may be tried again, after this wait where one was asked for.
    Again(Failure, Option<Duration>),
    Failed(Failure),
}

fn headers(endpoint: &Endpoint, accepts: &'static str) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static(accepts));
    if let Some(key) = endpoint.key() {
        let mut value = HeaderValue::from_str(&format!("Bearer {key}")).ok()?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    Some(headers)
}

async fn once(endpoint: &Endpoint, path: &str, accepts: &'static str, body: &[u8], silence: Duration) -> Tried {
    let Some(headers) = headers(endpoint, accepts) else { return Tried::Failed(Failure::Refused) };
    let url = endpoint.url(path);
    let asked = timeout(silence, endpoint.way.open(&url, headers, body.to_vec(), MOST));
    let answer = match asked.await {
        Err(_elapsed) => return Tried::Failed(Failure::Timeout),
        Ok(Ok(answer)) => answer,
        Ok(Err(NoAnswer::NotConnected)) => return Tried::Again(Failure::Unreachable, None),
        Ok(Err(NoAnswer::NotAllowed | NoAnswer::NoSuchHost | NoAnswer::TimedOut)) => return Tried::Failed(Failure::Unreachable),
        Ok(Err(NoAnswer::TooBig)) => return Tried::Failed(Failure::Invalid),
        Ok(Err(NoAnswer::Broken)) => return Tried::Failed(Failure::CutOff),
    };
    match answer.status {
        200..=299 => Tried::Answer(Box::new(answer)),
        429 => Tried::Again(Failure::Busy, answer.retry_after()),
        408 => Tried::Again(Failure::Timeout, answer.retry_after()),
        500 | 502..=504 => Tried::Again(Failure::Error, answer.retry_after()),
        500.. => Tried::Failed(Failure::Error),
        400 => Tried::Failed(Failure::Malformed),
        401..=499 => Tried::Failed(Failure::Refused),
        _ => Tried::Failed(Failure::Invalid),
    }
}

/// Posts a body, and answers as soon as the answer begins. What can be tried again is, twice.
///
/// # Errors
/// Why there is no answer.
pub async fn open(endpoint: &Endpoint, path: &str, accepts: &'static str, body: &[u8], silence: Duration) -> Result<Flowing, Failure> {
    let mut pauses = PAUSES.iter();
    let began = Instant::now();
    loop {
        match once(endpoint, path, accepts, body, silence).await {
            Tried::Answer(answer) => {
                figures::waited(began.elapsed());
                return Ok(*answer);
            }
            Tried::Failed(failure) => return Err(failure),
            Tried::Again(failure, wanted) => {
                let Some(pause) = pauses.next() else { return Err(failure) };
                let pause = wanted.map_or(*pause, |wanted| wanted.max(*pause));
                if pause > LONGEST_PAUSE {
                    return Err(failure);
                }
                sleep(pause).await;
            }
        }
    }
}

/// Reads an answer to its end, as JSON.
async fn whole(mut answer: Flowing, silence: Duration, ends: Instant) -> Result<Value, Failure> {
    let mut body = Vec::new();
    loop {
        let left = ends.saturating_duration_since(Instant::now()).min(silence);
        match timeout(left, answer.next()).await {
            Err(_elapsed) => return Err(Failure::Timeout),
            Ok(Err(error)) => return Err(Failure::of_reading(error)),
            Ok(Ok(Some(part))) => body.extend_from_slice(&part),
            Ok(Ok(None)) => return serde_json::from_slice(&body).map_err(|_| Failure::Invalid),
        }
    }
}

async fn ask(endpoint: &Endpoint, path: &str, body: &Value, silence: Duration) -> Result<Value, Failure> {
    let ends = Instant::now() + Duration::from_secs(600);
    let answer = open(endpoint, path, "application/json", body.to_string().as_bytes(), silence).await?;
    whole(answer, silence, ends).await
}

/// The names of the models that an endpoint lists; none where it has no list.
///
/// # Errors
/// Why there is no answer.
pub async fn listed(endpoint: &Endpoint) -> Result<Vec<String>, Failure> {
    let headers = headers(endpoint, "application/json").ok_or(Failure::Refused)?;
    let answer = endpoint.way.ask(Method::GET, &endpoint.url("/models"), headers, Vec::new()).await.map_err(|error| match error {
        NoAnswer::TimedOut => Failure::Timeout,
        NoAnswer::NotAllowed | NoAnswer::NoSuchHost | NoAnswer::NotConnected => Failure::Unreachable,
        NoAnswer::Broken | NoAnswer::TooBig => Failure::Invalid,
    })?;
    match answer.status {
        200..=299 => {}
        404 | 405 | 501 => return Ok(Vec::new()),
        429 => return Err(Failure::Busy),
        500.. => return Err(Failure::Error),
        _ => return Err(Failure::Refused),
    }
    let list: Value = serde_json::from_slice(&answer.body).map_err(|_| Failure::Invalid)?;
    let models = list.get("data").and_then(Value::as_array).into_iter().flatten();
    Ok(models.filter_map(|model| Some(model.get("id")?.as_str()?.to_owned())).collect())
}

/// What is asked at once, not streamed.
#[derive(Debug, Clone)]
pub struct Completion {
    /// The model.
    pub model: String,
    /// What the service says.
    pub system: String,
    /// What is asked.
    pub user: String,
    /// Tokens of the answer at most.
    pub max_tokens: i32,
    /// The name and the schema of the JSON that is wanted, where some is.
    pub schema: Option<(&'static str, Value)>,
    /// How long the provider may be silent.
    pub timeout: Duration,
}

/// What was answered at once.
#[derive(Debug, Clone)]
pub struct Completed {
    /// The text.
    pub text: String,
    /// Tokens of what was asked, where the provider says.
    pub prompt_tokens: Option<i64>,
    /// Tokens of the answer, where the provider says.
    pub completion_tokens: Option<i64>,
    /// Whether it was cut off at its longest.
    pub is_cut: bool,
}

/// Asks for one answer at once. Where the provider does not know schemas (400), it is asked once more for any JSON.
///
/// # Errors
/// Why there is none.
pub async fn complete(endpoint: &Endpoint, wanted: &Completion) -> Result<Completed, Failure> {
    let completed = completion(endpoint, wanted).await;
    figures::called(Purpose::Generation, &completed);
    if let Ok(completed) = &completed {
        let prompt = completed.prompt_tokens.unwrap_or_else(|| estimate(&wanted.system) + estimate(&wanted.user));
        figures::used(Purpose::Generation, prompt, completed.completion_tokens.unwrap_or_else(|| estimate(&completed.text)));
    }
    completed
}

async fn completion(endpoint: &Endpoint, wanted: &Completion) -> Result<Completed, Failure> {
    let mut body = json!({
        "model": wanted.model,
        "temperature": 0.3,
        "max_tokens": wanted.max_tokens,
        "messages": [{ "role": "system", "content": wanted.system }, { "role": "user", "content": wanted.user }],
    });
    if let Some((name, schema)) = &wanted.schema {
        body["response_format"] = json!({ "type": "json_schema", "json_schema": { "name": name, "schema": schema, "strict": true } });
    }
    let answer = match ask(endpoint, "/chat/completions", &body, wanted.timeout).await {
        Err(Failure::Malformed) if wanted.schema.is_some() => {
            body["response_format"] = json!({ "type": "json_object" });
            ask(endpoint, "/chat/completions", &body, wanted.timeout).await?
        }
        answer => answer?,
    };
    let piece = Piece::of_whole(&answer);
    if piece.is_error {
        return Err(Failure::Error);
    }
    let has_choice = answer.get("choices").and_then(|choices| choices.get(0)).is_some();
    if !has_choice {
        return Err(Failure::Invalid);
    }
    Ok(Completed {
        text: piece.text,
        prompt_tokens: piece.usage.map(|usage| usage.0),
        completion_tokens: piece.usage.map(|usage| usage.1),
        is_cut: piece.finish == Some(Finish::Length),
    })
}

/// Makes vectors of texts, one each.
///
/// # Errors
/// Why there are none.
pub async fn embed(endpoint: &Endpoint, model: &str, texts: &[&str]) -> Result<Vec<Vec<f32>>, Failure> {
    let made = vectors(endpoint, model, texts).await;
    figures::called(Purpose::Embedding, &made);
    if made.is_ok() {
        figures::used(Purpose::Embedding, texts.iter().map(|text| estimate(text)).sum(), 0);
    }
    made
}

async fn vectors(endpoint: &Endpoint, model: &str, texts: &[&str]) -> Result<Vec<Vec<f32>>, Failure> {
    let body = json!({ "model": model, "input": texts });
    let answer = ask(endpoint, "/embeddings", &body, Duration::from_secs(30)).await?;
    let data = answer.get("data").and_then(Value::as_array).ok_or(Failure::Invalid)?;
    let vector = |at: usize| {
        let of = data.iter().find(|one| one.get("index").and_then(Value::as_u64) == Some(at as u64)).or_else(|| data.get(at))?;
        let numbers = of.get("embedding")?.as_array()?;
        #[allow(clippy::cast_possible_truncation, reason = "vectors are of single precision")]
        numbers.iter().map(|number| number.as_f64().map(|number| number as f32)).collect::<Option<Vec<f32>>>()
    };
    let vectors: Option<Vec<Vec<f32>>> = (0..texts.len()).map(vector).collect();
    vectors.filter(|vectors| vectors.iter().all(|vector| !vector.is_empty() && vector.len() == vectors[0].len())).ok_or(Failure::Invalid)
}

/// Whether a provider's own moderation objects to a text.
///
/// # Errors
/// Why that is not known.
pub(super) async fn is_flagged(endpoint: &Endpoint, text: &str, silence: Duration) -> Result<bool, Failure> {
    let said = moderation(endpoint, text, silence).await;
    figures::called(Purpose::Moderation, &said);
    said
}

async fn moderation(endpoint: &Endpoint, text: &str, silence: Duration) -> Result<bool, Failure> {
    let answer = ask(endpoint, "/moderations", &json!({ "input": text }), silence).await?;
    let results = answer.get("results").and_then(Value::as_array).ok_or(Failure::Invalid)?;
    Ok(results.iter().any(|result| result.get("flagged").and_then(Value::as_bool) == Some(true)))
}
