//! Executes documents: whether one may run at all, what it spends, and what is answered. How it runs: `attempt.rs`.

use std::{
    num::NonZeroUsize,
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use async_graphql::{Name, Response, ServerError, Value, Variables};
use futures_util::future::try_join_all;
use metrics::{counter, gauge};
use tokio::sync::Semaphore;
use tracing::{Instrument as _, Span, trace_span};

use super::{
    admission::{Admission, AdmissionOptions},
    closed::Refused,
    errors,
    schema::Schema,
    uses::KeyUses,
};
use crate::{
    auth::Claims,
    clock,
    db::{ActorCache, ActorKind, Identity, Live, Pool, Position, Standbys},
    error::{Code, Error, Result},
    rates::{Account, Asks, Budgets, COST, Codes, Keys, RateLimits, SignIns},
    request::{Checker, Cost, DOCUMENT_CACHE_BYTES, Document, DocumentCache, Going, GraphqlRequest, Limits, OperationKind},
    resolve::registry::{Knock, Registry, Wrong},
    resolve::{Ahead, Prepared, Services},
    seen::{at_each_look, meters, trace},
};

/// The result of a document.
pub struct Answer {
    /// For the client.
    pub response: Response,
    /// False where the document was refused before anything ran (it has no `data` at all then).
    pub executed: bool,
    /// What the operation was, where that is known.
    pub kind: Option<OperationKind>,
    /// How many statements it cost.
    pub statements: u32,
    /// How often it waited for the database, COMMIT included.
    pub round_trips: u32,
    /// After how many seconds to ask again, where the service refused for now.
    pub retry_after: Option<u64>,
    /// How far it has written, where a standby would have to come so far.
    pub written: Option<Position>,
}

impl Answer {
    /// For the client, of a document of which nothing else is known.
    pub(super) fn of(response: Response) -> Answer {
        Answer { response, executed: false, kind: None, statements: 0, round_trips: 0, retry_after: None, written: None }
    }

    /// Whether its first error has this code.
    pub fn is(&self, code: Code) -> bool {
        self.response.errors.first().and_then(errors::code) == Some(code.as_str())
    }

    /// Whether nothing but a second factor was missing.
    fn wants_second_factor(&self) -> bool {
        self.response.errors.first().and_then(errors::reason) == Some("SECOND_FACTOR_REQUIRED")
    }
}

/// Executes documents. The only holder of the pool beside the readiness check.
pub struct Engine {
    pub(super) schema: Schema,
    pub(super) registry: &'static Registry,
    pub(super) actor_kind: &'static ActorKind,
    checker: Checker,
    documents: DocumentCache,
    pub(super) actors: ActorCache,
    sign_ins: SignIns,
    keys: Keys,
    passwords: Keys,
    discounts: Keys,
    codes: Codes,
    asks: Asks,
    key_uses: KeyUses,
    budgets: Budgets,
    pub(super) pool: Pool,
    pub(super) standbys: Option<Arc<Standbys>>,
    pub(super) services: Arc<Services>,
    pub(super) limits: Limits,
    pub(super) timeout: Duration,
    admission: Admission,
    live: Live,
    /// Events of subscriptions that are read at once.
    events: Semaphore,
}

/// Actors that are cached at most, some hundred bytes each.
const CACHED_ACTORS: NonZeroUsize = NonZeroUsize::new(20_000).unwrap();

impl Engine {
    /// An engine for one schema and its subjects, and for the actors that it is made for, over a pool.
    pub fn new(
        schema: Schema,
        registry: &'static Registry,
        actor_kind: &'static ActorKind,
        pool: Pool,
        services: Arc<Services>,
        limits: Limits,
        timeout: Duration,
    ) -> Self {
        let (checker, documents) = (schema.checker(), DocumentCache::new(DOCUMENT_CACHE_BYTES, None));
        let rates = RateLimits::default();
        let (sign_ins, keys) = (SignIns::new(pool.clone(), &rates, &services.tokens), Keys::new(pool.clone(), &rates));
        let (codes, asks) = (Codes::new(pool.clone(), &rates), Asks::new(&rates));
        let (passwords, discounts) = (Keys::passwords(pool.clone(), &rates), Keys::discounts(pool.clone(), &rates));
        let budgets = Budgets::new(pool.clone(), &rates.budgets);
        let admission = Admission::new(&AdmissionOptions::for_pool(pool.max_size()));
        let (live, events) = (Live::new(pool.clone(), registry.topics()), Semaphore::new((pool.max_size() / 4).max(1)));
        let actors = ActorCache::new(CACHED_ACTORS);
        Engine {
            schema,
            registry,
            actor_kind,
            checker,
            documents,
            actors,
            sign_ins,
            keys,
            passwords,
            discounts,
            codes,
            asks,
            key_uses: KeyUses::default(),
            budgets,
            pool,
            standbys: None,
            services,
            limits,
            timeout,
            admission,
            live,
            events,
        }
    }

    /// The same, with lanes that are set rather than derived from the pool.
    #[must_use]
    pub fn with_admission(self, options: &AdmissionOptions) -> Self {
        Engine { admission: Admission::new(options), ..self }
    }

    /// With other rate limits.
    #[must_use]
    pub fn with_rate_limits(self, rates: &RateLimits) -> Self {
        let (sign_ins, keys) = (SignIns::new(self.pool.clone(), rates, &self.services.tokens), Keys::new(self.pool.clone(), rates));
        let (codes, asks) = (Codes::new(self.pool.clone(), rates), Asks::new(rates));
        let (passwords, discounts) = (Keys::passwords(self.pool.clone(), rates), Keys::discounts(self.pool.clone(), rates));
        let budgets = Budgets::new(self.pool.clone(), &rates.budgets);
        Engine { sign_ins, keys, passwords, discounts, codes, asks, budgets, ..self }
    }

    /// How sign-ins are counted.
    pub fn sign_ins(&self) -> &SignIns {
        &self.sign_ins
    }

    /// What people may use up.
    pub fn budgets(&self) -> &Budgets {
        &self.budgets
    }

    /// With another document cache.
    #[must_use]
    pub fn with_document_cache(self, documents: DocumentCache) -> Self {
        Engine { documents, ..self }
    }

    /// Whether a person may try out documents here, and ask what the schema is.
    pub fn is_explorable(&self) -> bool {
        self.limits.introspection && !self.documents.is_closed()
    }

    /// What the whole service shares.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// The connections.
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Reads the document of a request.
    ///
    /// # Errors
    /// As [`DocumentCache::find`] and [`Document::of`].
    pub fn read(&self, request: &GraphqlRequest) -> Result<Document> {
        let none = Variables::default();
        let variables = request.variables.as_ref().unwrap_or(&none);
        let source = self.documents.find(request, &self.limits)?;
        let read = Document::of(&source, request.operation_name.as_deref(), variables, &self.limits, self.registry);
        // What is kept of a text is weighed without what the rules read.
        let mut document = read.inspect_err(|_| drop(self.checker.validate(&source)))?;
        document.address.clone_from(&request.address);
        document.user_agent.clone_from(&request.user_agent);
        if let Some(extensions) = &request.extensions {
            document.shows_cost = extensions.cost;
            if extensions.dry_run {
                document.rehearse()?;
            }
        }
        Ok(document)
    }

    /// An answer that refuses the request as a whole.
    pub fn refuse(&self, error: Error, correlation_id: &str) -> Answer {
        let mut answer = unexecuted(error);
        errors::finish(&mut answer.response, correlation_id);
        answer
    }

    /// Executes a document for the bearer of these claims, or for nobody.
    pub async fn execute(&self, document: Document, claims: Option<Claims>, correlation_id: &str) -> Answer {
        let (kind, name, began) = (document.kind, document.name.clone(), Instant::now());
        let answer = self.admit_and_run(document, claims, correlation_id).await;
        let name = name.as_ref().map(Name::as_str);
        seen(kind, name, began, &answer);
        answer
    }

    async fn admit_and_run(&self, mut document: Document, claims: Option<Claims>, correlation_id: &str) -> Answer {
        let kind = document.kind;
        if kind == OperationKind::Subscription {
            return self.refuse(
                Error::bad_request("A subscription runs over a WebSocket at this address (graphql-transport-ws)."),
                correlation_id,
            );
        }
        let admitted = self.admission.admit(&document).instrument(trace_span!(target: trace::TARGET, "admission")).await;
        let permit = match admitted {
            Ok(permit) => permit,
            Err(error) => return Answer { kind: Some(kind), ..self.refuse(error, correlation_id) },
        };
        document.after.get_or_insert_default();
        let work = self.check_and_run(document, claims, correlation_id);
        let mut answer = match tokio::time::timeout(self.timeout, work).await {
            Ok(answer) => answer,
            Err(_) => unexecuted(Error::unavailable(format!("the document took longer than {:?} and was stopped", self.timeout))),
        };
        drop(permit);
        answer.kind = Some(kind);
        errors::finish(&mut answer.response, correlation_id);
        answer
    }

    /// Shows, at each look from now on, how full it is.
    pub fn show(self: &Arc<Self>) {
        let engine = Arc::downgrade(self);
        at_each_look(move || {
            let Some(engine) = engine.upgrade() else { return };
            engine.admission.show();
            if let Some(standbys) = &engine.standbys {
                gauge!("lectern_standbys", "state" => "all").set(standbys.pools().count() as f64);
                gauge!("lectern_standbys", "state" => "fit").set(standbys.fit() as f64);
                counter!("lectern_standby_queries_total").absolute(standbys.sent());
            }
            let (documents, bytes) = engine.documents.kept_now();
            gauge!("lectern_document_cache_documents").set(documents as f64);
            gauge!("lectern_document_cache_bytes").set(bytes as f64);
            gauge!("lectern_actor_cache_actors").set(engine.actors.count() as f64);
        });
    }

    /// What is announced of changes.
    pub fn live(&self) -> &Live {
        &self.live
    }

    /// Whether a subscription may begin, as far as its document and its cost go.
    pub(super) async fn approve(&self, document: &mut Document, claims: Option<&Claims>, correlation_id: &str) -> Result<(), Box<Answer>> {
        let approved = match self.check(document).await {
            Ok(cost) => self.spend(document, claims, cost).map_err(unexecuted),
            Err(errors) => Err(invalid(errors)),
        };
        approved.map_err(|mut answer| {
            errors::finish(&mut answer.response, correlation_id);
            Box::new(answer)
        })
    }

    /// Reads an event of a subscription: a query whose document was approved.
    pub(super) async fn read_event(&self, question: Document, claims: &Claims, correlation_id: &str) -> Answer {
        let work = async {
            let _place = self.events.acquire().await;
            self.attempt_until_it_holds(question, Some(*claims), correlation_id).await
        };
        let mut answer = match tokio::time::timeout(self.timeout, work).await {
            Ok(answer) => answer,
            Err(_) => unexecuted(Error::unavailable(format!("an event took longer than {:?} to be read", self.timeout))),
        };
        errors::finish(&mut answer.response, correlation_id);
        answer
    }

    /// Whether a document may run, and what it costs.
    pub(super) async fn check(&self, document: &mut Document) -> Result<Cost, Vec<ServerError>> {
        self.checker.check(document, &self.limits).await
    }

    /// Validates a document before a transaction is opened for it.
    async fn check_and_run(&self, mut document: Document, claims: Option<Claims>, correlation_id: &str) -> Answer {
        let checked = self.check(&mut document).instrument(trace_span!(target: trace::TARGET, "validate")).await;
        let cost = match checked {
            Ok(cost) => cost,
            Err(errors) => return invalid(errors),
        };
        if let Err(error) = self.spend(&document, claims.as_ref(), cost) {
            return unexecuted(error);
        }
        let claims = match self.let_view(&document, claims, correlation_id).await {
            Ok(claims) => claims,
            Err(refused) => return unexecuted(refused),
        };
        let (shows_cost, is_rehearsal) = (document.shows_cost, document.is_rehearsal);
        // Who knocks is nobody yet; but no API key may.
        let key = claims.filter(|claims| claims.key().is_some());
        match self.go_ahead(&document, claims, correlation_id).await {
            Ok(prepared) => document.prepared = prepared,
            Err(error) => return unexecuted(error),
        }
        let mut answer = match (document.knock(), document.guesses(), claims) {
            (Some((Knock::Password, account)), ..) => self.sign_in(document, account, key, correlation_id).await,
            (Some((Knock::Code, account)), ..) => self.sign_in_by_code(document, account, key, correlation_id).await,
            (Some((Knock::Mail, account)), ..) => self.ask(document, account, key, correlation_id).await,
            (None, Some(wrong), Some(claims)) => self.guess(document, claims, wrong, correlation_id).await,
            (None, _, claims) => self.attempt_until_it_holds(document, claims, correlation_id).await,
        };
        if let Some(claims) = key {
            self.used(&claims, correlation_id);
        }
        if shows_cost {
            answer.response = cost.describe(answer.response, &self.limits);
        }
        if is_rehearsal {
            answer.response = answer.response.extension("dryRun", Value::Boolean(true));
        }
        answer
    }

    /// Does what operations want done before their transaction is opened. Not for whom they are refused anyway: an API key, and, unless it is public,
    /// nobody.
    async fn go_ahead(&self, document: &Document, claims: Option<Claims>, correlation_id: &str) -> Result<Vec<Prepared>> {
        let going: Vec<&Going> = document.ahead().iter().filter(|going| going.is_public || claims.is_some()).collect();
        if going.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(key) = claims.filter(|claims| claims.key().is_some())
            && self.person(&key, correlation_id).await.is_some()
        {
            return Ok(Vec::new());
        }
        let going = going.into_iter().map(|Going { go, given, .. }| {
            let services = self.services.clone();
            go(Ahead::new(self.pool.clone(), self.actor_kind, services, correlation_id.to_owned(), given.clone()))
        });
        try_join_all(going).await
    }

    /// Spends what the document uses, of the budgets of its person; or of its address, where nobody is signed in, and where a budget is an address's.
    pub(super) fn spend(&self, document: &Document, claims: Option<&Claims>, cost: Cost) -> Result<()> {
        let cost = u64::try_from(cost.complexity).unwrap_or(u64::MAX).max(1);
        if let Some(address) = &document.address {
            for (budget, times) in document.budgets().into_iter().filter(|(budget, _)| budget.is_of_address) {
                self.budgets.spend(budget, &[address.as_bytes()], times, clock::now())?;
            }
        }
        match (claims.and_then(|claims| self.known(claims)), &document.address) {
            (Some(identity), _) => self.spend_of(document, identity, cost),
            (None, address) => {
                // Of a key that was not seen before nothing is known: it counts for its address, and for its person once that is read.
                if claims.is_some() {
                    document.unspent.store(cost, Ordering::Relaxed);
                }
                address.as_ref().map_or(Ok(()), |address| self.budgets.spend(&COST, &[address.as_bytes()], cost, clock::now()))
            }
        }
    }

    /// Spends what was left unspent until the person was known.
    pub(super) fn spend_late(&self, document: &Document, identity: Identity) -> Result<()> {
        match document.unspent.swap(0, Ordering::Relaxed) {
            0 => Ok(()),
            cost => self.spend_of(document, identity, cost),
        }
    }

    fn spend_of(&self, document: &Document, identity: Identity, cost: u64) -> Result<()> {
        let (now, person) = (clock::now(), [identity.tenant.as_bytes().as_slice(), identity.user.as_bytes()]);
        for (budget, times) in document.budgets().into_iter().filter(|(budget, _)| !budget.is_of_address) {
            self.budgets.spend(budget, &person, times, now)?;
        }
        self.budgets.spend(&COST, &person, cost, now)
    }

    /// Whose claims these are, where that can be said without asking the database.
    pub(super) fn known(&self, claims: &Claims) -> Option<Identity> {
        match claims.key() {
            None => Some(claims.identity()),
            Some(hash) => self.actors.find(claims.identity(), Some(hash), clock::now()).map(|cached| cached.identity),
        }
    }

    /// Whose claims these are.
    pub(super) async fn person(&self, claims: &Claims, correlation_id: &str) -> Option<Identity> {
        match self.known(claims) {
            Some(identity) => Some(identity),
            None => self.bearer(claims, correlation_id).await,
        }
    }

    /// Says of an API key that it was used, aside: the answer does not wait for that.
    fn used(&self, claims: &Claims, correlation_id: &str) {
        let known = claims.key().and_then(|hash| self.actors.find(claims.identity(), Some(hash), clock::now()));
        if let Some((identity, key)) = known.and_then(|cached| Some((cached.identity, cached.row.key?))) {
            self.key_uses.note(&self.pool, self.actor_kind, identity, key.id, correlation_id);
        }
    }

    /// Tries a sign-in, if not too many have failed; counts it where it fails, before that is answered.
    async fn sign_in(&self, mut document: Document, account: Account, key: Option<Claims>, correlation_id: &str) -> Answer {
        let refused = Refused::knock(&document, &account);
        let attempt = match self.sign_ins.admit(&account, document.address.as_deref(), correlation_id).await {
            Ok(attempt) => attempt,
            Err(closed) => return self.refuse_closed(closed, refused, correlation_id).await,
        };
        document.terms = attempt.terms();
        let answer = self.attempt_until_it_holds(document, key, correlation_id).await;
        if answer.is(Code::Unauthenticated) && !answer.wants_second_factor() {
            return match self.sign_ins.failed(attempt, correlation_id).await {
                Ok(None) => answer,
                Ok(Some(closed)) => self.refuse_closed(closed, refused, correlation_id).await,
                Err(error) => {
                    tracing::error!(correlation_id, reason = error.for_operator(), "a failed sign-in could not be counted");
                    unexecuted(error.into())
                }
            };
        }
        if answer.response.data != Value::Null
            && let Err(error) = self.sign_ins.succeeded(attempt, correlation_id).await
        {
            // They are signed in all the same; the next time they may be a stranger once more.
            tracing::warn!(correlation_id, reason = error.for_operator(), "the network of a sign-in could not be remembered");
        }
        answer
    }

    /// Tries a sign-in code, if not too many were wrong; counts it where it is, before that is answered.
    async fn sign_in_by_code(&self, mut document: Document, account: Account, key: Option<Claims>, correlation_id: &str) -> Answer {
        let refused = Refused::knock(&document, &account);
        // A wrong second factor counts with the wrong passwords; which of the two codes was wrong is not told.
        let attempt = if account.has_second_factor {
            match self.sign_ins.admit(&account, document.address.as_deref(), correlation_id).await {
                Ok(attempt) if attempt.terms().looks => Some(attempt),
                Ok(_) => return unexecuted(Error::bad_code()),
                Err(closed) => return self.refuse_closed(closed, refused, correlation_id).await,
            }
        } else {
            None
        };
        let (guess, terms) = match self.codes.admit(&account, document.address.as_deref(), correlation_id).await {
            Ok(admitted) => admitted,
            Err(closed) => return self.refuse_closed(closed, refused, correlation_id).await,
        };
        document.terms = terms;
        let answer = self.attempt_until_it_holds(document, key, correlation_id).await;
        if !answer.is(Code::Unauthenticated) || answer.wants_second_factor() {
            self.codes.ended(guess);
            return answer;
        }
        let counted = async {
            self.codes.failed(guess, correlation_id).await?;
            match attempt {
                Some(attempt) => self.sign_ins.failed(attempt, correlation_id).await,
                None => Ok(None),
            }
        };
        match counted.await {
            Ok(None) => answer,
            Ok(Some(closed)) => self.refuse_closed(closed, refused, correlation_id).await,
            Err(error) => {
                tracing::error!(correlation_id, reason = error.for_operator(), "a wrong code could not be counted");
                unexecuted(error.into())
            }
        }
    }

    /// Takes what a stranger asks to be mailed. That counts once it is known that it would be done, before it is: then it may turn out to be too often.
    async fn ask(&self, mut document: Document, account: Account, key: Option<Claims>, correlation_id: &str) -> Answer {
        let what = document.roots.first().map_or("", |root| root.name.as_str());
        document.turn = Some(self.asks.turn(what, &account, document.address.as_deref()));
        self.attempt_until_it_holds(document, key, correlation_id).await
    }

    /// Tries a secret that somebody may be guessing, if not too many were wrong; counts it where it is, before that is answered.
    async fn guess(&self, document: Document, claims: Claims, wrong: Wrong, correlation_id: &str) -> Answer {
        let person = self.person(&claims, correlation_id).await.unwrap_or_default();
        let Identity { tenant, user, .. } = person;
        let kept = match wrong {
            Wrong::Key(_) => &self.keys,
            Wrong::Code(_) => &self.discounts,
            Wrong::Proof => &self.passwords,
        };
        let guess = match kept.admit([tenant.as_bytes(), user.as_bytes()], document.address.as_deref(), correlation_id).await {
            Ok(guess) => guess,
            Err(closed) => return self.refuse_closed(closed, Refused::guess(&document, person), correlation_id).await,
        };
        let answer = self.attempt_until_it_holds(document, Some(claims), correlation_id).await;
        let is_wrong = answer.response.errors.iter().any(|error| match wrong {
            Wrong::Key(reason) | Wrong::Code(reason) => errors::reason(error) == Some(reason),
            Wrong::Proof => errors::is_wrong_proof(error),
        });
        if !is_wrong {
            kept.ended(guess);
        } else if let Err(error) = kept.failed_with(guess, correlation_id).await {
            tracing::error!(correlation_id, reason = error.for_operator(), "a wrong secret could not be counted");
            return unexecuted(error.into());
        }
        answer
    }
}

/// Counts what was answered, and says it in the span of the request.
fn seen(kind: OperationKind, name: Option<&str>, began: Instant, answer: &Answer) {
    let code = answer.response.errors.first().map(|error| errors::code(error).unwrap_or("none"));
    if let Some(meters) = meters() {
        meters.answered(kind.as_str(), name, answer.response.data != Value::Null, began, code);
        meters.exchanged(kind.as_str(), answer.statements, answer.round_trips);
    }
    let span = Span::current();
    if !span.is_disabled() {
        span.record("graphql.operation.type", kind.as_str());
        span.record("graphql.operation.name", name);
        span.record("error.type", code);
    }
}

/// The answer to a document that is not valid.
pub(super) fn invalid(errors: Vec<ServerError>) -> Answer {
    Answer::of(Response::from_errors(errors))
}

/// An answer to a document that never ran.
pub(super) fn unexecuted(error: Error) -> Answer {
    let retry_after = error.retry_after();
    Answer { retry_after, ..Answer::of(errors::refusal(error)) }
}
