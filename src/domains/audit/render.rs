//! From a row as the database recorded it to what a client sees of it: names in camelCase, ids as TypeIDs, times in UTC.

use jiff::Timestamp;
use lectern_kernel::{ids, resolve::registry::Registry};
use serde_json::{Map, Value};
use uuid::Uuid;

/// What stands in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// An id, with its prefix.
    Id(&'static str),
    /// An id whose kind no domain declares: never shown.
    UnknownId,
    /// A point in time.
    Time,
    /// Anything else.
    Plain,
}

/// The prefix of a resource's ids: `course` for Course.
fn prefix_of(registry: &Registry, resource: &str) -> Option<&'static str> {
    registry.kind(resource).map(|kind| kind.prefix)
}

/// Ids that others have given out, a provider or an authority: shown as they are.
const FOREIGN: [(&str, &str); 6] = [
    ("SignInProvider", "client_id"),
    ("Payment", "provider_id"),
    ("Payment", "intent_id"),
    ("Refund", "provider_id"),
    ("Order", "billing_tax_id"),
    ("PaymentSettings", "seller_tax_id"),
];

/// What stands in a column of a resource's row.
pub fn cell_of(registry: &Registry, resource: &str, column: &str) -> Cell {
    if column == "id" {
        return prefix_of(registry, resource).map_or(Cell::UnknownId, Cell::Id);
    }
    if FOREIGN.contains(&(resource, column)) {
        return Cell::Plain;
    }
    if let Some(prefix) = registry.reference(resource, column) {
        return Cell::Id(prefix);
    }
    if column.ends_with("_id") {
        return Cell::UnknownId;
    }
    let is_time = matches!(
        (resource, column),
        (_, "subscription_start" | "subscription_end" | "exchanges_until") | ("Product" | "Ticket", "valid_from" | "valid_until")
    );
    if is_time || column.ends_with("_at") {
        return Cell::Time;
    }
    Cell::Plain
}

/// A recorded row of a resource as clients see it.
pub(super) fn row(registry: &Registry, resource: &str, row: Value) -> Value {
    let Value::Object(mut columns) = row else { return Value::Null };
    let part =
        registry.parts().find(|(of, column, _)| *of == resource && columns.contains_key(*column)).filter(|_| !columns.contains_key("id"));
    let Some((_, _, name)) = part else { return Value::Object(cells(registry, resource, columns)) };
    // The entry's own resourceId says whose part it is.
    columns.remove(&format!("{}_id", prefix_of(registry, resource).unwrap_or_default()));
    Value::Object(Map::from_iter([((*name).to_owned(), Value::Object(cells(registry, resource, columns)))]))
}

fn cells(registry: &Registry, resource: &str, columns: Map<String, Value>) -> Map<String, Value> {
    columns.into_iter().map(|(column, value)| (camel_case(&column), cell(cell_of(registry, resource, &column), value))).collect()
}

fn cell(cell: Cell, value: Value) -> Value {
    let Value::String(text) = &value else { return value };
    match cell {
        Cell::Plain => value,
        Cell::Id(prefix) => Uuid::parse_str(text).map_or(Value::Null, |uuid| Value::String(ids::encode(prefix, uuid))),
        Cell::UnknownId => Value::Null,
        // The database writes the offset of its own zone.
        Cell::Time => text.parse::<Timestamp>().map_or(Value::Null, |at| Value::String(at.to_string())),
    }
}

fn camel_case(column: &str) -> String {
    let mut name = String::with_capacity(column.len());
    let mut words = column.split('_');
    name.push_str(words.next().unwrap_or_default());
    for word in words {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
    }
    name
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domains::registry;

    const ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";
    const SUFFIX: &str = "01h455vb4pex5vsknk084sn02q";

    fn row(resource: &str, recorded: Value) -> Value {
        super::row(registry(), resource, recorded)
    }

    #[test]
    fn names_are_camel_case_ids_are_typeids_times_are_in_utc() {
        let recorded = json!({
            "id": ID, "title": "Algebra", "instructor_id": ID, "capacity": null, "tags": ["maths", ID], "has_enrollment_key": true,
            "created_at": "2026-11-20T10:30:00.000001+01:00", "deleted_at": null
        });
        assert_eq!(
            row("Course", recorded),
            json!({
                "id": format!("course_{SUFFIX}"), "title": "Algebra", "instructorId": format!("user_{SUFFIX}"), "capacity": null,
                "tags": ["maths", ID], "hasEnrollmentKey": true, "createdAt": "2026-11-20T09:30:00.000001Z", "deletedAt": null
            })
        );
    }

    #[test]
    fn a_row_that_joins_two_things_is_shown_as_a_part_of_the_first() {
        assert_eq!(
            row("Group", json!({ "group_id": ID, "user_id": ID, "is_leader": false })),
            json!({ "member": { "userId": format!("user_{SUFFIX}"), "isLeader": false } })
        );
        assert_eq!(
            row("Group", json!({ "group_id": ID, "course_id": ID, "added_at": "2026-11-20T10:30:00+00:00" })),
            json!({ "course": { "courseId": format!("course_{SUFFIX}"), "addedAt": "2026-11-20T10:30:00Z" } })
        );
        assert_eq!(row("User", json!({ "user_id": ID, "role_id": ID })), json!({ "role": { "roleId": format!("role_{SUFFIX}") } }));
        // A sign-in belongs to a person and acts in a role, and has an id of its own.
        assert_eq!(
            row("Session", json!({ "id": ID, "user_id": ID, "active_role_id": null })),
            json!({ "id": format!("session_{SUFFIX}"), "userId": format!("user_{SUFFIX}"), "activeRoleId": null })
        );
    }

    #[test]
    fn an_id_that_nobody_named_is_not_shown() {
        assert_eq!(row("Course", json!({ "id": ID, "planet_id": ID }))["planetId"], Value::Null);
        assert_eq!(row("Planet", json!({ "id": ID }))["id"], Value::Null);
    }

    #[test]
    fn text_is_shown_as_it_was_written_even_where_it_looks_like_an_id() {
        assert_eq!(row("Booking", json!({ "id": ID, "notes": ID }))["notes"], ID);
    }
}
