//! The schema as a client learns it, for tests that walk all of it: whatever is added later is walked as well.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::Client;

/// A type reference: `[Course!]!`.
#[derive(Debug, Clone, Deserialize)]
pub struct TypeRef {
    pub kind: String,
    pub name: Option<String>,
    #[serde(rename = "ofType")]
    pub of_type: Option<Box<TypeRef>>,
}

impl TypeRef {
    /// The type inside lists and non-nulls.
    pub fn named(&self) -> &str {
        match &self.of_type {
            Some(inner) => inner.named(),
            None => self.name.as_deref().unwrap_or_default(),
        }
    }

    pub fn is_required(&self) -> bool {
        self.kind == "NON_NULL"
    }

    pub fn is_list(&self) -> bool {
        self.kind == "LIST" || self.of_type.as_ref().is_some_and(|inner| self.kind == "NON_NULL" && inner.is_list())
    }

    /// As it stands in a document: `[ID!]!`.
    pub fn text(&self) -> String {
        match (self.kind.as_str(), &self.of_type) {
            ("NON_NULL", Some(inner)) => format!("{}!", inner.text()),
            ("LIST", Some(inner)) => format!("[{}]", inner.text()),
            _ => self.named().to_owned(),
        }
    }
}

/// An argument or a field of an input.
#[derive(Debug, Clone, Deserialize)]
pub struct Input {
    pub name: String,
    #[serde(rename = "type")]
    pub ty: TypeRef,
}

/// A field.
#[derive(Debug, Clone, Deserialize)]
pub struct Field {
    pub name: String,
    pub args: Vec<Input>,
    #[serde(rename = "type")]
    pub ty: TypeRef,
}

/// A type.
#[derive(Debug, Clone, Deserialize)]
pub struct Type {
    pub kind: String,
    pub name: String,
    pub fields: Option<Vec<Field>>,
    #[serde(rename = "inputFields")]
    pub input_fields: Option<Vec<Input>>,
    #[serde(rename = "enumValues")]
    pub enum_values: Option<Vec<EnumValue>>,
    #[serde(rename = "possibleTypes")]
    pub possible_types: Option<Vec<TypeRef>>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct EnumValue {
    pub name: String,
}

/// All types but GraphQL's own, by name.
pub struct Schema {
    pub types: BTreeMap<String, Type>,
}

const QUERY: &str = "query { __schema { types { kind name
    fields(includeDeprecated: true) { name args { name type { ...T } } type { ...T } }
    inputFields { name type { ...T } } enumValues(includeDeprecated: true) { name } possibleTypes { ...T } } } }
    fragment T on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } }";

impl Schema {
    pub async fn read(client: &Client) -> Schema {
        let data = client.ok(QUERY, json!({})).await;
        let types: Vec<Type> = serde_json::from_value(data["__schema"]["types"].clone()).unwrap();
        Schema { types: types.into_iter().filter(|ty| !ty.name.starts_with("__")).map(|ty| (ty.name.clone(), ty)).collect() }
    }

    pub fn fields(&self, ty: &str) -> &[Field] {
        self.types.get(ty).and_then(|ty| ty.fields.as_deref()).unwrap_or_default()
    }

    pub fn is_composite(&self, ty: &TypeRef) -> bool {
        self.types.get(ty.named()).is_some_and(|ty| matches!(ty.kind.as_str(), "OBJECT" | "INTERFACE" | "UNION"))
    }

    /// Everything that can be asked of a type without arguments, so many levels deep; `{ id title instructor { … } }`.
    pub fn selection(&self, ty: &str, levels: usize) -> String {
        let Some(found) = self.types.get(ty) else { return String::new() };
        let mut parts = vec!["__typename".to_owned()];
        if matches!(found.kind.as_str(), "INTERFACE" | "UNION") {
            let possible = found.possible_types.as_deref().unwrap_or_default();
            let plain = |ty: &TypeRef| {
                self.fields(ty.named())
                    .iter()
                    .filter(|field| !self.is_composite(&field.ty) && field.args.iter().all(|arg| !arg.ty.is_required()))
            };
            let mut types: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
            for field in possible.iter().flat_map(plain) {
                types.entry(&field.name).or_default().insert(field.ty.text());
            }
            for ty in possible {
                // Aliased by type, where fields of one name differ in type between the fragments.
                let name = |field: &Field| match types[field.name.as_str()].len() {
                    1 => field.name.clone(),
                    _ => format!("{}_{}: {}", ty.named(), field.name, field.name),
                };
                parts.push(format!("... on {} {{ {} }}", ty.named(), plain(ty).map(name).collect::<Vec<_>>().join(" ")));
            }
        }
        for field in self.fields(ty) {
            if field.args.iter().any(|arg| arg.ty.is_required()) {
                continue;
            }
            if !self.is_composite(&field.ty) {
                parts.push(field.name.clone());
            } else if levels > 0 {
                let first = if field.args.iter().any(|arg| arg.name == "first") { "(first: 2)" } else { "" };
                parts.push(format!("{}{first} {}", field.name, self.selection(field.ty.named(), levels - 1)));
            }
        }
        format!("{{ {} }}", parts.join(" "))
    }

