//! A file as a whole, read once before anything is changed: whether it can be imported, how many lines it has, and what of later files
//! earlier ones must know.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    fs::File,
    num::NonZeroI32,
};

use aws_lc_rs::digest::{SHA256, digest};

use super::{
    archive::{Broken, Source},
    columns::{ImportFormat, RosterEntity},
    lines::{address_key, is_gone},
    sheet::{Row, Sheet},
};
use lectern_kernel::text::email_key;

/// Lines at most.
const ROWS: i32 = 1_000_000;

/// One sheet of a file.
pub struct SheetDef {
    pub entity: RosterEntity,
    pub file: &'static str,
    /// What the manifest calls it.
    pub property: &'static str,
    pub required: &'static [&'static str],
}

/// In the order in which they are read: what is pointed at comes first.
pub const SHEETS: [SheetDef; 6] = [
    SheetDef { entity: RosterEntity::Org, file: "orgs.csv", property: "file.orgs", required: &["sourcedId", "name"] },
    SheetDef {
        entity: RosterEntity::AcademicSession,
        file: "academicSessions.csv",
        property: "file.academicSessions",
        required: &["sourcedId", "title"],
    },
    SheetDef { entity: RosterEntity::Course, file: "courses.csv", property: "file.courses", required: &["sourcedId", "title"] },
    SheetDef {
        entity: RosterEntity::User,
        file: "users.csv",
        property: "file.users",
        required: &["sourcedId", "givenName", "familyName", "email"],
    },
    SheetDef { entity: RosterEntity::Class, file: "classes.csv", property: "file.classes", required: &["sourcedId", "title"] },
    SheetDef {
        entity: RosterEntity::Enrollment,
        file: "enrollments.csv",
        property: "file.enrollments",
        required: &["sourcedId", "classSourcedId", "userSourcedId", "role"],
    },
];

/// The only sheet of people alone.
pub const PEOPLE: SheetDef = SheetDef { entity: RosterEntity::User, file: "users.csv", property: "", required: &["email", "name"] };

/// An id, shortened: a million of them are held.
fn mark(key: &str) -> u128 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest(&SHA256, key.as_bytes()).as_ref()[..16]);
    u128::from_be_bytes(bytes)
}

