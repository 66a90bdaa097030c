//! A document before it is executed: whether it can be used, what kind of operation it is, which root fields it names.

use std::{
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use async_graphql::{
    Name, Positioned, Value as ConstValue, Variables,
    parser::types::{DocumentOperations, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet},
};

use uuid::Uuid;

use super::{
    limits::{Limits, within},
    normalize,
    parsed::ParsedDocument,
    size,
};
use crate::{
    db::Position,
    error::{Error, Result},
    ids,
    rates::{Account, Budget, Paid, SignInTerms, Turn},
    resolve::{
        Access, DateTime, GoAhead, Prepared, SINCE,
        registry::{self, Event, HeardKey, Knock, Operation, Registry, Stream, Wrong},
    },
};

/// What an operation does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationKind {
    /// It reads.
    Query,
    /// It may change rows.
    Mutation,
    /// It listens.
    Subscription,
}

impl OperationKind {
    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            OperationKind::Query => "query",
            OperationKind::Mutation => "mutation",
            OperationKind::Subscription => "subscription",
        }
    }
}

/// A root field of a mutation.
#[derive(Clone)]
pub struct Root {
    /// Its name in the answer: its alias, where it has one.
    pub key: String,
    /// Its name in the schema.
    pub name: String,
    /// What is known of it; nothing of a field that the schema does not have.
    pub operation: Option<&'static Operation>,
    /// The id that it is about, where its arguments name one.
    pub subject: Option<Uuid>,
}

/// A document as it is to run.
pub struct Document {
    /// What it was made of.
    pub(crate) source: Arc<ParsedDocument>,
    /// The chosen operation and the fragments that it needs.
    pub parsed: ExecutableDocument,
    /// The values of its variables, defaults among them.
    pub variables: Variables,
    /// What the chosen operation does.
    pub kind: OperationKind,
    /// Its name, where it has one.
    pub name: Option<Name>,
    /// The root fields of a mutation.
    pub roots: Vec<Root>,
    /// What the root fields of a mutation name by its id, where there are several fields.
    pub targets: Vec<Uuid>,
    /// Whether its answer says what it cost.
    pub shows_cost: bool,
    /// Whether it is a mutation document that is rehearsed: run, answered, and taken back.
    pub is_rehearsal: bool,
    /// The client's address, where that is known.
    pub address: Option<String>,
    /// What the client says it is.
    pub user_agent: Option<String>,
    /// How far its reader says that they have written, where it may be read from a standby; none where the primary alone is asked.
    pub after: Option<Position>,
    /// What a subscription hears.
    pub(crate) event: Option<&'static Event>,
    /// What a subscription is told as it comes.
    pub(crate) stream: Option<&'static Stream>,
    knock: Option<(Knock, Account)>,
    /// What is done before its transaction is opened.
    ahead: Vec<Going>,
    /// What came of that.
    pub(crate) prepared: Vec<Prepared>,
    guesses: Option<Wrong>,
    /// The budgets that a query uses, and how often it counts towards each.
    spends: Vec<(&'static Budget, u64)>,
    /// What its person is still to spend for it: whose the key is that asks for it was not known before.
    pub(crate) unspent: AtomicU64,
    /// What it has spent of its person's budgets while it ran.
    pub(crate) paid: Arc<Paid>,
    /// On which terms it signs somebody in.
    pub(crate) terms: SignInTerms,
    /// How it counts that a stranger asks for it.
    pub(crate) turn: Option<Turn>,
}

/// What an operation does before its document has a transaction.
#[derive(Clone)]
pub(crate) struct Going {
    /// What.
    pub(crate) go: GoAhead,
    /// With which arguments.
    pub(crate) given: Vec<(Name, ConstValue)>,
    /// Whether anybody may ask for it.
    pub(crate) is_public: bool,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for one that can't be read or names no operation, `QUERY_TOO_COMPLEX` for one beyond the limits.
    pub fn read(text: &str, operation_name: Option<&str>, variables: &Variables, limits: &Limits, registry: &Registry) -> Result<Document> {
        Document::of(&Arc::new(ParsedDocument::of(text, limits)?), operation_name, variables, limits, registry)
    }

