//! Every school in a table for the terminal.

use jiff::{Timestamp, tz::TimeZone};
use sqlx::{FromRow, PgConnection};

const HEAD: [&str; 8] = ["SLUG", "NAME", "TIME ZONE", "STARTS", "ENDS", "USERS", "INSTRUCTORS", "STATE"];

/// A school as the table has it.
#[derive(FromRow)]
struct Row {
    slug: String,
    name: String,
    time_zone: String,
    starts: i64,
    ends: Option<i64>,
    users: i64,
    max_users: Option<i32>,
    instructors: i64,
    max_instructors: Option<i32>,
    state: String,
}

/// The table, or a line that says that there is nothing to show.
pub(super) async fn list(connection: &mut PgConnection) -> anyhow::Result<String> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT t.slug, t.name, t.time_zone, extract(epoch FROM t.subscription_start)::bigint AS starts, extract(epoch FROM t.subscription_end)::bigint AS ends, \
                (SELECT count(*) FROM app_user u WHERE u.tenant_id = t.tenant_id AND u.deleted_at IS NULL) AS users, t.max_users, \
                (SELECT count(*) FROM app_user u WHERE u.tenant_id = t.tenant_id AND u.is_instructor) AS instructors, t.max_instructors, \
                CASE WHEN t.suspended_at IS NOT NULL THEN 'suspended' WHEN t.subscription_start > now() THEN 'not begun' \
                     WHEN t.subscription_end <= now() THEN 'lapsed' ELSE 'active' END AS state \
         FROM tenant t ORDER BY t.slug",
    )
    .fetch_all(connection)
    .await?;
    if rows.is_empty() {
        return Ok("There is no school yet: `lectern tenant create` founds one.\n".to_owned());
    }
    Ok(table(rows.into_iter().map(Row::cells)))
}

impl Row {
    fn cells(self) -> [String; 8] {
        // By the school's own clock; a zone that this binary no longer knows is not a reason to show nothing.
        let zone = TimeZone::get(&self.time_zone).unwrap_or(TimeZone::UTC);
        let date = |second| {
            Timestamp::from_second(second).map_or_else(|_| "?".to_owned(), |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d").to_string())
        };
        let of = |used: i64, cap: Option<i32>| cap.map_or_else(|| used.to_string(), |cap| format!("{used}/{cap}"));
        [
            self.slug,
            self.name,
            self.time_zone,
            date(self.starts),
            self.ends.map_or_else(|| "never".to_owned(), date),
            of(self.users, self.max_users),
            of(self.instructors, self.max_instructors),
            self.state,
        ]
    }
}

/// Columns as wide as their widest cell, two blanks apart.
fn table(rows: impl Iterator<Item = [String; 8]>) -> String {
    let rows: Vec<[String; 8]> = std::iter::once(HEAD.map(str::to_owned)).chain(rows).collect();
    let widths: [usize; 8] = std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let mut text = String::new();
    for row in &rows {
        let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        text.push_str(cells.join("  ").trim_end());
        text.push('\n');
    }
    text
}
