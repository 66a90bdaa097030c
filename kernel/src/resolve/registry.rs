//! What the kernel knows of the subjects: tables that the macros write, listed by each subject. Nothing else in the kernel
//! knows a subject by name.

use std::collections::{HashMap, HashSet};

use async_graphql::{
    InputType, Value,
    registry::{MetaInputValue, MetaType, Registry as Types},
};
use uuid::Uuid;

use crate::{
    db::{List, SortKey},
    error::{Error, Result},
    jobs::JobKind,
    permission::Permission,
    rates::Budget,
    resolve::{Access, Begin, Catalog, Changes, ExtensionDef, FieldDef, GoAhead, ObjectDef, WriteDef, Writes},
};

/// One subject: what it is made of.
pub struct Domain {
    /// Its name, and that of its folder.
    pub name: &'static str,
    /// Its types.
    pub objects: &'static [fn() -> &'static ObjectDef],
    /// Its fields of the roots.
    pub operations: &'static [&'static [Operation]],
    /// What can be heard of it.
    pub events: &'static [Event],
    /// What is told of it as it comes.
    pub streams: &'static [Stream],
    /// Its kinds of jobs.
    pub jobs: &'static [JobKind],
    /// What others outside can be told of it: types of events that triggers of its tables emit (`app.emit`), and when each happens.
    pub emits: &'static [(&'static str, &'static str)],
    /// What it adds to types of others.
    pub extensions: &'static [&'static ExtensionDef],
    /// What it adds to inputs of others that are written into columns.
    pub inputs: &'static [InputExtension],
    /// What it adds to filters of others.
    pub filters: &'static [FilterExtension],
    /// What it adds to orders of others: the enum, and its new values.
    pub orders: &'static [(&'static str, &'static [OrderValue])],
    /// Values that it adds to open enums of others: the enum, and `(value, description)`.
    pub enum_values: &'static [(&'static str, &'static [(&'static str, &'static str)])],
    /// What the audit log names and the schema does not: `(resource, prefix of its ids)`.
    pub recorded: &'static [(&'static str, &'static str)],
    /// Columns of tables without a type that hold the id of another row: `(column, prefix)`.
    pub references: &'static [(&'static str, &'static str)],
    /// A row without an id of its own says that two things belong together. It is recorded with the first of them, and shown
    /// under the name of what it adds, `(type, column of the second, name)`: a Group gains `{"member": {"userId": …}}`.
    pub parts: &'static [(&'static str, &'static str, &'static str)],
}

impl Domain {
    /// A subject of nothing yet.
    pub const fn new(name: &'static str) -> Self {
        Domain {
            name,
            objects: &[],
            operations: &[],
            events: &[],
            streams: &[],
            jobs: &[],
            emits: &[],
            extensions: &[],
            inputs: &[],
            filters: &[],
            orders: &[],
            enum_values: &[],
            recorded: &[],
            references: &[],
            parts: &[],
        }
    }
}

/// The roots whose fields are operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Root {
    /// `Query`.
    Query,
    /// `Mutation`.
    Mutation,
}

impl Root {
    /// Its name in the schema.
    pub fn name(self) -> &'static str {
        match self {
            Root::Query => "Query",
            Root::Mutation => "Mutation",
        }
    }
}

/// What somebody wants who is not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Knock {
    /// To sign in with a password.
    Password,
    /// To sign in with a code.
    Code,
    /// To be mailed something.
    Mail,
}