    /// The operation of a document that was read already.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn of(
        source: &Arc<ParsedDocument>,
        operation_name: Option<&str>,
        variables: &Variables,
        limits: &Limits,
        registry: &Registry,
    ) -> Result<Document> {
        let mut parsed = source.parsed.clone();
        let operation_name = operation_name.filter(|name| !name.is_empty());
        let name = name_of(&parsed, operation_name);
        let mut operation = choose(&mut parsed, operation_name)?;
        let variables = normalize::with_defaults(&operation.node, variables);
        let weight = source.variables.saturating_mul(size::weight(&variables));
        within(weight, limits.variables, "bytes of variables, each counted where it is used")?;
        let kind = match operation.node.ty {
            OperationType::Query => OperationKind::Query,
            OperationType::Mutation => OperationKind::Mutation,
            OperationType::Subscription => OperationKind::Subscription,
        };
        let (mut roots, mut targets, mut ahead) = (Vec::new(), Vec::new(), Vec::new());
        let (mut knock, mut guesses, mut event, mut stream) = (None, None, None, None);
        if kind == OperationKind::Mutation {
            let mut fields = Vec::new();
            collect(&operation.node.selection_set.node, &parsed, &mut fields);
            let is_one_of_several = fields.len() > 1;
            for field in fields {
                if is_one_of_several {
                    targets.extend(given(field, &variables).into_iter().filter_map(|(_, value)| id_of(&value)));
                }
                let operation = registry.mutation(&field.name.node);
                // Fields of one name are one field; whether they may be, the rules say.
                let is_known = |root: &Root| root.key == field.response_key().node && root.name == field.name.node;
                if roots.iter().any(is_known) {
                    continue;
                }
                if let (None, Some(what)) = (&knock, operation.and_then(|operation| operation.knock)) {
                    knock = Some((what, account_of(field, &variables)));
                }
                if let Some((operation, go)) = operation.and_then(|operation| Some((operation, operation.ahead?))) {
                    let is_public = operation.field.access == Some(Access::Public);
                    ahead.push(Going { go, given: given(field, &variables), is_public });
                }
                if let Some((secret, wrong)) = operation.and_then(|operation| operation.guesses)
                    && given(field, &variables).iter().any(|(name, value)| name == secret && is_text(value))
                {
                    guesses = Some(wrong);
                }
                roots.push(Root {
                    key: field.response_key().node.to_string(),
                    name: field.name.node.to_string(),
                    operation,
                    subject: operation.and_then(|operation| subject(registry, operation, field, &variables)),
                });
            }
            check_mutations(&roots, limits)?;
        }
        let mut spends = Vec::new();
        if kind == OperationKind::Query {
            let mut fields = Vec::new();
            collect(&operation.node.selection_set.node, &parsed, &mut fields);
            spends = counted(fields.iter().filter_map(|field| registry.operation(registry::Root::Query, &field.name.node)?.budget));
            guesses = code_tried(&fields, registry, &variables)?;
        }
        if kind == OperationKind::Subscription {
            let mut fields = Vec::new();
            collect(&operation.node.selection_set.node, &parsed, &mut fields);
            event = fields.first().and_then(|field| registry.event(&field.name.node));
            stream = fields.first().and_then(|field| registry.stream(&field.name.node));
        }
        normalize::leave_out_absent(&mut parsed, &mut operation.node, &variables);
        parsed.operations = DocumentOperations::Single(operation);
        Ok(Document {
            source: source.clone(),
            parsed,
            variables,
            kind,
            name,
            roots,
            targets,
            event,
            stream,
            knock,
            ahead,
            prepared: Vec::new(),
            guesses,
            spends,
            unspent: AtomicU64::new(0),
            paid: Arc::default(),
            terms: SignInTerms::default(),
            turn: None,
            shows_cost: false,
            is_rehearsal: false,
            after: None,
            address: None,
            user_agent: None,
        })
    }

    /// Makes a mutation document a rehearsal; any other runs as ever.
    ///
    /// # Errors
    /// `BAD_USER_INPUT`, `DRY_RUN_NOT_POSSIBLE` where something of it could not be taken back.
    pub(crate) fn rehearse(&mut self) -> Result<()> {
        let lasts =
            |root: &&Root| root.operation.is_some_and(|operation| operation.is_session || operation.reaches_store || operation.is_once);
        if let Some(root) = self.roots.iter().find(lasts) {
            let name = &root.name;
            return Err(Error::bad_request(format!("`{name}` can't be rehearsed: not all that it does, or shows, could be taken back."))
                .reason("DRY_RUN_NOT_POSSIBLE"));
        }
        self.is_rehearsal = self.kind == OperationKind::Mutation;
        Ok(())
    }

