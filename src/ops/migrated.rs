//! What `lectern migrate` says.

use std::fmt::Write as _;

use crate::db::migrate::Report;

/// A report in lines.
pub fn migrated(report: &Report) -> String {
    let mut lines = format!("{} of {} migrations were new; functions and policies are applied.\n", report.applied, report.total);
    for thing in &report.dropped {
        let _ = writeln!(lines, "Dropped, because no file makes it any more: the {thing}.");
    }
    for (file, rows) in &report.rows {
        let _ = writeln!(lines, "{file} changed {rows} {}.", if *rows == 1 { "row" } else { "rows" });
    }
    lines
}
