//! What a resolver can reach: the request's transaction, the actor, the clock, the loaders. No pool is among it.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, RwLock},
};

use async_graphql::{
    Context, QueryPathSegment,
    dataloader::{DataLoader, Loader},
};
use jiff::Timestamp;
use uuid::Uuid;

use super::{
    Prepared,
    catalog::Catalog,
    loader::{Batch, Loads},
};
use crate::{
    auth::{Actor, Claims, Passwords, Tokens},
    clock,
    db::{Cursors, Identity, Tx},
    error::{Error, Result},
    jobs::Outside,
    outbound::Addresses,
    rates::{Budget, Budgets, Paid, SignInTerms},
    resolve::registry::Registry,
    sealing::Sealer,
};

/// What the whole service shares and resolvers may use.
pub struct Services {
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Issues and verifies tokens.
    pub tokens: Tokens,
    /// Seals what the database must not be able to read.
    pub sealer: Sealer,
    /// Which addresses people may name.
    pub addresses: Addresses,
    /// What else the product's resolvers need, known to it alone.
    pub outside: Outside,
}

/// What a refusal leaves behind although its transaction is rolled back; done in a transaction of its own.
#[derive(Debug, Clone, Default)]
pub struct AfterRollback {
    /// The identity that it is written for, where nobody was signed in (a failed sign-in to a known school).
    pub identity: Option<Identity>,
    /// What the domain writes about it.
    pub write: Option<LateWrite>,
}

/// What is done once a mutation has committed: told to the process itself, never written.
pub type AfterCommit = Box<dyn FnOnce() + Send>;

/// What is known of the program that asks.
#[derive(Debug, Clone, Default)]
pub struct AskedBy {
    /// Its address, as rate limits tell addresses apart.
    pub address: Option<String>,
    /// What it says it is.
    pub user_agent: Option<String>,
}

/// One statement about one thing.
#[derive(Debug, Clone, Copy)]
pub struct LateWrite {
    /// The operation that the audit log names for it.
    pub operation: &'static str,
    /// The statement; `$1` the school, `$2` the thing.
    pub sql: &'static str,
    /// The thing's id.
    pub id: Uuid,
}

/// One GraphQL request.
pub struct Request {
    /// Its transaction.
    pub tx: Arc<Tx>,
    /// What the service shares.
    pub services: Arc<Services>,
    registry: &'static Registry,
    /// When it began; the time of everything it does.
    pub now: Timestamp,
    /// Stands in the log, in errors and in the audit log.
    pub correlation_id: String,
    actor: RwLock<Option<Arc<Actor>>>,
    loader: DataLoader<Batch>,
    after_rollback: Mutex<AfterRollback>,
    shown: Mutex<HashMap<(String, Uuid), String>>,
    /// On which terms it signs somebody in.
    pub sign_in: SignInTerms,
    /// The program that asks.
    pub asked_by: AskedBy,
    /// What its person signs in by.
    pub claims: Option<Claims>,
    after_commit: Mutex<Vec<AfterCommit>>,
    /// Whether all of it is taken back in the end: nothing that it answers may be good for anything afterwards.
    pub is_rehearsal: bool,
    /// What its operations did ahead.
    pub(crate) prepared: Vec<Prepared>,
    /// What people may use up; none where nothing is counted.
    pub(crate) budgets: Option<Budgets>,
    /// What the document has paid of these, in this run of it and in earlier ones.
    pub(crate) paid: Arc<Paid>,
}

impl Request {
    pub(crate) fn new(
        tx: Arc<Tx>,
        actor: Option<Actor>,
        services: Arc<Services>,
        registry: &'static Registry,
        now: Timestamp,
        correlation_id: String,
        loads: &Loads,
    ) -> Self {
        let loader = Batch::loader(tx.clone(), registry, loads);
        Request {
            tx,
            services,
            registry,
            now,
            correlation_id,
            actor: RwLock::new(actor.map(Arc::new)),
            loader,
            after_rollback: Mutex::default(),
            shown: Mutex::default(),
            sign_in: SignInTerms::default(),
            asked_by: AskedBy::default(),
            claims: None,
            after_commit: Mutex::default(),
            is_rehearsal: false,
            prepared: Vec::new(),
            budgets: None,
            paid: Arc::default(),
        }
    }

    /// Spends once of a budget of the actor's: for what is known only while it is done to count. What counts in any case says `#[budget(…)]` at the operation.
    /// A document that has lost a race and runs again has paid already.
    ///
    /// # Errors
    /// `RATE_LIMITED` where nothing is left; nothing is spent then.
    pub fn spend(&self, budget: &Budget) -> Result<()> {
        let identity = self.tx.identity();
        match &self.budgets {
            Some(budgets) => {
                self.paid.spend(budget, || budgets.spend(budget, &[identity.tenant.as_bytes(), identity.user.as_bytes()], 1, clock::now()))
            }
            None => Ok(()),
        }
    }