/// What is known of a file as a whole.
#[derive(Default)]
pub struct Survey {
    /// Which sheets are read, and whether each is whole: what it lacks is missing.
    pub sheets: Vec<(&'static SheetDef, bool)>,
    pub rows: i32,
    /// Lines whose id has stood in their sheet before.
    pub duplicates: HashSet<(RosterEntity, i32)>,
    /// The ids that stand in each sheet, and in which line; in none where the line does not say that its thing is there.
    ids: HashMap<RosterEntity, HashMap<u128, Option<NonZeroI32>>>,
    /// Who teaches a class, by the first line that says so.
    pub teachers: HashMap<String, String>,
    /// The roles of people, where they have a sheet of their own.
    pub roles: Option<HashMap<String, Vec<String>>>,
    /// Where the manifest says first that a sheet holds changes alone.
    changes_at: Option<i32>,
}

/// Calls back for each line of a sheet; none where the file lacks the sheet.
fn each(
    source: &mut Source,
    file: &str,
    required: &[&str],
    mut then: impl FnMut(&Row<'_>) -> Result<(), Broken>,
) -> Result<Option<()>, Broken> {
    source.read(file, |bytes| {
        let mut sheet = Sheet::open(file, bytes, required)?;
        while let Some(row) = sheet.line()? {
            then(&row)?;
        }
        Ok(())
    })
}

impl Survey {
    /// Reads a file from its beginning to its end.
    ///
    /// # Errors
    /// Why it can't be imported.
    pub fn of(file: &File, format: ImportFormat) -> Result<Survey, Broken> {
        let mut source = Source::open(file, format)?;
        let mut survey = Survey::default();
        if format == ImportFormat::UsersCsv {
            survey.sheet(&mut source, &PEOPLE, true)?;
            return Ok(survey);
        }
        let mut manifest = HashMap::new();
        let found = each(&mut source, "manifest.csv", &["propertyName", "value"], |row| {
            let (property, value) = (row.get("propertyName"), row.get("value").to_ascii_lowercase());
            if SHEETS.iter().any(|def| def.property == property) {
                match value.as_str() {
                    "bulk" | "absent" => {}
                    "delta" => survey.changes_at = survey.changes_at.or(Some(row.line)),
                    _ => return Err(Broken::Manifest(row.line, property.to_owned(), row.get("value").to_owned())),
                }
            } else if property != "oneroster.version" {
                return Ok(()); // what nobody asks for is not held, however much there is
            }
            manifest.insert(property.to_owned(), value);
            Ok(())
        })?;
        found.ok_or_else(|| Broken::MissingFile("manifest.csv".to_owned()))?;
        let how = |property: &str| manifest.get(property).map_or("absent", String::as_str);
        let is_1_2 = manifest.get("oneroster.version").is_some_and(|version| version.starts_with("1.2"));
        if is_1_2 && how("file.users") != "absent" {
            survey.read_roles(&mut source)?;
        }
        for def in &SHEETS {
            match how(def.property) {
                "bulk" => survey.sheet(&mut source, def, true)?,
                "delta" => survey.sheet(&mut source, def, false)?,
                _ => {}
            }
        }
        Ok(survey)
    }

    fn read_roles(&mut self, source: &mut Source) -> Result<(), Broken> {
        let mut roles: HashMap<String, Vec<String>> = HashMap::new();
        let mut rows = 0;
        let found = each(source, "roles.csv", &["userSourcedId", "role"], |row| {
            rows += 1;
            if rows > ROWS {
                return Err(Broken::TooManyRows);
            }
            // What is said of a role in words that nobody knows gives none.
            if is_gone(row) == Ok(false) {
                roles.entry(row.get("userSourcedId").to_owned()).or_default().push(row.get("role").to_owned());
            }
            Ok(())
        })?;
        self.roles = Some(roles);
        found.ok_or_else(|| Broken::MissingFile("roles.csv".to_owned()))
    }

    fn sheet(&mut self, source: &mut Source, def: &'static SheetDef, is_whole: bool) -> Result<(), Broken> {
        let is_people = def.property.is_empty();
        let mut required = def.required.to_vec();
        if def.entity == RosterEntity::User && !is_people && self.roles.is_none() {
            required.push("role");
        }
        let mut known: HashMap<u128, Option<NonZeroI32>> = HashMap::new();
        let found = each(source, def.file, &required, |row| {
            self.rows += 1;
            if self.rows > ROWS {
                return Err(Broken::TooManyRows);
            }
            let is_there = is_people || is_gone(row) == Ok(false);
            let at = NonZeroI32::new(row.line).filter(|_| is_there);
            let id = row.get("sourcedId");
            let address = is_people.then(|| email_key(row.get("email"))).flatten().map(|key| address_key(&key));
            let key = if id.is_empty() { address.clone().unwrap_or_default() } else { id.to_owned() };
            if !key.is_empty() {
                match known.entry(mark(&key)) {
                    Entry::Occupied(_) => {
                        self.duplicates.insert((def.entity, row.line));
                        return Ok(());
                    }
                    Entry::Vacant(place) => place.insert(at),
                };
            }
            if let (false, Some(address)) = (id.is_empty(), address) {
                // Whoever came without an id before, and has one now, is no other person.
                known.entry(mark(&address)).or_insert(at);
            }
            if is_there
                && def.entity == RosterEntity::Enrollment
                && row.get("role").eq_ignore_ascii_case("teacher")
                && row.get("primary").eq_ignore_ascii_case("true")
            {
                self.teachers.entry(row.get("classSourcedId").to_owned()).or_insert_with(|| row.get("userSourcedId").to_owned());
            }
            Ok(())
        })?;
        found.ok_or_else(|| Broken::MissingFile(def.file.to_owned()))?;
        self.ids.insert(def.entity, known);
        self.sheets.push((def, is_whole));
        Ok(())
    }

    /// Whether what stands in no line of this sort is missing.
    pub fn is_whole(&self, entity: RosterEntity) -> bool {
        self.sheets.iter().any(|(def, is_whole)| def.entity == entity && *is_whole)
    }

    /// Whether an id stands in a line of this sort.
    pub fn has(&self, entity: RosterEntity, key: &str) -> bool {
        self.ids.get(&entity).is_some_and(|known| known.contains_key(&mark(key)))
    }

    /// The line that says that what has this id is there.
    pub fn line_of(&self, entity: RosterEntity, key: &str) -> Option<i32> {
        self.ids.get(&entity)?.get(&mark(key)).copied().flatten().map(NonZeroI32::get)
    }

    /// The line of the manifest after which nothing can be missing: no sheet of what could be removed is whole.
    pub fn nothing_is_missing_by(&self) -> Option<i32> {
        let can_lack = [RosterEntity::User, RosterEntity::Class, RosterEntity::Enrollment].iter().any(|entity| self.is_whole(*entity));
        self.changes_at.filter(|_| !can_lack)
    }
}
