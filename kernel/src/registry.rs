//! What the kernel has to know of the subjects, as tables that each subject writes down: its operations, its kinds of
//! things, its events. Nothing else in the kernel knows a subject by name.

use std::collections::HashMap;

use uuid::Uuid;

use crate::{ids::Kind, permission::Permission, rates::BudgetKind};

/// One subject: what it is made of, as far as the kernel has to know.
#[derive(Debug, Clone, Copy)]
pub struct Domain {
    /// Its name, and that of its folder.
    pub name: &'static str,
    /// Its root fields.
    pub operations: &'static [Operation],
    /// Its kinds of things.
    pub kinds: &'static [KindInfo],
    /// What can be heard of it.
    pub events: &'static [Event],
    /// Columns that hold the id of another row, wherever they stand: `(column, prefix)`.
    pub references: &'static [(&'static str, &'static str)],
    /// A row without an id of its own says that two things belong together. It is recorded with the first of them, and shown
    /// under the name of what it adds, `(type, column of the second, name)`: a Group gains `{"member": {"userId": …}}`.
    pub parts: &'static [(&'static str, &'static str, &'static str)],
}

impl Domain {
    /// A subject of nothing yet.
    pub const fn new(name: &'static str) -> Self {
        Domain { name, operations: &[], kinds: &[], events: &[], references: &[], parts: &[] }
    }
}

/// A root field of Mutation, or one of Query that the frame has to know of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Operation {
    /// `Mutation` or `Query`.
    pub root: &'static str,
    /// The field.
    pub name: &'static str,
    /// The GraphQL type that a mutation is about, for the audit entry of a refusal.
    pub about: &'static str,
    /// It changes who is signed in, and so can't share a document with anything else.
    pub session: bool,
    /// It computes the hash of a password: it goes through the narrow lane.
    pub hashes_password: bool,
    /// It counts towards this budget of its person.
    pub budget: Option<BudgetKind>,
    /// It goes on answering after the subscription has lapsed.
    pub outlives_subscription: bool,
    /// It signs in: its input holds `tenant` and `email`.
    pub signs_in: bool,
}

impl Operation {
    const fn new(root: &'static str, name: &'static str, about: &'static str) -> Self {
        let (session, hashes_password, outlives_subscription, signs_in) = (false, false, false, false);
        Operation { root, name, about, session, hashes_password, budget: None, outlives_subscription, signs_in }
    }

    /// A mutation about a type.
    pub const fn mutation(name: &'static str, about: &'static str) -> Self {
        Operation::new("Mutation", name, about)
    }

    /// A query.
    pub const fn query(name: &'static str) -> Self {
        Operation::new("Query", name, "")
    }

    /// Which stands alone in its document.
    #[must_use]
    pub const fn session(self) -> Self {
        Operation { session: true, ..self }
    }

    /// Which computes the hash of a password.
    #[must_use]
    pub const fn hashes_password(self) -> Self {
        Operation { hashes_password: true, ..self }
    }

    /// Which counts towards a budget.
    #[must_use]
    pub const fn budget(self, kind: BudgetKind) -> Self {
        Operation { budget: Some(kind), ..self }
    }

    /// Which answers after the subscription has lapsed.
    #[must_use]
    pub const fn outlives_subscription(self) -> Self {
        Operation { outlives_subscription: true, ..self }
    }

    /// Which signs in.
    #[must_use]
    pub const fn signs_in(self) -> Self {
        Operation { signs_in: true, ..self }
    }
}

/// A kind of things that have ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KindInfo {
    /// The GraphQL type; or what the audit log calls it, where it is none.
    pub ty: &'static str,
    /// What its ids begin with.
    pub prefix: &'static str,
    /// One of these is needed to ask for one; where there are none, its rows alone decide.
    pub needs: &'static [Permission],
    /// Whether clients may ask for one by its id alone.
    pub is_node: bool,
}

impl KindInfo {
    /// A type of the schema that implements Node.
    pub const fn of<T: Kind>() -> Self {
        KindInfo { ty: T::TYPE, prefix: T::PREFIX, needs: &[], is_node: true }
    }

    /// Something of the audit log that nobody can ask for.
    pub const fn recorded(ty: &'static str, prefix: &'static str) -> Self {
        KindInfo { ty, prefix, needs: &[], is_node: false }
    }