    /// Which announcements a subscription hears, for this person: those of a key, or all; and since when they were away, where they say so.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for an argument that can't be read.
    pub(crate) fn hears(&self, event: &Event, person: Uuid) -> Result<(Option<Uuid>, Option<DateTime>)> {
        let DocumentOperations::Single(operation) = &self.parsed.operations else { return Ok((None, None)) };
        let mut fields = Vec::new();
        collect(&operation.node.selection_set.node, &self.parsed, &mut fields);
        let arguments = fields.first().map(|field| given(field, &self.variables)).unwrap_or_default();
        let text = |wanted: &str| {
            arguments.iter().find_map(|(name, value)| match value {
                ConstValue::String(text) if name == wanted => Some(text.as_str()),
                _ => None,
            })
        };
        let key = match event.key {
            HeardKey::Any => None,
            HeardKey::Own => Some(person),
            HeardKey::Named { argument, object, .. } => text(argument)
                .map(|id| {
                    let prefix = object().table.as_ref().map_or("", |table| table.prefix);
                    let known = ids::decode(id).filter(|(found, _)| *found == prefix).map(|(_, uuid)| uuid);
                    known.ok_or_else(|| Error::bad_input(argument, ids::not_an_id(prefix)))
                })
                .transpose()?,
        };
        let since =
            event.since.and_then(|_| text(SINCE)).map(|moment| DateTime::read(moment).map_err(|wrong| Error::bad_input(SINCE, wrong)));
        Ok((key, since.transpose()?))
    }

    /// The query that reads one event of a subscription: its field asked of the one thing that the event is about. Directives
    /// of the root field are left out; GraphQL does not allow the ones that there are.
    pub(crate) fn of_event(&self, about: Uuid) -> Option<Document> {
        let event = self.event?;
        let DocumentOperations::Single(operation) = &self.parsed.operations else { return None };
        let mut fields = Vec::new();
        collect(&operation.node.selection_set.node, &self.parsed, &mut fields);
        let heard: &Field = fields.first()?;
        Some(self.reading(operation, &[heard], event.query, event.prefix().map(|prefix| ids::encode(prefix, about))))
    }

    /// The query that reads the row in what is told as it comes, under the names that it is asked for by.
    pub(crate) fn of_told(&self, row: Uuid) -> Option<Document> {
        let (name, (query, prefix)) = self.stream?.read;
        let DocumentOperations::Single(operation) = &self.parsed.operations else { return None };
        let mut fields = Vec::new();
        collect(&operation.node.selection_set.node, &self.parsed, &mut fields);
        let mut within = Vec::new();
        collect(&fields.first()?.selection_set.node, &self.parsed, &mut within);
        within.retain(|field| field.name.node == name);
        Some(self.reading(operation, &within, query, Some(ids::encode(prefix, row))))
    }

    /// The arguments of its root field, those in an input among them.
    pub(crate) fn given_to_root(&self) -> Vec<(Name, ConstValue)> {
        let DocumentOperations::Single(operation) = &self.parsed.operations else { return Vec::new() };
        let mut fields = Vec::new();
        collect(&operation.node.selection_set.node, &self.parsed, &mut fields);
        fields.first().map(|field| given(field, &self.variables)).unwrap_or_default()
    }

    /// A query that asks one of its fields for what is selected of these.
    fn reading(&self, operation: &Positioned<OperationDefinition>, fields: &[&Field], query: &str, id: Option<String>) -> Document {
        let at = operation.pos;
        let place = |name| Positioned::new(name, at);
        let items = fields.iter().map(|heard| {
            let id = id.clone().map(async_graphql_value::Value::String);
            let field = Field {
                alias: Some(place(heard.response_key().node.clone())),
                name: place(Name::new(query)),
                arguments: id.map(|id| (place(Name::new("id")), Positioned::new(id, at))).into_iter().collect(),
                directives: Vec::new(),
                selection_set: heard.selection_set.clone(),
            };
            Positioned::new(Selection::Field(Positioned::new(field, at)), at)
        });
        let mut asked = operation.node.clone();
        asked.ty = OperationType::Query;
        asked.directives.clear();
        asked.selection_set = Positioned::new(SelectionSet { items: items.collect() }, at);
        let mut parsed = self.parsed.clone();
        parsed.operations = DocumentOperations::Single(Positioned::new(asked, at));
        Document {
            source: self.source.clone(),
            parsed,
            variables: self.variables.clone(),
            kind: OperationKind::Query,
            name: self.name.clone(),
            roots: Vec::new(),
            targets: Vec::new(),
            shows_cost: false,
            is_rehearsal: false,
            after: None,
            address: self.address.clone(),
            event: None,
            stream: None,
            user_agent: self.user_agent.clone(),
            knock: None,
            ahead: Vec::new(),
            prepared: Vec::new(),
            guesses: None,
            spends: Vec::new(),
            unspent: AtomicU64::new(0),
            paid: Arc::default(),
            terms: SignInTerms::default(),
            turn: None,
        }
    }

