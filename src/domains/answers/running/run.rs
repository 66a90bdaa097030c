//! Writing an answer, from its turn to its end. While a model talks no transaction is open.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_graphql::Variables;
use data_encoding::HEXLOWER;
use lectern_kernel::{
    auth::Claims,
    db::{DbError, Mode},
    ids,
};
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;
use uuid::Uuid;

use super::{
    Acts, Inner, NotActing, Run, Terms,
    call::{Ended, Spoken, Text, speak},
    end::{End, Took},
    keep::{Kept, keep},
};
use crate::domains::{
    answers::{
        asking::{self, Failure},
        endpoint::{Deployment, Endpoint},
        figures,
        prompt::{self, Block},
        sql,
        tools::{self, Outcome, Said, Tool},
        wire::{Call, Chat, Finish, Turn, estimate},
    },
    knowledge::{self, Among, Passage},
};

/// Rounds of tools, and calls of tools in all of them.
const ROUNDS: usize = 6;
const CALLS: usize = 12;
/// How long all of it may take.
const WHOLE: Duration = Duration::from_secs(600);
/// Passages that are given.
const PASSAGES: i64 = 6;

/// Why it is not this process that ends an answer.
pub(super) enum Stop {
    /// Somebody else has.
    Elsewhere,
    /// This is how it ends.
    End(End),
}

impl From<DbError> for Stop {
    fn from(error: DbError) -> Self {
        if error.constraint() == Some("token_limit") {
            return Stop::End(End::failed("TOKEN_LIMIT"));
        }
        tracing::error!(reason = error.for_operator(), "an answer could not go on");
        Stop::End(End::failed("INTERNAL"))
    }
}

impl From<tokio_postgres::Error> for Stop {
    fn from(error: tokio_postgres::Error) -> Self {
        DbError::from(error).into()
    }
}

impl From<NotActing> for Stop {
    fn from(error: NotActing) -> Self {
        match error {
            NotActing::SignedOut => Stop::End(End::failed("NOT_SIGNED_IN")),
            NotActing::Failed(error) => error.into(),
        }
    }
}

/// An answer that is being written.
pub(super) struct Writing {
    inner: Arc<Inner>,
    pub(super) run: Arc<Run>,
    pub(super) acts: Arc<dyn Acts>,
    pub(super) claims: Claims,
    pub(super) correlation_id: String,
    has_claimed: AtomicBool,
}

/// What a run has gathered before it asks.
struct Ready {
    terms: Terms,
    endpoint: Endpoint,
    model: String,
    window: i32,
}

impl Writing {
    pub(super) fn new(inner: Arc<Inner>, run: Arc<Run>, acts: Arc<dyn Acts>, claims: Claims, correlation_id: String) -> Self {
        Writing { inner, run, acts, claims, correlation_id, has_claimed: AtomicBool::new(false) }
    }

    pub(super) fn process(&self) -> Uuid {
        self.inner.process
    }

    pub(super) fn has_claimed(&self) -> bool {
        self.has_claimed.load(Ordering::Acquire)
    }

    /// Writes it to its end.
    pub(super) async fn write(self) {
        // Whoever ends it elsewhere is heard.
        let mut hearing = JoinSet::new();
        hearing.spawn(hear_the_end(self.run.clone(), self.acts.clone()));
        let ended = match self.wait_for_a_place().await {
            Err(stop) => Err(stop),
            Ok(place) => {
                let written = self.write_in_place().await;
                drop(place);
                written
            }
        };
        drop(hearing);
        match ended {
            Ok(end) | Err(Stop::End(end)) => {
                figures::ended(end.failure.unwrap_or(end.state));
                self.end(&end).await;
            }
            Err(Stop::Elsewhere) => figures::ended("STOPPED"),
        }
    }

    async fn wait_for_a_place(&self) -> Result<tokio::sync::OwnedSemaphorePermit, Stop> {
        let place = self.inner.places.clone().acquire_owned();
        tokio::select! {
            () = self.run.stop.cancelled() => Err(Stop::Elsewhere),
            place = timeout(self.inner.patience, place) => match place {
                Ok(Ok(place)) => Ok(place),
                _ => Err(Stop::End(End::failed("OVERLOADED"))),
            },
        }
    }