    /// Which needs one of these permissions.
    #[must_use]
    pub const fn needs(self, needs: &'static [Permission]) -> Self {
        KindInfo { needs, ..self }
    }
}

/// A subscription field: heard on a channel of the database, read as a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The field of Subscription.
    pub name: &'static str,
    /// Where the database announces it: `tenant id`.
    pub channel: &'static str,
    /// The prefix of the ids that are announced.
    pub prefix: &'static str,
    /// The field of Query that reads one of them, by its argument `id`.
    pub query: &'static str,
}

/// All subjects together.
#[derive(Debug)]
pub struct Registry {
    domains: &'static [&'static Domain],
    operations: HashMap<(&'static str, &'static str), &'static Operation>,
}

impl Registry {
    /// Of these subjects.
    pub fn new(domains: &'static [&'static Domain]) -> Self {
        let operations = domains.iter().flat_map(|domain| domain.operations);
        Registry { domains, operations: operations.map(|operation| ((operation.root, operation.name), operation)).collect() }
    }

    /// The subjects.
    pub fn domains(&self) -> &'static [&'static Domain] {
        self.domains
    }

    /// Every operation.
    pub fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        self.domains.iter().flat_map(|domain| domain.operations)
    }

    /// A field of `Mutation` or `Query`.
    pub fn operation(&self, root: &str, name: &str) -> Option<&'static Operation> {
        self.operations.get(&(root, name)).copied()
    }

    /// A mutation.
    pub fn mutation(&self, name: &str) -> Option<&'static Operation> {
        self.operation("Mutation", name)
    }

    /// Every kind.
    pub fn kinds(&self) -> impl Iterator<Item = &'static KindInfo> {
        self.domains.iter().flat_map(|domain| domain.kinds)
    }

    /// The kind of a type.
    pub fn kind(&self, ty: &str) -> Option<&'static KindInfo> {
        self.kinds().find(|kind| kind.ty == ty)
    }

    /// The kind whose ids begin with a prefix.
    pub fn kind_with_prefix(&self, prefix: &str) -> Option<&'static KindInfo> {
        self.kinds().find(|kind| kind.prefix == prefix)
    }

    /// Every event.
    pub fn events(&self) -> impl Iterator<Item = &'static Event> {
        self.domains.iter().flat_map(|domain| domain.events)
    }

    /// The event of a field of Subscription.
    pub fn event(&self, name: &str) -> Option<&'static Event> {
        self.events().find(|event| event.name == name)
    }

    /// The channels on which events are announced, each once.
    pub fn channels(&self) -> Vec<&'static str> {
        let mut channels: Vec<&'static str> = self.events().map(|event| event.channel).collect();
        channels.sort_unstable();
        channels.dedup();
        channels
    }

    /// The prefix of the ids that a column holds, where it holds those of another row.
    pub fn reference(&self, column: &str) -> Option<&'static str> {
        self.domains.iter().flat_map(|domain| domain.references).find(|(name, _)| *name == column).map(|(_, prefix)| *prefix)
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

#[cfg(test)]
mod tests {
    use super::*;

    const SCHOOL: Domain = Domain {
        operations: &[Operation::mutation("updateCourse", "Course"), Operation::mutation("enroll", "Enrollment")],
        kinds: &[KindInfo::recorded("Course", "course"), KindInfo::recorded("Enrollment", "enrollment")],
        ..Domain::new("school")
    };

    #[test]
    fn only_an_id_of_the_right_kind_says_which() {
        let registry = Registry::new(&[&SCHOOL]);
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let subject = |operation: &str, ids: &[(&'static str, &'static str, Uuid)]| {
            registry.subject(registry.mutation(operation).unwrap(), ids.iter().copied())
        };
        assert_eq!(subject("updateCourse", &[("id", "course", one)]), Some(one));
        assert_eq!(subject("updateCourse", &[("id", "user", one)]), None);
        assert_eq!(subject("updateCourse", &[("userIds", "user", one), ("courseId", "course", two)]), Some(two));
        assert_eq!(subject("updateCourse", &[("id", "course", one), ("instructorId", "user", two)]), Some(one));
        // The course that somebody was not let into is not the enrollment that there isn't.
        assert_eq!(subject("enroll", &[("courseId", "course", one), ("userId", "user", two)]), None);
        assert_eq!(registry.mutation("deleteCourse"), None);
    }
}