    /// Whether it is a subscription that is told of something as it comes.
    pub fn is_told(&self) -> bool {
        self.stream.is_some()
    }

    /// Whether its text asks what the schema is.
    pub(crate) fn introspects(&self) -> bool {
        self.source.introspects
    }

    /// The name of the root field that stands under a key in the answer.
    pub(crate) fn root_field(&self, key: &str) -> Option<&str> {
        let DocumentOperations::Single(operation) = &self.parsed.operations else { return None };
        let mut fields = Vec::new();
        collect(&operation.node.selection_set.node, &self.parsed, &mut fields);
        fields.into_iter().find(|field| field.response_key().node == key).map(|field| field.name.node.as_str())
    }

    /// The names of its root fields, each once.
    pub(crate) fn root_names(&self) -> Vec<&str> {
        let DocumentOperations::Single(operation) = &self.parsed.operations else { return Vec::new() };
        let mut fields = Vec::new();
        collect(&operation.node.selection_set.node, &self.parsed, &mut fields);
        let mut names: Vec<&str> = Vec::new();
        for field in fields {
            if !names.contains(&field.name.node.as_str()) {
                names.push(&field.name.node);
            }
        }
        names
    }

    /// Whether it does nothing but what whoever looks in another person's place may do.
    pub(crate) fn is_for_viewing(&self) -> bool {
        self.roots.iter().all(|root| root.operation.is_some_and(|operation| operation.while_viewing))
    }

    /// How many statements it is expected to take; 0 where that is not known.
    pub(crate) fn expected_statements(&self) -> u32 {
        match (self.kind, self.source.statements.load(Ordering::Relaxed)) {
            (OperationKind::Query, statements) if statements < u32::MAX => statements,
            _ => 0,
        }
    }

    /// Remembers how many statements it took, for the next request with the same text; [`u32::MAX`] where no number can be
    /// relied on.
    pub(crate) fn remember(&self, statements: u32) {
        if self.kind == OperationKind::Query {
            self.source.statements.fetch_max(statements, Ordering::Relaxed);
        }
    }

    /// Whether it computes the hash of a password.
    pub(crate) fn hashes_password(&self) -> bool {
        self.roots.iter().any(|root| root.operation.is_some_and(|operation| operation.hashes_password))
    }

    /// Whether it waits for the store.
    pub(crate) fn reaches_store(&self) -> bool {
        self.roots.iter().any(|root| root.operation.is_some_and(|operation| operation.reaches_store))
    }

    /// The budgets that it uses, and how often it counts towards each.
    pub(crate) fn budgets(&self) -> Vec<(&'static Budget, u64)> {
        if self.kind == OperationKind::Query {
            return self.spends.clone();
        }
        counted(self.roots.iter().filter_map(|root| root.operation?.budget))
    }

    /// By what it is told that a secret in it is wrong; none where it holds no such secret.
    pub(crate) fn guesses(&self) -> Option<Wrong> {
        self.guesses
    }

    /// What is done before its transaction is opened.
    pub(crate) fn ahead(&self) -> &[Going] {
        &self.ahead
    }

    /// What somebody wants who is not signed in, and of which account.
    pub(crate) fn knock(&self) -> Option<(Knock, Account)> {
        self.knock.clone()
    }
}