    async fn write_in_place(&self) -> Result<End, Stop> {
        let ready = self.claim().await?;
        let done = CancellationToken::new();
        let keeping = keep(
            self.run.clone(),
            self.acts.clone(),
            self.inner.clone(),
            self.claims,
            self.correlation_id.clone(),
            ready.terms.may_be_abandoned,
            done.clone(),
        );
        let keeping = tokio::spawn(keeping.in_current_span());
        // Also where this panics: what nobody writes is to be silent.
        let writing = done.drop_guard();
        let ended = self.converse(&ready).await;
        drop(writing);
        match (keeping.await.unwrap_or(Kept::ToTheEnd), ended) {
            (Kept::SignedOut, Ok(End { took, .. }) | Err(Stop::End(End { took, .. }))) => Ok(End { took, ..End::failed("NOT_SIGNED_IN") }),
            (Kept::SignedOut, Err(Stop::Elsewhere)) => Ok(End::failed("NOT_SIGNED_IN")),
            (Kept::Abandoned, _) => Ok(End::cancelled()),
            (_, ended) => ended,
        }
    }

    /// Takes it, and reads what it is to be written with.
    async fn claim(&self) -> Result<Ready, Stop> {
        let outside = self.acts.outside().ok_or_else(|| Stop::End(End::failed("INTERRUPTED")))?;
        let deployment = Deployment::among(&outside);
        let (tx, _) = self.acts.begin(&self.claims, Mode::Write, &self.correlation_id).await?;
        if tx.value::<bool>(sql::CLAIM, &[&self.run.id, &self.process()]).await? != Some(true) {
            let _ = tx.rollback().await;
            return Err(Stop::Elsewhere);
        }
        let rows = tx.query(sql::TERMS, &[&self.run.id]).await?;
        let terms = rows.first().map(Terms::read).transpose()?;
        let endpoint = Endpoint::read(&tx, &outside).await;
        tx.commit().await?;
        self.has_claimed.store(true, Ordering::Release);
        let terms = terms.ok_or_else(|| Stop::End(End::failed("AGENT_UNAVAILABLE")))?;
        let endpoint = endpoint.map_err(|error| {
            tracing::error!(correlation_id = self.correlation_id, cause = error.for_operator(), "an endpoint of models can't be used");
            Stop::End(End::failed(Failure::NotConfigured.reason()))
        })?;
        let endpoint = endpoint.ok_or_else(|| Stop::End(End::failed(Failure::NotConfigured.reason())))?;
        let model = terms.model.clone().unwrap_or_else(|| deployment.model.clone());
        let window = terms.window(&model, deployment.context);
        Ok(Ready { terms, endpoint, model, window })
    }

    /// Asks until there is nothing more to be asked.
    async fn converse(&self, ready: &Ready) -> Result<End, Stop> {
        let policy = &ready.terms.policy;
        let ends = Instant::now() + WHOLE;
        let stopped = self.run.stop.cancelled();
        tokio::pin!(stopped);
        let gathering = async {
            if policy.moderates {
                self.moderate(ready).await?;
            }
            self.gather(ready).await
        };
        let (blocks, passages) = tokio::select! {
            () = &mut stopped => return Err(Stop::Elsewhere),
            gathered = gathering => gathered?,
        };
        let mut text = Text::new(&policy.blocked_phrases, &policy.image_hosts);
        let ended = self.rounds(ready, &blocks, &passages, &mut text, ends).await;
        // Between two calls: what was held back is part of what there is.
        if matches!(ended, Err(Stop::End(_))) && text.finish(&self.run) {
            return Err(Stop::End(End { finish: Some("FILTERED"), ..End::failed("ANSWER_BLOCKED") }));
        }
        ended
    }

