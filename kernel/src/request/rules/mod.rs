//! Is a document valid? apollo-compiler judges; what it lets pass, and what it could say better, stands beside it: fields,
//! arguments and values (`walk`, `values`), where variables stand (`variables`), fields of one name (`merging`). See
//! `docs/adr/0020-documents-are-validated-by-apollo-compiler.md`.

mod coerce;
mod findings;
mod merging;
mod similar;
mod values;
mod variables;
mod walk;

use std::{collections::HashMap, sync::Arc};

use apollo_compiler::{Name as AstName, Node, Schema, ast, validation::Valid};
use async_graphql::{Name, ServerError};

pub use self::coerce::coerce;
use self::{findings::Findings, merging::Merging, walk::Walk};
use crate::error::Error;

/// The rules of one schema.
#[derive(Clone)]
pub struct Rules {
    schema: Arc<Valid<Schema>>,
    /// Whether a misspelled name is answered with similar ones.
    suggests: bool,
}

/// What the rules say of a document.
#[derive(Default)]
pub struct Checked {
    errors: Vec<ServerError>,
    /// Where each variable stands first.
    pub(crate) uses: HashMap<Name, Use>,
    /// Whether fields of one name stand at one place, which are one field.
    pub(crate) repeats: bool,
}

/// Where a variable stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Use {
    /// The argument, and what is inside it: `filter.from`.
    pub path: String,
    /// Whether it decides about `@skip` or `@include`, where null is no answer.
    pub decides: bool,
}

impl Checked {
    /// A document that nothing more can be said of.
    pub(crate) fn refused(message: &str) -> Self {
        Checked { errors: vec![Error::bad_request(message).into()], ..Checked::default() }
    }

    /// Whether it is valid.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(crate) fn verdict(&self) -> Result<(), Vec<ServerError>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors.clone()) }
    }
}

impl Rules {
    /// The rules of a schema in its own language.
    ///
    /// # Panics
    /// Where it is none: it is the service's own, and every test reads it.
    pub fn of(sdl: &str, suggests: bool) -> Rules {
        let mut schema = match Schema::parse(sdl, "schema.graphql") {
            Ok(schema) => schema,
            Err(wrong) => panic!("the schema can't be read: {}", wrong.errors),
        };
        complete_introspection(&mut schema);
        match schema.validate() {
            Ok(schema) => Rules { schema: Arc::new(schema), suggests },
            Err(wrong) => panic!("the schema is not valid: {}", wrong.errors),
        }
    }

    /// The same, with or without suggestions.
    #[must_use]
    pub fn suggesting(self, suggests: bool) -> Rules {
        Rules { suggests, ..self }
    }

    /// The schema.
    pub(crate) fn schema(&self) -> &Valid<Schema> {
        &self.schema
    }

    /// Checks a document of this text.
    pub(crate) fn check(&self, tree: &ast::Document, text: &str) -> Checked {
        let mut findings = Findings::new(self.suggests);
        let fragments: Fragments<'_> = tree
            .definitions
            .iter()
            .filter_map(|definition| definition.as_fragment_definition())
            .map(|fragment| (&fragment.name, fragment))
            .collect();
        let mut walk = Walk::new(&self.schema, &mut findings);
        walk.document(tree);
        let uses = walk.finish(tree);
        let mut merging = Merging::new(&self.schema, &fragments, &mut findings);
        merging.document(tree);
        let repeats = merging.repeats;
        if let Err(refused) = tree.to_executable_validate(&self.schema) {
            findings.add_judgement(&refused.errors);
        }
        Checked { errors: findings.into_errors(text), uses, repeats }
    }
}

/// The fragments of a document by name.
type Fragments<'a> = HashMap<&'a AstName, &'a Node<ast::FragmentDefinition>>;

/// What the schema is asked of since September 2025, and apollo-compiler does not know yet.
fn complete_introspection(schema: &mut Schema) {
    const ADDED: &str = "type Query { isOneOf: Boolean }";
    let field = ast::Document::parse(ADDED, "introspection.graphql").ok().and_then(|document| {
        let definition = document.definitions.first()?.as_object_type_definition()?;
        definition.fields.first().cloned()
    });
    if let Some(field) = field
        && let Some(apollo_compiler::schema::ExtendedType::Object(ty)) = schema.types.get_mut("__Type")
    {
        ty.make_mut().fields.insert(field.name.clone(), field.into());
    }
}