    /// Gives back what was spent of a budget in this request, because nothing was done for it.
    pub fn give_back(&self, budget: &Budget) {
        let identity = self.tx.identity();
        if let Some(budgets) = &self.budgets {
            self.paid.give_back(budget);
            budgets.give_back(budget, &[identity.tenant.as_bytes(), identity.user.as_bytes()], 1);
        }
    }

    /// What came of what the operation did ahead. None where nothing was: a document that is only tried out (`lectern audit`) does nothing ahead.
    pub fn prepared<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        self.all_prepared().next()
    }

    /// The same of all operations of the document that did such a thing ahead.
    pub fn all_prepared<T: Send + Sync + 'static>(&self) -> impl Iterator<Item = Arc<T>> {
        self.prepared.iter().filter_map(|prepared| prepared.clone().downcast().ok())
    }

    /// The subjects that the schema is made of.
    pub fn registry(&self) -> &'static Registry {
        self.registry
    }

    /// Every type of the schema.
    pub fn catalog(&self) -> &'static Catalog {
        self.registry.catalog()
    }

    /// The signed-in person, if there is one.
    pub fn actor(&self) -> Option<Arc<Actor>> {
        self.actor.read().unwrap_or_else(|broken| broken.into_inner()).clone()
    }

    /// Switches the actor of this request: after a sign-in it is the person who signed in.
    pub fn become_actor(&self, actor: Actor) {
        *self.actor.write().unwrap_or_else(|broken| broken.into_inner()) = Some(Arc::new(actor));
    }

    /// Shows a secret that the mutation at `ctx` has made for a row, in what that mutation answers and nowhere else.
    pub fn show(&self, ctx: &Context<'_>, whose: Uuid, secret: String) {
        let mutation = ctx.item.node.response_key().node.to_string();
        self.shown.lock().unwrap_or_else(|broken| broken.into_inner()).insert((mutation, whose), secret);
    }

    /// The secret of a row, for its field at `ctx`, where the mutation has made it whose answer that row is. Further down, and below other
    /// mutations of the document, there is none.
    pub fn shown(&self, ctx: &Context<'_>, whose: Uuid) -> Option<String> {
        let parent = ctx.path_node.as_ref()?.parent?;
        let (QueryPathSegment::Name(mutation), None) = (&parent.segment, parent.parent) else { return None };
        self.shown.lock().unwrap_or_else(|broken| broken.into_inner()).get(&((*mutation).to_owned(), whose)).cloned()
    }

    /// Tells the process something once this request has committed, and not where it is taken back or runs again. A process may end before that: what must
    /// not be forgotten stands in a row.
    pub fn once_committed(&self, what: impl FnOnce() + Send + 'static) {
        self.after_commit.lock().unwrap_or_else(|broken| broken.into_inner()).push(Box::new(what));
    }

    /// What was to be told.
    pub(crate) fn take_after_commit(&self) -> Vec<AfterCommit> {
        std::mem::take(&mut *self.after_commit.lock().unwrap_or_else(|broken| broken.into_inner()))
    }

    /// What a refusal of this request leaves behind.
    pub fn after_rollback(&self) -> std::sync::MutexGuard<'_, AfterRollback> {
        self.after_rollback.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

/// Shorthands on async-graphql's context.
pub trait Ctx {
    /// The request.
    fn request(&self) -> &Request;

    /// Its transaction.
    fn tx(&self) -> &Tx {
        &self.request().tx
    }

    /// The signed-in person.
    ///
    /// # Errors
    /// `UNAUTHENTICATED` where nobody is.
    fn actor(&self) -> Result<Arc<Actor>> {
        self.request().actor().ok_or_else(Error::unauthenticated)
    }

    /// The time of the request.
    fn now(&self) -> Timestamp {
        self.request().now
    }

    /// Writes and reads the cursors of the request's tenant.
    fn cursors(&self) -> Cursors {
        Cursors::new(self.request().services.tokens.cursor_keys(), self.tx().identity().tenant)
    }

    /// Loads by key, together with every other load of the same kind that this document asks for at the same time.
    fn load<K>(&self, key: K) -> impl Future<Output = Result<Option<<Batch as Loader<K>>::Value>>> + Send
    where
        K: Send + Sync + Hash + Eq + Clone + 'static,
        Batch: Loader<K, Error = Error>,
        Self: Sync,
    {
        async move { self.request().loader.load_one(key).await }
    }

    /// Whether the document asks for `child` in the nodes of the connection that is being resolved.
    fn selects_in_nodes(&self, child: &str) -> bool;

    /// Whether the document asks for `child` of the object that is being resolved.
    fn selects(&self, child: &str) -> bool;
}

impl Ctx for Context<'_> {
    fn request(&self) -> &Request {
        self.data_unchecked::<Arc<Request>>()
    }

    fn selects_in_nodes(&self, child: &str) -> bool {
        let ahead = self.look_ahead();
        ahead.field("nodes").field(child).exists() || ahead.field("edges").field("node").field(child).exists()
    }

    fn selects(&self, child: &str) -> bool {
        self.look_ahead().field(child).exists()
    }
}
