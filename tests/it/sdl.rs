//! A schema as tests look at it: types, fields, arguments, what is said about each.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::LazyLock,
};

use async_graphql::{
    Positioned, Value,
    parser::{
        parse_schema,
        types::{ConstDirective, FieldDefinition, InputValueDefinition, TypeKind, TypeSystemDefinition},
    },
};

/// Every type by its name.
pub struct Schema(pub BTreeMap<String, Type>);

/// A type.
#[derive(Default)]
pub struct Type {
    /// `object`, `interface`, `input`, `enum`, `scalar` or `union`.
    pub kind: &'static str,
    pub description: Option<String>,
    pub implements: BTreeSet<String>,
    /// Fields of an object, an interface or an input; values of an enum, which have no type.
    pub fields: BTreeMap<String, Field>,
}

/// A field, an argument, an input field, or a value of an enum.
#[derive(Default)]
pub struct Field {
    pub description: Option<String>,
    /// As it is written: `[Role!]`.
    pub ty: String,
    pub has_default: bool,
    pub arguments: BTreeMap<String, Field>,
    /// What `@requiresPermission(anyOf: …)` says.
    pub any_of: Option<Vec<String>>,
    /// Whether it says `@public`.
    pub is_public: bool,
}

impl Field {
    /// Whether a client has to give it.
    pub fn is_required(&self) -> bool {
        self.ty.ends_with('!') && !self.has_default
    }
}

fn text(description: Option<&Positioned<String>>) -> Option<String> {
    description.map(|text| text.node.clone())
}

fn input(value: &InputValueDefinition) -> (String, Field) {
    let field = Field {
        description: text(value.description.as_ref()),
        ty: value.ty.node.to_string(),
        has_default: value.default_value.is_some(),
        ..Field::default()
    };
    (value.name.node.to_string(), field)
}

fn any_of(directives: &[Positioned<ConstDirective>]) -> Option<Vec<String>> {
    let directive = directives.iter().find(|directive| directive.node.name.node == "requiresPermission")?;
    match &directive.node.get_argument("anyOf").expect("anyOf is required").node {
        Value::List(names) => Some(names.iter().map(ToString::to_string).collect()),
        other => panic!("anyOf is {other}"),
    }
}

fn output(field: &FieldDefinition) -> (String, Field) {
    let described = Field {
        description: text(field.description.as_ref()),
        ty: field.ty.node.to_string(),
        has_default: false,
        arguments: field.arguments.iter().map(|argument| input(&argument.node)).collect(),
        any_of: any_of(&field.directives),
        is_public: field.directives.iter().any(|directive| directive.node.name.node == "public"),
    };
    (field.name.node.to_string(), described)
}

impl Schema {
    /// What the service offers.
    pub fn of_service() -> &'static Schema {
        // Reading it takes half a second.
        static SERVICE: LazyLock<Schema> = LazyLock::new(|| Schema::parse(&lectern::schema::types()));
        &SERVICE
    }

    /// Reads the schema language.
    pub fn parse(sdl: &str) -> Schema {
        let document = parse_schema(sdl).expect("the schema is valid");
        let mut types = BTreeMap::new();
        for definition in &document.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let definition = &definition.node;
            let mut described = Type { description: text(definition.description.as_ref()), ..Type::default() };
            match &definition.kind {
                TypeKind::Object(object) => {
                    described.kind = "object";
                    described.implements = object.implements.iter().map(|name| name.node.to_string()).collect();
                    described.fields = object.fields.iter().map(|field| output(&field.node)).collect();
                }
                TypeKind::Interface(interface) => {
                    described.kind = "interface";
                    described.fields = interface.fields.iter().map(|field| output(&field.node)).collect();
                }
                TypeKind::InputObject(object) => {
                    described.kind = "input";
                    described.fields = object.fields.iter().map(|field| input(&field.node)).collect();
                }
                TypeKind::Enum(values) => {
                    described.kind = "enum";
                    let values = values.values.iter().map(|value| {
                        let field = Field { description: text(value.node.description.as_ref()), ..Field::default() };
                        (value.node.value.node.to_string(), field)
                    });
                    described.fields = values.collect();
                }
                TypeKind::Scalar => described.kind = "scalar",
                TypeKind::Union(_) => described.kind = "union",
            }
            types.insert(definition.name.node.to_string(), described);
        }
        Schema(types)
    }

    /// The fields of Query and Mutation: `(operation, name, field)`.
    pub fn roots(&self) -> impl Iterator<Item = (&'static str, &str, &Field)> {
        [("query", "Query"), ("mutation", "Mutation")]
            .into_iter()
            .flat_map(|(operation, name)| self.0[name].fields.iter().map(move |(field, described)| (operation, field.as_str(), described)))
    }
}
