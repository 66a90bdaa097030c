//! Who may touch what: exactly what stands in `docs/privileges.md`, which people have read, and never what would let the
//! service read a secret, rewrite history or move a row to another school.

use std::{collections::BTreeSet, sync::LazyLock};

use sqlx::PgConnection;

use super::isolation::OF_NO_SCHOOL;
use crate::ops::{privileges, report::Check};

/// The list that people have read.
const PAGE: &str = include_str!("../../../docs/privileges.md");

static EXPECTED: LazyLock<BTreeSet<String>> = LazyLock::new(|| expected_of(PAGE));

/// The lines of the page's tables: `| course | lectern_app | SELECT | id, title |`.
fn expected_of(page: &str) -> BTreeSet<String> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| ")?.strip_suffix('|'));
    rows.filter(|row| !row.starts_with("subject ") && !row.starts_with("---")).map(|row| line(row.split('|').map(str::trim))).collect()
}

fn line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    cells.collect::<Vec<_>>().join(" | ")
}

/// The page itself, as it should read for this database.
pub async fn page(connection: &mut PgConnection) -> sqlx::Result<String> {
    let mut page = String::from(INTRODUCTION);
    for entry in privileges::list(connection).await? {
        let cells: Vec<&str> = entry.split(" | ").collect();
        page.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    Ok(page)
}

const INTRODUCTION: &str = "# Which database role may touch what

Read out of a freshly migrated database; `lectern audit` holds every database against this list. Owners' own rights are left out:
`lectern_owner` owns the tables and sees no row of them, `lectern_definer` owns the SECURITY DEFINER functions. The last column names
the columns where a right does not cover the whole table. Row security narrows all of it.

Write it anew with `UPDATE_SNAPSHOTS=1 cargo test --test it -- proof::`, and read the difference: each new line widens what a role may do.

| subject | role | may | columns |
| --- | --- | --- | --- |
";

/// What no database may grant, whatever the list says.
fn is_never(entry: &str) -> Option<&'static str> {
    let cells: Vec<&str> = entry.split(" | ").collect();
    let [table, role, verb, columns] = cells[..] else { return Some("can't be read") };
    let covers = |column: &str| columns.is_empty() || columns.split(", ").any(|name| name == column);
    let is_function = table.contains('(');
    if verb.contains("GRANT OPTION") {
        return Some("may be passed on");
    }
    if role == "PUBLIC" {
        return Some("is open to every role");
    }
    if !matches!(role, "lectern_app" | "lectern_definer" | "lectern_platform" | "lectern_desk") {
        return Some("belongs to a role that Lectern does not know");
    }
    if !is_function && !matches!(verb, "SELECT" | "INSERT" | "UPDATE" | "DELETE") {
        return Some("reaches past row security");
    }
    match (table, role, verb) {
        // What was recorded of people who are deleted, as the policy says.
        ("audit_entry", "lectern_definer", "UPDATE") if columns == "after, before" => None,
        // Of a school that is being erased, as the policy says.
        ("audit_entry", "lectern_desk", "DELETE") => None,
        ("audit_entry", _, "UPDATE" | "DELETE") => Some("could rewrite history"),
        ("audit_entry", "lectern_app", "INSERT") => Some("could invent history"),
        (
            "account_request"
            | "api_key_secret"
            | "credential"
            | "mailed_token"
            | "password_change_credential"
            | "provider_account"
            | "provider_sign_in"
            | "recovery_code"
            | "refresh_token"
            | "second_factor"
            | "sign_in_code"
            | "sign_up_credential",
            "lectern_app",
            _,
        ) => Some("would reach secrets"),
        (_, "lectern_desk", "INSERT" | "UPDATE") => Some("could change rows without a function"),
        (table, "lectern_app", _) if OF_NO_SCHOOL.contains(&table) => Some("would reach the platform"),
        ("credential" | "refresh_token" | "mailed_token" | "sign_up_credential", "lectern_desk", "SELECT")
            if covers("password_hash") || covers("token_hash") =>
        {
            Some("would reach secrets")
        }
        ("sign_in_provider", "lectern_app" | "lectern_desk", "SELECT") if covers("client_secret") => Some("would reach a secret"),
        ("assistant_provider", "lectern_app" | "lectern_desk", "SELECT") if covers("key") => Some("would reach a secret"),
        ("provider_sign_in", "lectern_desk", "SELECT") if covers("state_hash") || covers("secrets") => Some("would reach secrets"),
        ("course", "lectern_app", "SELECT") if covers("enrollment_key") => Some("would reach a secret"),
        ("tenant", "lectern_app", verb) if verb != "SELECT" => Some("could change a school's plan"),
        (_, "lectern_app" | "lectern_definer", "UPDATE") if !is_function && columns.is_empty() && table != "credential" => {
            Some("covers every column")
        }
        (_, "lectern_app", "UPDATE") if covers("tenant_id") || covers("id") => Some("could move a row to another school"),
        _ => None,
    }
}