/// Each budget once, and how often it was named.
fn counted(budgets: impl Iterator<Item = &'static Budget>) -> Vec<(&'static Budget, u64)> {
    let mut used: Vec<(&'static Budget, u64)> = Vec::new();
    for budget in budgets {
        match used.iter_mut().find(|(known, _)| known.name == budget.name) {
            Some((_, times)) => *times += 1,
            None => used.push((budget, 1)),
        }
    }
    used
}

fn check_mutations(roots: &[Root], limits: &Limits) -> Result<()> {
    within(roots.len(), limits.mutations, "mutations")?;
    if roots.len() > 1
        && let Some(root) = roots.iter().find(|root| root.operation.is_some_and(|operation| operation.is_session))
    {
        return Err(Error::bad_request(format!("`{}` must stand alone in its document.", root.name)));
    }
    Ok(())
}

/// The name of the chosen operation.
fn name_of(document: &ExecutableDocument, wanted: Option<&str>) -> Option<Name> {
    let DocumentOperations::Multiple(named) = &document.operations else { return None };
    named.keys().find(|name| wanted.is_none_or(|wanted| name.as_str() == wanted)).cloned()
}

/// How a secret is told to be wrong that a query tries. One at a time: a query answers each of its fields, whichever was wrong.
fn code_tried(fields: &[&Field], registry: &Registry, variables: &Variables) -> Result<Option<Wrong>> {
    let mut tried: Option<(&str, Wrong)> = None;
    for field in fields {
        let guesses = registry.operation(registry::Root::Query, &field.name.node).and_then(|operation| operation.guesses);
        let Some((secret, wrong)) = guesses else { continue };
        if !given(field, variables).iter().any(|(name, value)| name == secret && is_text(value)) {
            continue;
        }
        let key = field.response_key().node.as_str();
        if tried.is_some_and(|(known, _)| known != key) {
            return Err(Error::bad_request(format!("`{}` may try one code in a document.", field.name.node)));
        }
        tried = Some((key, wrong));
    }
    Ok(tried.map(|(_, wrong)| wrong))
}

fn choose(document: &mut ExecutableDocument, name: Option<&str>) -> Result<Positioned<OperationDefinition>> {
    normalize::single_out(document, name).ok_or_else(|| match name {
        Some(_) => Error::bad_input("operationName", "names no operation of the document"),
        None => Error::bad_input("operationName", "is needed: the document holds several operations"),
    })
}

/// The root fields, through fragments; `__typename` is none. The document is within the limits, so this walk is short.
fn collect<'a>(set: &'a SelectionSet, document: &'a ExecutableDocument, fields: &mut Vec<&'a Field>) {
    for selection in &set.items {
        match &selection.node {
            Selection::Field(field) if field.node.name.node == "__typename" => {}
            Selection::Field(field) => fields.push(&field.node),
            Selection::InlineFragment(fragment) => collect(&fragment.node.selection_set.node, document, fields),
            Selection::FragmentSpread(spread) => {
                if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                    collect(&fragment.node.selection_set.node, document, fields);
                }
            }
        }
    }
}

/// The arguments of a mutation, those in its input among them.
fn given(field: &Field, variables: &Variables) -> Vec<(Name, ConstValue)> {
    // A variable that was left out is null, and the rest is still readable.
    let lookup = |name: Name| Ok::<_, Infallible>(variables.get(&name).cloned().unwrap_or_default());
    let mut given = Vec::new();
    for (name, value) in &field.arguments {
        match value.node.clone().into_const_with(lookup) {
            Ok(ConstValue::Object(input)) => given.extend(input),
            Ok(value) => given.push((name.node.clone(), value)),
        }
    }
    given
}

fn account_of(field: &Field, variables: &Variables) -> Account {
    let mut account = Account::default();
    for (name, value) in given(field, variables) {
        match (name.as_str(), value) {
            ("tenant", ConstValue::String(school)) => account.school = school,
            ("email", ConstValue::String(email)) => account.email = email,
            ("deviceToken", ConstValue::String(token)) => account.device_token = Some(token),
            ("secondFactor", ConstValue::String(_)) => account.has_second_factor = true,
            _ => {}
        }
    }
    account
}

fn is_text(value: &ConstValue) -> bool {
    matches!(value, ConstValue::String(text) if !text.trim().is_empty())
}

/// The UUID behind a value, where that is an id.
fn id_of(value: &ConstValue) -> Option<Uuid> {
    match value {
        ConstValue::String(text) => ids::decode(text).map(|(_, uuid)| uuid),
        _ => None,
    }
}

/// The id that a mutation is about, among its arguments and the fields of its input.
fn subject(registry: &Registry, operation: &Operation, field: &Field, variables: &Variables) -> Option<Uuid> {
    let given = given(field, variables);
    let ids = given.iter().filter_map(|(name, value)| match value {
        ConstValue::String(text) => ids::decode(text).map(|(prefix, uuid)| (name.as_str(), prefix, uuid)),
        _ => None,
    });
    registry.subject(operation, ids)
}
