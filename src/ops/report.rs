//! What the commands that prove something answer: one line a check, and how many of them failed.

use std::fmt::Write as _;

use serde::Serialize;

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What kind of thing: `wall`, `isolation`, `permission`.
    pub group: &'static str,
    /// Which one: a table, a field, a role.
    pub subject: String,
    /// Whether it is as it should be.
    pub passed: bool,
    /// What was found, in one line.
    pub detail: String,
}

impl Check {
    /// It is as it should be.
    pub fn pass(group: &'static str, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Check { group, subject: subject.into(), passed: true, detail: detail.into() }
    }

    /// It is not.
    pub fn fail(group: &'static str, subject: impl Into<String>, detail: impl Into<String>) -> Self {
        Check { passed: false, ..Check::pass(group, subject, detail) }
    }

    /// It is as it should be where there are no faults; `fine` is the detail then.
    pub fn faultless(group: &'static str, subject: impl Into<String>, faults: &[String], fine: impl Into<String>) -> Self {
        if faults.is_empty() { Check::pass(group, subject, fine) } else { Check::fail(group, subject, faults.join("; ")) }
    }
}

/// All that was looked at.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// In the order in which it was.
    pub checks: Vec<Check>,
}

impl Report {
    /// How many checks failed.
    pub fn failed(&self) -> usize {
        self.checks.iter().filter(|check| !check.passed).count()
    }

    /// For people: aligned columns, and a last line that counts.
    pub fn table(&self) -> String {
        let width = |of: fn(&Check) -> &str| self.checks.iter().map(|check| of(check).chars().count()).max().unwrap_or(0);
        let (group, subject) = (width(|check| check.group), width(|check| &check.subject));
        let mut table = String::new();
        for check in &self.checks {
            let verdict = if check.passed { "PASS" } else { "FAIL" };
            let detail = check.detail.replace('\n', " ");
            let _ = writeln!(table, "{verdict}  {:group$}  {:subject$}  {detail}", check.group, check.subject);
        }
        let _ = writeln!(table, "{} passed, {} failed", self.checks.len() - self.failed(), self.failed());
        table
    }

    /// For programs.
    pub fn json(&self) -> String {
        let failed = self.failed();
        serde_json::json!({ "passed": self.checks.len() - failed, "failed": failed, "checks": self.checks }).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_counts_and_aligns() {
        let report =
            Report { checks: vec![Check::pass("wall", "course", "stands"), Check::fail("isolation", "user_group", "seen\nby all")] };
        assert_eq!(report.table(), "PASS  wall       course      stands\nFAIL  isolation  user_group  seen by all\n1 passed, 1 failed\n");
        let json: serde_json::Value = serde_json::from_str(&report.json()).unwrap();
        assert_eq!((&json["failed"], &json["checks"][1]["passed"]), (&1.into(), &false.into()));
    }
}