    /// A way from the root of queries to a type, through fields that need no arguments: `courses { nodes`, to be closed by
    /// as many braces as it opens. The shortest one.
    pub fn way_to(&self, target: &str) -> Option<(String, usize)> {
        let mut seen = std::collections::HashSet::from(["Query".to_owned()]);
        let mut queue = std::collections::VecDeque::from([("Query".to_owned(), String::new(), 0)]);
        while let Some((ty, way, depth)) = queue.pop_front() {
            if ty == target {
                return Some((way, depth));
            }
            for field in self.fields(&ty) {
                let next = field.ty.named().to_owned();
                if self.is_composite(&field.ty) && field.args.iter().all(|arg| !arg.ty.is_required()) && seen.insert(next.clone()) {
                    queue.push_back((next, format!("{way} {} {{", field.name), depth + 1));
                }
            }
        }
        None
    }
}

/// One place that takes an id: an argument, or a field inside an input.
#[derive(Debug, Clone)]
pub struct IdPlace {
    /// The type whose field it is.
    pub parent: String,
    pub field: Field,
    /// The argument, then the fields of inputs: `["input", "courseId"]`.
    pub path: Vec<String>,
    /// Whether it takes a list of ids.
    pub is_list: bool,
}

impl Schema {
    /// Every place that takes an id, in every field of every type.
    pub fn id_places(&self) -> Vec<IdPlace> {
        let mut places = Vec::new();
        // What is listened to by an id is asked over a socket: `notifications/live.rs`.
        for ty in self.types.values().filter(|ty| ty.kind == "OBJECT" && ty.name != "Subscription") {
            for field in ty.fields.as_deref().unwrap_or_default() {
                for arg in &field.args {
                    self.places_in(arg, vec![], &mut |path, is_list| {
                        places.push(IdPlace { parent: ty.name.clone(), field: field.clone(), path, is_list });
                    });
                }
            }
        }
        places
    }

    fn places_in(&self, input: &Input, mut path: Vec<String>, found: &mut impl FnMut(Vec<String>, bool)) {
        path.push(input.name.clone());
        assert!(path.len() < 8, "inputs nest too deep or in a cycle: {path:?}");
        if input.ty.named() == "ID" {
            found(path, input.ty.is_list());
        } else if let Some(fields) = self.types.get(input.ty.named()).and_then(|ty| ty.input_fields.as_ref()) {
            for field in fields {
                self.places_in(field, path.clone(), found);
            }
        }
    }

    /// Values for an argument or input: what is required, filled by `leaf`, and nothing else.
    pub fn fill(&self, input: &Input, path: &mut Vec<String>, leaf: &mut impl FnMut(&[String], &Input) -> Option<Value>) -> Option<Value> {
        path.push(input.name.clone());
        let given = leaf(path, input);
        let value = if given.is_some() {
            given
        } else if let Some(fields) = self.types.get(input.ty.named()).and_then(|ty| ty.input_fields.as_ref()) {
            let mut object = serde_json::Map::new();
            for field in fields {
                if let Some(value) = self.fill(field, path, leaf) {
                    object.insert(field.name.clone(), value);
                }
            }
            let wanted = input.ty.is_required() || !object.is_empty();
            let object = Value::Object(object);
            wanted.then(|| if input.ty.is_list() { json!([object]) } else { object })
        } else {
            None
        };
        path.pop();
        value
    }

    /// A value for something required that is not an id.
    pub fn plain(&self, input: &Input) -> Option<Value> {
        if !input.ty.is_required() {
            return None;
        }
        let value = match (input.ty.named(), input.name.as_str()) {
            ("String", "roleKey" | "roleKeys") => json!("LEARNER"),
            ("String", "field") => json!("Query.node"),
            ("String", "email") => json!("probe@elm.example"),
            ("String", "key") => json!("PROBE"),
            ("String", "idempotencyKey") => json!("probe-key"),
            ("String", "currency" | "currencies") => json!("EUR"),
            ("String", "timeZone") => json!("Europe/Berlin"),
            ("String", _) => json!("Probe"),
            ("Int", "rating") => json!(3),
            ("Float", "factor") => json!(1.5),
            ("Int", _) => json!(10),
            ("Float", _) => json!(50.0),
            ("Boolean", _) => json!(true),
            ("DateTime", "endsAt" | "to") => json!("2099-03-02T11:00:00Z"),
            ("DateTime", _) => json!("2099-03-02T10:00:00Z"),
            ("LocalTime", "until") => json!("17:00"),
            ("LocalTime", _) => json!("09:00"),
            (name, _) => json!(self.types.get(name)?.enum_values.as_ref()?.first()?.name),
        };
        Some(if input.ty.is_list() { json!([value]) } else { value })
    }
}