/// The grants on some subjects: those on one table, or all that are on no tenant table.
pub(super) struct Grants {
    actual: BTreeSet<String>,
}

impl Grants {
    pub(super) async fn read(connection: &mut PgConnection) -> sqlx::Result<Grants> {
        Ok(Grants { actual: privileges::list(connection).await? })
    }

    /// One table's.
    pub(super) fn of_table(&self, table: &str) -> Check {
        self.of(table, |subject| subject == table)
    }

    /// Functions, and whatever else is no tenant table.
    pub(super) fn of_the_rest(&self, tables: &[String]) -> Check {
        self.of("functions and the rest", |subject| !tables.iter().any(|table| table == subject))
    }

    fn of(&self, name: &str, which: impl Fn(&str) -> bool) -> Check {
        let of = |lines: &BTreeSet<String>| -> BTreeSet<String> {
            lines.iter().filter(|entry| which(privileges::subject(entry))).cloned().collect()
        };
        let (expected, actual) = (of(&EXPECTED), of(&self.actual));
        let mut faults: Vec<String> =
            actual.difference(&expected).map(|entry| format!("beyond the list: {}", entry.trim_end_matches(" | "))).collect();
        faults.extend(expected.difference(&actual).map(|entry| format!("missing: {}", entry.trim_end_matches(" | "))));
        faults.extend(actual.iter().filter_map(|entry| is_never(entry).map(|why| format!("{} {why}", entry.trim_end_matches(" | ")))));
        Check::faultless("grants", name, &faults, format!("{} grants, exactly those of docs/privileges.md", actual.len()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_grants_are_wrong_whatever_the_list_says() {
        for entry in [
            "course | lectern_app | SELECT | ",
            "course | lectern_app | SELECT | enrollment_key, id",
            "course | lectern_app | UPDATE | ",
            "course | lectern_app | UPDATE | tenant_id",
            "course | lectern_app | TRUNCATE | ",
            "course | PUBLIC | SELECT | ",
            "course | reporting | SELECT | ",
            "course | lectern_platform | SELECT WITH GRANT OPTION | ",
            "credential | lectern_app | SELECT | user_id",
            "audit_entry | lectern_platform | DELETE | ",
            "audit_entry | lectern_desk | UPDATE | after",
            "course | lectern_desk | INSERT | ",
            "credential | lectern_desk | SELECT | ",
            "platform_admin | lectern_app | SELECT | id",
            "audit_entry | lectern_platform | UPDATE | after, before",
            "audit_entry | lectern_definer | UPDATE | after, before, operation",
            "audit_entry | lectern_definer | UPDATE | ",
        ] {
            assert!(is_never(entry).is_some(), "{entry}");
        }
        for entry in [
            "course | lectern_app | SELECT | id, title",
            "audit_entry | lectern_definer | INSERT | ",
            "app.can(text) | lectern_app | EXECUTE | ",
        ] {
            assert_eq!(is_never(entry), None, "{entry}");
        }
    }

    #[test]
    fn the_list_itself_grants_nothing_of_that_kind() {
        let wrong: Vec<&String> = EXPECTED.iter().filter(|entry| is_never(entry).is_some()).collect();
        assert!(wrong.is_empty(), "{wrong:?}");
    }
}