    /// Asks a model, and as long as it wants tools, once more with what they say.
    async fn rounds(&self, ready: &Ready, blocks: &[Block], passages: &[Passage], text: &mut Text, ends: Instant) -> Result<End, Stop> {
        let Ready { terms, endpoint, model, window } = ready;
        let offered: Vec<Value> = terms.tools.iter().filter_map(|name| Tool::from_text(name)).map(Tool::described).collect();
        let tool_tokens = offered.iter().map(|tool| estimate(&tool.to_string())).sum();
        let word = HEXLOWER.encode(&Uuid::new_v4().as_bytes()[..8]);
        let given = prompt::write(terms, blocks, *window, &word, tool_tokens);
        // Passages stand first: those that did not fit are not quoted.
        let quoted = passages.len().min(given.blocks);
        let mut turns = given.turns;
        let mut asked: HashMap<(String, String), String> = HashMap::new();
        let mut cited = (quoted > 0).then(|| json!(passages[..quoted].iter().map(cite).collect::<Vec<_>>()));
        let mut round = 0;
        loop {
            let tools = if round < ROUNDS && asked.len() < CALLS { offered.clone() } else { Vec::new() };
            let may_call = !tools.is_empty();
            let chat = Chat { model, temperature: terms.temperature, max_tokens: terms.max_tokens, turns: &turns, tools };
            let prompt_tokens = chat.tokens();
            self.begin_call(prompt_tokens, i64::from(terms.max_tokens), given.omitted, cited.take()).await?;
            let spoken = speak(endpoint, &chat, &self.run, text, terms.policy.silence, ends, &self.run.stop).await;
            let took = took(&spoken, prompt_tokens);
            spoken.count(took);
            let wants: Vec<Call> = if may_call { named(spoken.calls.clone(), round) } else { Vec::new() };
            if !wants.is_empty() && matches!(spoken.ended, Ended::Well(_)) {
                self.end_call(model, took).await?;
                turns.push(Turn::Wants(spoken.text.clone(), wants.clone()));
                for call in &wants {
                    let content = self.use_tool(call, terms, &mut asked).await?;
                    turns.push(Turn::Came { id: call.id.clone(), content });
                }
                round += 1;
                continue;
            }
            return self.ended(&spoken, took, text);
        }
    }

    /// What the end of the last call makes of the answer.
    fn ended(&self, spoken: &Spoken, took: Took, text: &mut Text) -> Result<End, Stop> {
        let is_late_block = !matches!(spoken.ended, Ended::Stopped | Ended::Blocked) && text.finish(&self.run);
        if spoken.ended == Ended::Blocked {
            text.finish(&self.run);
        }
        let took = Some(took);
        let end = End { state: "COMPLETED", finish: None, failure: None, took, provider: Some(None) };
        let failed = |reason| End { state: "FAILED", failure: Some(reason), provider: Some(Some(reason)), ..end.clone() };
        Ok(match spoken.ended {
            Ended::Stopped => return Err(Stop::Elsewhere),
            _ if is_late_block => End { finish: Some("FILTERED"), provider: Some(None), ..failed("ANSWER_BLOCKED") },
            Ended::Blocked => End { finish: Some("FILTERED"), provider: Some(None), ..failed("ANSWER_BLOCKED") },
            Ended::Cut => End { finish: Some("LENGTH"), ..end },
            Ended::Failed(failure) => failed(failure.reason()),
            Ended::Well(finish) => {
                let finish = match finish {
                    Finish::Stop => "STOP",
                    Finish::Length => "LENGTH",
                    Finish::Filtered => "FILTERED",
                    Finish::Calls | Finish::Other => "OTHER",
                };
                End { finish: Some(finish), ..end }
            }
        })
    }

    /// Reserves what a call may take.
    async fn begin_call(&self, prompt: i64, most: i64, omitted: i32, cited: Option<Value>) -> Result<(), Stop> {
        let (tx, _) = self.acts.begin(&self.claims, Mode::Write, &self.correlation_id).await?;
        let so_far = i32::try_from(self.run.length()).unwrap_or(i32::MAX);
        let goes_on = tx.value::<bool>(sql::BEGIN_CALL, &[&self.run.id, &self.process(), &prompt, &most, &so_far, &omitted]).await?;
        if goes_on != Some(true) {
            let _ = tx.rollback().await;
            return Err(Stop::Elsewhere);
        }
        if let Some(cited) = cited {
            tx.query(sql::NOTE_CITATIONS, &[&self.run.id, &cited]).await?;
        }
        Ok(tx.commit().await?)
    }

