//! A file as a whole, read once before anything is changed: whether it can be imported, how many lines it has, and what of later files
//! earlier ones must know.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    io::Read,
};

use aws_lc_rs::digest::{SHA256, digest};
use csv::{Reader, StringRecord};

use super::{
    archive::{Broken, Source},
    columns::{ImportFormat, RosterEntity},
    lines::{Columns, address_key},
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
pub fn mark(key: &str) -> u128 {
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
    /// The ids that stand in each sheet that is whole.
    pub seen: HashMap<RosterEntity, HashSet<u128>>,
    /// Who teaches a class.
    pub teachers: HashMap<String, String>,
    /// The roles of people, where they have a sheet of their own.
    pub roles: Option<HashMap<String, Vec<String>>>,
}

/// A reader of CSV over bytes.
pub fn reader(bytes: &mut dyn Read) -> Reader<&mut dyn Read> {
    csv::ReaderBuilder::new().flexible(true).from_reader(bytes)
}

/// Why CSV can't be read.
pub fn broken(file: &str, error: &csv::Error) -> Broken {
    match error.kind() {
        csv::ErrorKind::Utf8 { .. } => Broken::Encoding(file.to_owned()),
        _ => Broken::Archive,
    }
}

/// The line that a record begins with.
pub fn line_of(record: &StringRecord) -> i32 {
    record.position().and_then(|at| i32::try_from(at.line()).ok()).unwrap_or(0)
}

/// Calls back for each line of a sheet; none where the file lacks the sheet.
fn each(
    source: &mut Source,
    file: &str,
    required: &[&str],
    mut then: impl FnMut(&Columns, &StringRecord) -> Result<(), Broken>,
) -> Result<Option<()>, Broken> {
    source.read(file, |bytes| {
        let mut lines = reader(bytes);
        let header = lines.headers().map_err(|error| broken(file, &error))?.clone();
        let columns = Columns::read(file, &header, required)?;
        let mut record = StringRecord::new();
        while lines.read_record(&mut record).map_err(|error| broken(file, &error))? {
            then(&columns, &record)?;
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
        let found = each(&mut source, "manifest.csv", &["propertyName", "value"], |columns, record| {
            manifest.insert(columns.get(record, "propertyName").to_owned(), columns.get(record, "value").to_ascii_lowercase());
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
        let found = each(source, "roles.csv", &["userSourcedId", "role"], |columns, record| {
            rows += 1;
            if rows > ROWS {
                return Err(Broken::TooManyRows);
            }
            if !columns.get(record, "status").eq_ignore_ascii_case("tobedeleted") {
                roles.entry(columns.get(record, "userSourcedId").to_owned()).or_default().push(columns.get(record, "role").to_owned());
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
        let mut known: HashSet<u128> = HashSet::new();
        let found = each(source, def.file, &required, |columns, record| {
            self.rows += 1;
            if self.rows > ROWS {
                return Err(Broken::TooManyRows);
            }
            let id = columns.get(record, "sourcedId");
            let address = is_people.then(|| email_key(columns.get(record, "email"))).flatten().map(|key| address_key(&key));
            let key = if id.is_empty() { address.clone().unwrap_or_default() } else { id.to_owned() };
            if !key.is_empty() && !known.insert(mark(&key)) {
                self.duplicates.insert((def.entity, line_of(record)));
            } else if !id.is_empty() {
                // Whoever came without an id before, and has one now, is no other person.
                known.extend(address.map(|address| mark(&address)));
            }
            if def.entity == RosterEntity::Enrollment
                && columns.get(record, "role").eq_ignore_ascii_case("teacher")
                && columns.get(record, "primary").eq_ignore_ascii_case("true")
                && !columns.get(record, "status").eq_ignore_ascii_case("tobedeleted")
            {
                let teacher = columns.get(record, "userSourcedId").to_owned();
                self.teachers.entry(columns.get(record, "classSourcedId").to_owned()).or_insert(teacher);
            }
            Ok(())
        })?;
        found.ok_or_else(|| Broken::MissingFile(def.file.to_owned()))?;
        if is_whole {
            self.seen.insert(def.entity, known);
        }
        self.sheets.push((def, is_whole));
        Ok(())
    }
}