/// By what a wrong secret is told from other refusals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The reason of the refusal: an enrollment key.
    Key(&'static str),
    /// The reason of the refusal: a code that takes something off a price.
    Code(&'static str),
    /// BAD_USER_INPUT for `password`, `currentPassword` or `code`: what whoever is signed in proves themselves with.
    Proof,
}

/// A field of a root.
pub struct Operation {
    /// The field.
    pub field: FieldDef,
    /// Whose field it is.
    pub root: Root,
    /// The type that a mutation is about, for the audit entry of a refusal.
    pub about: &'static str,
    /// It changes who is signed in, or takes a password, a code or a token, and so can't share a document with anything else: aliases would multiply
    /// tries. No API key may ask for it.
    pub is_session: bool,
    /// It is for a person alone, and for no API key.
    pub in_person: bool,
    /// Whoever looks in another person's place may ask it: it ends that.
    pub while_viewing: bool,
    /// It is asked by somebody who is not signed in, about an account: its input holds `tenant` and `email`. How often is limited.
    pub knock: Option<Knock>,
    /// What it does before its transaction is opened.
    pub ahead: Option<GoAhead>,
    /// It computes the hash of a password: it goes through the narrow lane.
    pub hashes_password: bool,
    /// It waits for the store while its transaction is open: it goes through a lane of its own.
    pub reaches_store: bool,
    /// What it shows could not be taken back: it can't be rehearsed.
    pub is_once: bool,
    /// It takes a secret that somebody may be guessing. So many wrong ones are answered, then none for a while.
    pub guesses: Option<(&'static str, Wrong)>,
    /// It counts towards this budget of its person.
    pub budget: Option<&'static Budget>,
    /// What each of its arguments writes into columns by its own declaration.
    pub writes: &'static [Option<WriteDef>],
}

impl Operation {
    /// Whether it goes on answering after the subscription has lapsed.
    pub fn outlives_subscription(&self) -> bool {
        self.field.access.is_some_and(Access::outlives_subscription)
    }
}

/// A subscription field: announced by the database under a topic (`app.announce`), read as a query.
pub struct Event {
    /// The field of `Subscription`.
    pub name: &'static str,
    /// What it is, for the schema.
    pub description: &'static str,
    /// What is heard of.
    pub of: Heard,
    /// The topic that it is announced under.
    pub topic: &'static str,
    /// Which announcements are heard: those of a key.
    pub key: HeardKey,
    /// What was missed, for whoever names the moment since when: `$2`; `$3` at most. Answers ids, the oldest first. None: nobody is told of
    /// that.
    pub since: Option<&'static str>,
    /// The field of `Query` that reads it. What is asked of it is asked of whoever listens.
    pub query: &'static str,
}

/// What an event is of.
pub enum Heard {
    /// A row of a type: the query reads it by its argument `id`.
    Row(fn() -> &'static ObjectDef),
    /// A whole number: the query takes no arguments.
    Number,
}

/// Which announcements of a topic concern a subscriber.
pub enum HeardKey {
    /// All.
    Any,
    /// Those about themselves.
    Own,
    /// Those of a thing that an argument names by its id; of everything, where it may be left out and is.
    Named {
        /// The argument.
        argument: &'static str,
        /// What it is, for the schema.
        description: &'static str,
        /// The type that it names one of.
        object: fn() -> &'static ObjectDef,
        /// Whether it must be given.
        is_required: bool,
    },
}

/// A subscription field that tells of one thing as it comes: an object in memory, of which one field is a row.
pub struct Stream {
    /// The field of `Subscription`.
    pub name: &'static str,
    /// What it is, for the schema.
    pub description: &'static str,
    /// What is told.
    pub of: fn() -> &'static ObjectDef,
    /// Its arguments: `(name, description, whether it is an id that must be given)`; any other is text that may be left out.
    pub arguments: &'static [(&'static str, &'static str, bool)],
    /// The topics that the database announces for it.
    pub topics: &'static [&'static str],
    /// The field of the object that is read, the query that reads it by its id, and the prefix of that.
    pub read: (&'static str, (&'static str, &'static str)),
    /// Begins to tell somebody. Who may listen, it says itself.
    pub begin: Begin,
}

/// How many of what was missed a subscriber is sent. Whoever missed more reads the list.
pub const MOST_MISSED: usize = 100;

impl Event {
    /// The prefix of the ids that are announced; none where it is of no row.
    pub fn prefix(&self) -> Option<&'static str> {
        match self.of {
            Heard::Row(object) => object().table.as_ref().map(|table| table.prefix),
            Heard::Number => None,
        }
    }
}

/// Fields that one domain adds to an input of another whose fields are columns.
pub struct InputExtension {
    /// The input.
    pub input: &'static str,
    /// Its new fields.
    pub fields: fn(&mut Types) -> Vec<(String, MetaInputValue)>,
    /// Checks and writes them, out of the whole input.
    pub write: fn(Value, &mut Changes) -> Result<()>,
}

impl InputExtension {
    /// The fields of `I`, written into columns that `T` declares.
    pub const fn of<I: Writes<T>, T>(input: &'static str) -> Self {
        InputExtension { input, fields: fields_of::<I>, write: |value, changes| parsed::<I>(value)?.write(changes) }
    }
}

/// The fields of an input under the names that they have in the schema.
fn fields_of<I: InputType>(types: &mut Types) -> Vec<(String, MetaInputValue)> {
    I::create_type_info(types);
    match types.types.remove(I::type_name().as_ref()) {
        Some(MetaType::InputObject { input_fields, .. }) => input_fields.into_iter().collect(),
        _ => Vec::new(),
    }
}

fn parsed<I: InputType>(value: Value) -> Result<I> {
    I::parse(Some(value)).map_err(|_| Error::bad_request("An input holds a field that can't be read."))
}

/// A filter whose fields narrow a list.
pub trait Narrows: InputType {
    /// Narrows a list.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    fn narrow(&self, list: &mut List) -> Result<()>;
}

impl FilterExtension {
    /// The fields of `F`.
    pub const fn of<F: Narrows>(input: &'static str) -> Self {
        FilterExtension { input, fields: fields_of::<F>, narrow: |value, list| parsed::<F>(value)?.narrow(list) }
    }
}

/// Fields that one domain adds to a filter of another.
pub struct FilterExtension {
    /// The filter.
    pub input: &'static str,
    /// Its new fields.
    pub fields: fn(&mut Types) -> Vec<(String, MetaInputValue)>,
    /// Narrows a list by them, out of the whole filter.
    pub narrow: fn(Value, &mut List) -> Result<()>,
}

/// A value of an order: its name, what it is, the key that it sorts by.
pub type OrderValue = (&'static str, &'static str, SortKey);

/// A kind of things that have ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindInfo {
    /// The GraphQL type; or what the audit log calls it, where it is none.
    pub ty: &'static str,
    /// What its ids begin with.
    pub prefix: &'static str,
    /// One of these is needed to ask for one by its id; none where its rows alone decide.
    pub needs: &'static [Permission],
    /// Whether clients may ask for one by its id alone.
    pub is_node: bool,
}

/// All subjects together.
pub struct Registry {
    domains: &'static [&'static Domain],
    operations: HashMap<(Root, &'static str), &'static Operation>,
    /// The fields of the roots that may be null.
    nullable: HashSet<(Root, &'static str)>,
    kinds: Vec<KindInfo>,
    catalog: Catalog,
}

impl Registry {
    /// Of these subjects.
    ///
    /// # Panics
    /// Where two of them declare the same type, field or operation.
    pub fn new(domains: &'static [&'static Domain]) -> Self {
        let objects: Vec<_> = domains.iter().flat_map(|domain| domain.objects).copied().collect();
        let extensions: Vec<_> = domains.iter().flat_map(|domain| domain.extensions).copied().collect();
        let (mut operations, mut nullable) = (HashMap::new(), HashSet::new());
        let mut types = Types::default();
        for operation in domains.iter().flat_map(|domain| domain.operations).flat_map(|block| *block) {
            let former = operations.insert((operation.root, operation.field.name), operation);
            assert!(former.is_none(), "{}.{} is declared twice", operation.root.name(), operation.field.name);
            if crate::resolve::type_of(&mut types, &operation.field, operation.root == Root::Mutation).ends_with('!') {
                continue;
            }
            nullable.insert((operation.root, operation.field.name));
        }
        let mut jobs = HashSet::new();
        for kind in domains.iter().flat_map(|domain| domain.jobs) {
            assert!(jobs.insert(kind.name), "the jobs {} are declared twice", kind.name);
        }
        let mut emits = HashSet::new();
        for (name, _) in domains.iter().flat_map(|domain| domain.emits) {
            assert!(emits.insert(*name), "the events {name} are declared twice");
        }
        let recorded = domains.iter().flat_map(|domain| domain.recorded);
        let recorded = recorded.map(|(ty, prefix)| KindInfo { ty, prefix, needs: &[], is_node: false });
        let declared = objects.iter().filter_map(|object| {
            let def = object();
            let table = def.table.as_ref().filter(|table| table.is_table())?;
            Some(KindInfo { ty: def.name, prefix: table.prefix, needs: table.node.unwrap_or(&[]), is_node: table.node.is_some() })
        });
        let kinds = declared.chain(recorded).collect();
        Registry { domains, operations, nullable, kinds, catalog: Catalog::new(&objects, &extensions) }
    }

    /// The subjects.
    pub fn domains(&self) -> &'static [&'static Domain] {
        self.domains
    }

    /// Every type, with what was added to it.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Every operation.
    pub fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        self.domains.iter().flat_map(|domain| domain.operations).flat_map(|block| *block)
    }

    /// A field of a root.
    pub fn operation(&self, root: Root, name: &str) -> Option<&'static Operation> {
        self.operations.get(&(root, name)).copied()
    }

    /// Whether a field of a root may be null.
    pub fn is_nullable(&self, root: Root, name: &str) -> bool {
        self.nullable.contains(&(root, name))
    }

    /// A mutation.
    pub fn mutation(&self, name: &str) -> Option<&'static Operation> {
        self.operation(Root::Mutation, name)
    }

    /// The subject that a type is of, or that has it recorded.
    pub fn domain_of(&self, ty: &str) -> Option<&'static Domain> {
        let declares = |domain: &Domain| domain.objects.iter().any(|object| object().name == ty);
        let records = |domain: &Domain| domain.recorded.iter().any(|(recorded, _)| *recorded == ty);
        self.domains.iter().copied().find(|domain| declares(domain) || records(domain))
    }

    /// Every kind.
    pub fn kinds(&self) -> impl Iterator<Item = &KindInfo> {
        self.kinds.iter()
    }

    /// The kind of a type.
    pub fn kind(&self, ty: &str) -> Option<&KindInfo> {
        self.kinds().find(|kind| kind.ty == ty)
    }

    /// The kind whose ids begin with a prefix.
    pub fn kind_with_prefix(&self, prefix: &str) -> Option<&KindInfo> {
        self.kinds().find(|kind| kind.prefix == prefix)
    }

    /// Every kind of jobs.
    pub fn jobs(&self) -> impl Iterator<Item = &'static JobKind> {
        self.domains.iter().flat_map(|domain| domain.jobs)
    }

    /// Every type of events that others outside can be told of: its name, and when it happens.
    pub fn emits(&self) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        self.domains.iter().flat_map(|domain| domain.emits)
    }

    /// Every event.
    pub fn events(&self) -> impl Iterator<Item = &'static Event> {
        self.domains.iter().flat_map(|domain| domain.events)
    }

    /// Everything that is told as it comes.
    pub fn streams(&self) -> impl Iterator<Item = &'static Stream> {
        self.domains.iter().flat_map(|domain| domain.streams)
    }

    /// What a field of Subscription tells as it comes.
    pub fn stream(&self, name: &str) -> Option<&'static Stream> {
        self.streams().find(|stream| stream.name == name)
    }

    /// The event of a field of Subscription.
    pub fn event(&self, name: &str) -> Option<&'static Event> {
        self.events().find(|event| event.name == name)
    }

    /// The topics under which events are announced, each once.
    pub fn topics(&self) -> Vec<&'static str> {
        let told = self.streams().flat_map(|stream| stream.topics.iter().copied());
        let mut topics: Vec<&'static str> = self.events().map(|event| event.topic).chain(told).collect();
        topics.sort_unstable();
        topics.dedup();
        topics
    }

    /// What other domains have added to an input that is written into columns.
    pub fn input_extensions(&self, input: &str) -> impl Iterator<Item = &'static InputExtension> {
        self.domains.iter().flat_map(|domain| domain.inputs).filter(move |extension| extension.input == input)
    }

    /// What other domains have added to a filter.
    pub fn filter_extensions(&self, input: &str) -> impl Iterator<Item = &'static FilterExtension> {
        self.domains.iter().flat_map(|domain| domain.filters).filter(move |extension| extension.input == input)
    }

    /// The key that another domain has added to an order.
    pub fn order_value(&self, order: &str, name: &str) -> Option<SortKey> {
        let added = self.domains.iter().flat_map(|domain| domain.orders).filter(|(of, _)| *of == order).flat_map(|(_, values)| *values);
        added.filter(|(value, ..)| *value == name).map(|(.., key)| *key).next()
    }

    /// The prefix of the ids that a column of a resource holds, where it holds those of another row.
    pub fn reference(&self, resource: &str, column: &str) -> Option<&'static str> {
        let in_type = |info: &crate::resolve::ObjectInfo| {
            info.columns.iter().find(|found| found.expression == column && column != "id").and_then(|found| found.references)
        };
        let own = self.catalog.object(resource).and_then(|info| in_type(info));
        let listed =
            || self.domains.iter().flat_map(|domain| domain.references).find(|(name, _)| *name == column).map(|(_, prefix)| *prefix);
        own.or_else(listed).or_else(|| self.catalog.objects().find_map(|info| in_type(info)))
    }

    /// What a type has of others: `(type, column, name)`.
    pub fn parts(&self) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str)> {
        self.domains.iter().flat_map(|domain| domain.parts)
    }

    /// The id of what an operation is about, among the ids that its arguments name: `(argument, prefix, uuid)`. It stands as
    /// `id`, or as `courseId` where that is the kind of thing; an id of another kind is none.
    pub fn subject<'a>(&self, operation: &Operation, ids: impl IntoIterator<Item = (&'a str, &'a str, Uuid)>) -> Option<Uuid> {
        let kind = self.kind(operation.about)?.prefix;
        let mut ids =
            ids.into_iter().filter(|(argument, prefix, _)| *prefix == kind && (*argument == "id" || *argument == format!("{kind}Id")));
        ids.next().map(|(_, _, uuid)| uuid)
    }
}
