//! What was wrong with a line.

use async_graphql::InputObject;
use lectern_kernel::{
    db::{List, Order, SortKey},
    ids::Id,
};
use lectern_macros::object;

use super::columns::IssueSeverity;

/// As the lines stand in the files.
pub const IN_ORDER: Order = Order { key: SortKey::whole("PLACE", "ii.place"), id: "ii.id", descending: false };

/// Something that was wrong, or is worth knowing, about a line of an imported file.
#[object(table = "import_issue", alias = "ii", id = "importissue")]
#[derive(Clone, Debug)]
pub struct ImportIssue {
    #[hidden]
    pub id: Id<ImportIssue>,
    /// The file: `users.csv`.
    pub file: String,
    /// The line; that with the names of the columns is 1, and so is what is told of the file as a whole, or of what it lacks.
    pub line: i32,
    /// The column; null where it is about the line as a whole.
    #[column("{}.column_name")]
    pub column: Option<String>,
    /// How much it matters.
    pub severity: IssueSeverity,
    /// What it is: EMAIL_MISSING, EMAIL_TAKEN, BAD_VALUE, UNKNOWN_REFERENCE, DUPLICATE_SOURCED_ID, ROLE_TOO_HIGH, LIMIT_REACHED, COURSE_FULL,
    /// COURSE_NOT_PUBLISHED, MISSING_PERMISSION, OWN_ACCOUNT, LAST_ADMIN; of warnings LINKED_BY_EMAIL, ROLE_NOT_SUPPORTED, REMOVALS_NOT_POSSIBLE; of
    /// files that can't be read MISSING_FILE, MISSING_COLUMN, BAD_ENCODING.
    pub reason: String,
    /// A sentence for people.
    pub message: String,
    /// The id of the line in the system that it comes from; null where it has none.
    pub sourced_id: Option<String>,
}

/// Which issues.
#[derive(InputObject, Default, Clone)]
pub struct ImportIssueFilter {
    /// That matter so much.
    pub severity: Option<IssueSeverity>,
}

impl ImportIssueFilter {
    /// Narrows a list.
    pub fn narrow(&self, list: &mut List) {
        if let Some(severity) = self.severity {
            let severity = list.bind(severity);
            list.filter(format!("ii.severity = {severity}"));
        }
    }
}
