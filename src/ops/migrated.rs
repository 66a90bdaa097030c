//! What `lectern migrate` says.

use std::fmt::Write as _;

use lectern_kernel::db::migrate::Report;

/// A report in lines.
pub fn migrated(report: &Report) -> String {
    let mut lines = format!("{} of {} migrations were new; functions and policies are applied.\n", report.applied, report.total);
    for thing in &report.dropped {
        let _ = writeln!(lines, "Dropped, because no file makes it any more: the {thing}.");
    }
    for (file, rows) in &report.rows {
        let _ = writeln!(lines, "{file} changed {rows} {}.", if *rows == 1 { "row" } else { "rows" });
    }
    for note in &report.notes {
        let _ = writeln!(lines, "{note}");
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_dropped_and_how_many_rows_changed_is_said() {
        let report = Report {
            applied: 1,
            total: 9,
            dropped: vec!["function app.old()".into()],
            rows: vec![("sql/data/0001_fill_rooms.sql".into(), 12), ("sql/upkeep/01_system_roles.sql".into(), 1)],
            notes: vec!["Something to know.".into()],
            ..Report::default()
        };
        assert_eq!(
            migrated(&report),
            "1 of 9 migrations were new; functions and policies are applied.\n\
             Dropped, because no file makes it any more: the function app.old().\n\
             sql/data/0001_fill_rooms.sql changed 12 rows.\n\
             sql/upkeep/01_system_roles.sql changed 1 row.\n\
             Something to know.\n"
        );
    }
}
