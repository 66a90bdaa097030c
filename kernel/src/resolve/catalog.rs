//! What all domains together make of the schema: each type with everything that was added to it.

use std::{collections::HashMap, sync::Arc};

use super::{
    object::{ColumnDef, CountDef, ExtensionDef, FieldDef, ObjectDef, Place, Source},
    row::{Entity, Shape},
};

/// A type with what other domains have added to it.
pub struct ObjectInfo {
    /// The function that answers its declaration.
    pub object: fn() -> &'static ObjectDef,
    /// Its own declaration.
    pub def: &'static ObjectDef,
    /// Its columns: narrow ones, wide ones, those of extensions.
    pub columns: Vec<&'static ColumnDef>,
    /// How many of them are narrow.
    narrow: usize,
    fields: HashMap<&'static str, FieldEntry>,
    /// The to-one fields, in the order of their columns.
    pub ones: Vec<One>,
    /// The fields that the database counts, by name.
    pub counts: Vec<(&'static str, &'static CountDef)>,
}

/// A field, and where the columns of whoever declared it begin.
#[derive(Clone, Copy)]
pub struct FieldEntry {
    /// The field.
    pub def: &'static FieldDef,
    /// To be added to the index of its column.
    pub base: usize,
}

impl FieldEntry {
    /// Among all columns that are read of the type.
    pub fn place(&self, place: Place) -> usize {
        match place {
            Place::Own(index) => index,
            Place::Added(index) => index + self.base,
        }
    }
}

/// A to-one child.
pub struct One {
    /// The field.
    pub field: &'static str,
    /// The column that names it.
    pub column: usize,
    /// Its type.
    pub target: fn() -> &'static ObjectDef,
}

impl ObjectInfo {
    fn new(object: fn() -> &'static ObjectDef, extensions: &[&'static ExtensionDef]) -> Self {
        let def = object();
        let mut columns: Vec<&'static ColumnDef> = def.columns.iter().collect();
        let own = def.fields.iter().chain(def.resolvers).map(|field| (field.name, FieldEntry { def: field, base: 0 }));
        let mut fields: HashMap<&'static str, FieldEntry> = own.collect();
        for extension in extensions {
            let base = columns.len();
            columns.extend(extension.columns);
            for field in extension.fields {
                let former = fields.insert(field.name, FieldEntry { def: field, base });
                assert!(former.is_none(), "{}.{} is declared twice", def.name, field.name);
            }
        }
        let mut ones: Vec<One> = fields
            .values()
            .filter_map(|entry| match entry.def.source {
                Source::One(place, target) => Some(One { field: entry.def.name, column: entry.place(place), target }),
                _ => None,
            })
            .collect();
        ones.sort_by_key(|one| one.column);
        let mut counts: Vec<_> = fields
            .values()
            .filter_map(|entry| match entry.def.source {
                Source::Count(count) => Some((entry.def.name, count)),
                _ => None,
            })
            .collect();
        counts.sort_by_key(|(name, _)| *name);
        assert!(ones.len() <= 64 && counts.len() <= 64, "{} has more than 64 fields of one kind", def.name);
        let narrow = columns.iter().position(|column| column.is_wide).unwrap_or(columns.len());
        ObjectInfo { object, def, columns, narrow, fields, ones, counts }
    }

    /// A field by its name.
    pub fn field(&self, name: &str) -> Option<FieldEntry> {
        self.fields.get(name).copied()
    }

    /// Whether a field takes more than the narrow columns.
    pub fn is_wide(&self, entry: FieldEntry) -> bool {
        match entry.def.source {
            Source::Column(index, _) => index + entry.base >= self.narrow,
            Source::One(place, _) => entry.place(place) >= self.narrow,
            _ => entry.def.reads_wide,
        }
    }

    /// How many columns are read, of the whole or of the narrow part.
    pub fn width(&self, is_whole: bool) -> usize {
        if is_whole { self.columns.len() } else { self.narrow }
    }

    /// The select list over the table with this alias.
    pub fn select(&self, alias: &str, is_whole: bool) -> String {
        let mut list = String::new();
        for column in &self.columns[..self.width(is_whole)] {
            if !list.is_empty() {
                list.push_str(", ");
            }
            write_column(&mut list, alias, column.expression);
        }
        list
    }
}

fn write_column(list: &mut String, alias: &str, expression: &str) {
    if expression.contains("{}") {
        list.push_str(&expression.replace("{}", alias));
    } else if expression.contains('.') {
        list.push_str(expression);
    } else {
        list.push_str(alias);
        list.push('.');
        list.push_str(expression);
    }
}

/// Every object type by its name.
#[derive(Default)]
pub struct Catalog {
    objects: HashMap<&'static str, Arc<ObjectInfo>>,
}

impl Catalog {
    /// The types with what was added to them.
    ///
    /// # Panics
    /// Where a type or a field is declared twice, or an extension extends what is not there.
    pub fn new(objects: &[fn() -> &'static ObjectDef], extensions: &[&'static ExtensionDef]) -> Self {
        let mut found = HashMap::new();
        for object in objects {
            let def = object();
            let theirs: Vec<_> = extensions.iter().copied().filter(|extension| (extension.object)().name == def.name).collect();
            let former = found.insert(def.name, Arc::new(ObjectInfo::new(*object, &theirs)));
            assert!(former.is_none(), "the type {} is declared twice", def.name);
        }
        for extension in extensions {
            let name = (extension.object)().name;
            assert!(found.contains_key(name), "{name} is extended, and no domain lists it");
        }
        Catalog { objects: found }
    }

    /// A type by its declaration.
    ///
    /// # Panics
    /// Where no domain lists it; a test asks for every type of the schema.
    pub fn of(&self, def: &'static ObjectDef) -> &Arc<ObjectInfo> {
        self.objects.get(def.name).unwrap_or_else(|| panic!("no domain lists the type {}", def.name))
    }

    /// The select list of whole rows of a type over an alias, and how they are read: for statements that read other things
    /// beside them.
    pub fn whole<T: Entity>(&self, alias: &str) -> (String, Arc<Shape>) {
        let info = self.of(T::object());
        (info.select(alias, true), Shape::alone(info, true))
    }

    /// A type by its name.
    pub fn object(&self, name: &str) -> Option<&Arc<ObjectInfo>> {
        self.objects.get(name)
    }

    /// All of them.
    pub fn objects(&self) -> impl Iterator<Item = &Arc<ObjectInfo>> {
        self.objects.values()
    }
}