    /// Settles a call that another follows.
    async fn end_call(&self, model: &str, took: Took) -> Result<(), Stop> {
        let (tx, _) = self.acts.begin(&self.claims, Mode::Write, &self.correlation_id).await?;
        let goes_on = tx
            .value::<bool>(
                sql::END_CALL,
                &[&self.run.id, &self.process(), &model, &took.prompt, &took.completion, &took.is_estimated, &false],
            )
            .await?;
        tx.commit().await?;
        if goes_on == Some(true) { Ok(()) } else { Err(Stop::Elsewhere) }
    }

    /// What a tool says to a call. One that was asked before says the same, and one too many is told so; neither leaves a message.
    async fn use_tool(&self, call: &Call, terms: &Terms, asked: &mut HashMap<(String, String), String>) -> Result<String, Stop> {
        let key = (call.name.to_ascii_lowercase(), normal(&call.arguments));
        if let Some(said) = asked.get(&key) {
            return Ok(said.clone());
        }
        if asked.len() >= CALLS {
            return Ok(json!({ "error": "No more calls: answer with what you have." }).to_string());
        }
        let answering =
            tools::answer(call, &terms.tools, &terms.policy.image_hosts, &*self.acts, &self.claims, self.run.person, &self.correlation_id);
        let said: Said = tokio::select! {
            () = self.run.stop.cancelled() => return Err(Stop::Elsewhere),
            said = answering => said,
        };
        let (tx, _) = self.acts.begin(&self.claims, Mode::Write, &self.correlation_id).await?;
        let tool = said.tool.map(Tool::as_str);
        let outcome: Outcome = said.outcome;
        let noted = tx
            .value::<Option<Uuid>>(
                sql::NOTE_TOOL,
                &[&self.run.id, &self.process(), &tool, &said.arguments, &outcome.as_str(), &said.content, &said.rows],
            )
            .await?;
        tx.commit().await?;
        let Some(Some(message)) = noted else { return Err(Stop::Elsewhere) };
        self.run.tool(message);
        asked.insert(key, said.content.clone());
        Ok(said.content)
    }

    /// Whether the provider's own moderation lets the question pass.
    async fn moderate(&self, ready: &Ready) -> Result<(), Stop> {
        let failed = |reason, provider| {
            Err(Stop::End(End {
                finish: (reason == "ANSWER_BLOCKED").then_some("FILTERED"),
                provider: Some(provider),
                ..End::failed(reason)
            }))
        };
        let said = asking::is_flagged(&ready.endpoint, ready.terms.question(), ready.terms.policy.silence).await;
        self.note_other("MODERATION", "moderation", 0, said.is_err()).await?;
        match said {
            Ok(true) => failed("ANSWER_BLOCKED", None),
            Ok(false) => Ok(()),
            Err(failure) => failed(failure.reason(), Some(failure.reason())),
        }
    }

    /// Notes a call beside the conversation, out of what is reserved for the answer.
    async fn note_other(&self, purpose: &str, model: &str, tokens: i64, has_failed: bool) -> Result<(), Stop> {
        let (tx, _) = self.acts.begin(&self.claims, Mode::Write, &self.correlation_id).await?;
        let none: Option<Uuid> = None;
        tx.query(sql::SETTLE_OTHER, &[&self.run.id, &self.run.person, &purpose, &none, &model, &tokens, &has_failed]).await?;
        Ok(tx.commit().await?)
    }

    /// Everything that goes along with the question: passages first, each under its mark, then the course, then what the conversation is about, then what the documents
    /// are called that came with the question.
    async fn gather(&self, ready: &Ready) -> Result<(Vec<Block>, Vec<Passage>), Stop> {
        let terms = &ready.terms;
        let among = if terms.documents.is_empty() {
            Among { bases: &terms.bases, documents: &[] }
        } else {
            Among { bases: &[], documents: &terms.documents }
        };
        let (mut passages, mut attached) = (Vec::new(), Vec::new());
        if !terms.bases.is_empty() || !terms.documents.is_empty() {
            let vector = self.vector(ready).await?;
            let (tx, _) = self.acts.begin(&self.claims, Mode::Read, &self.correlation_id).await?;
            let found = knowledge::retrieve(&tx, terms.question(), among, vector, PASSAGES).await;
            if found.is_ok() && !terms.documents.is_empty() {
                attached = tx
                    .query(sql::TITLES, &[&terms.documents])
                    .await?
                    .iter()
                    .map(|row| row.try_get(0))
                    .collect::<Result<Vec<String>, _>>()?;
            }
            tx.end_read();
            passages = found.unwrap_or_else(|error| {
                tracing::error!(correlation_id = self.correlation_id, cause = error.for_operator(), "no passages could be looked for");
                Vec::new()
            });
        }
        let mut blocks: Vec<Block> = passages
            .iter()
            .enumerate()
            .map(|(at, passage)| {
                let heading = passage.heading.as_deref().map(|heading| format!("{heading}\n")).unwrap_or_default();
                Block { name: format!("passage [{}]", at + 1), text: format!("{}\n{heading}{}", passage.title, passage.text) }
            })
            .collect();
        if let Some(course) = terms.course {
            let variables = Variables::from_json(json!({ "courseId": ids::encode("course", course) }));
            let answer = self.acts.ask(tools::queries::OUTLINE, variables, self.claims, &self.correlation_id).await;
            if let Some(outline) = answer.pointer("/data/course").filter(|course| !course.is_null()) {
                blocks.push(Block { name: "course outline".to_owned(), text: outline.to_string() });
            }
        }
        if let Some(context) = &terms.context {
            blocks.push(Block { name: "context".to_owned(), text: context.to_string() });
        }
        if !attached.is_empty() {
            blocks.push(Block { name: "attached documents".to_owned(), text: attached.join("\n") });
        }
        Ok((blocks, passages))
    }

    /// The question as a vector, where there are any; words alone where the provider can't say.
    async fn vector(&self, ready: &Ready) -> Result<Option<Vec<f32>>, Stop> {
        let deployment = self.acts.outside().map(|outside| Deployment::among(&outside));
        let Some(model) = deployment.and_then(|deployment| deployment.embedding_model.clone()) else { return Ok(None) };
        let question = ready.terms.question();
        let made = asking::embed(&ready.endpoint, &model, &[question]).await;
        self.note_other("EMBEDDING", &model, if made.is_ok() { estimate(question) } else { 0 }, made.is_err()).await?;
        Ok(made.ok().and_then(|mut vectors| vectors.pop()))
    }
}

/// Stops a run when somebody else has ended its answer.
async fn hear_the_end(run: Arc<Run>, acts: Arc<dyn Acts>) {
    loop {
        match acts.hear(run.tenant, "answer_end", run.id).await {
            // Where something may have been missed, the next thing that is written down finds out.
            Ok(mut interest) => {
                if interest.next().await.is_ok() {
                    return run.stop.cancel();
                }
            }
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

/// What a call took: as the provider says, or as it is estimated. Where nothing was answered, nothing.
fn took(spoken: &Spoken, prompt: i64) -> Took {
    match spoken.usage {
        Some((prompt, completion)) => Took { prompt, completion, is_estimated: false },
        None if !spoken.has_begun => Took { prompt: 0, completion: 0, is_estimated: true },
        None => {
            let calls: i64 = spoken.calls.iter().map(|call| estimate(&call.name) + estimate(&call.arguments)).sum();
            Took { prompt, completion: estimate(&spoken.text) + calls, is_estimated: true }
        }
    }
}

/// Calls that name something, each with an id of its own.
fn named(calls: Vec<Call>, round: usize) -> Vec<Call> {
    let named = calls.into_iter().enumerate().filter(|(_, call)| !call.name.is_empty());
    named.map(|(at, call)| if call.id.is_empty() { Call { id: format!("call_{round}_{at}"), ..call } } else { call }).collect()
}

/// Arguments, written in one way.
fn normal(arguments: &str) -> String {
    serde_json::from_str::<Value>(arguments).map_or_else(|_| arguments.trim().to_owned(), |value| value.to_string())
}

fn cite(passage: &Passage) -> Value {
    json!({
        "document": passage.document.0,
        "position": passage.position,
        "title": passage.title,
        "page": passage.page,
        "heading": passage.heading,
    })
}
