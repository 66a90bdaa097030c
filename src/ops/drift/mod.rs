//! `lectern drift`: what of the live database is not as migrations and policies make it. A scratch database is migrated
//! beside it (or, where the owner's role may create none, on a scratch server), and the two catalogs are compared.

mod catalog;
mod scratch;

use std::fmt::Write as _;

use anyhow::Context as _;
use lectern_kernel::db::operator;
use serde::Serialize;
use sqlx::Connection as _;

use self::{catalog::Catalog, scratch::Scratch};
use crate::config::Settings;

/// How the live database differs in one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Difference {
    /// Migrations and policies make it; the live database lacks it.
    Missing,
    /// The live database has it; nothing in this binary makes it.
    Extra,
    /// Both have it, but not alike.
    Changed,
}

impl Difference {
    fn word(self) -> &'static str {
        match self {
            Difference::Missing => "missing",
            Difference::Extra => "extra",
            Difference::Changed => "changed",
        }
    }
}

/// One thing that drifted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How.
    pub difference: Difference,
    /// `policy`, `function`, `index` …
    pub kind: String,
    /// Its name.
    pub name: String,
    /// What migrations and policies make it.
    pub expected: Option<String>,
    /// What it is.
    pub actual: Option<String>,
}

impl Finding {
    /// In one line: for a change, from where on the two differ.
    fn detail(&self) -> String {
        let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        match (&self.expected, &self.actual) {
            (Some(expected), Some(actual)) => {
                let (expected, actual) = (one_line(expected), one_line(actual));
                let same = expected.chars().zip(actual.chars()).take_while(|(left, right)| left == right).count();
                // From the beginning of the word in which they differ.
                let from = expected.chars().take(same).collect::<Vec<_>>().iter().rposition(|letter| *letter == ' ').map_or(0, |at| at + 1);
                let excerpt = |text: &str| text.chars().skip(from).take(100).collect::<String>();
                format!("expected «{}», found «{}»", excerpt(&expected), excerpt(&actual))
            }
            (Some(only), None) | (None, Some(only)) => one_line(only).chars().take(160).collect(),
            (None, None) => String::new(),
        }
    }
}

/// What drifted, and how much was compared.
#[derive(Debug, Clone)]
pub struct Drift {
    /// In the order of kinds and names.
    pub findings: Vec<Finding>,
    /// How many things the two databases have in common or not.
    pub compared: usize,
}

impl Drift {
    fn between(expected: &Catalog, live: &Catalog) -> Drift {
        let mut findings = Vec::new();
        let mut compared = live.len();
        for ((kind, name), definition) in expected {
            let actual = live.get(&(kind.clone(), name.clone()));
            if actual.is_none() {
                compared += 1;
            }
            let difference = match actual {
                None => Difference::Missing,
                Some(actual) if actual != definition => Difference::Changed,
                Some(_) => continue,
            };
            findings.push(Finding {
                difference,
                kind: kind.clone(),
                name: name.clone(),
                expected: Some(definition.clone()),
                actual: actual.cloned(),
            });
        }
        for ((kind, name), definition) in live {
            // An extension more (statistics, say) is the operator's choice.
            if kind != "extension" && !expected.contains_key(&(kind.clone(), name.clone())) {
                findings.push(Finding {
                    difference: Difference::Extra,
                    kind: kind.clone(),
                    name: name.clone(),
                    expected: None,
                    actual: Some(definition.clone()),
                });
            }
        }
        findings.sort_by(|left, right| (&left.kind, &left.name).cmp(&(&right.kind, &right.name)));
        Drift { findings, compared }
    }

    /// For people: aligned columns, and a last line that counts.
    pub fn table(&self) -> String {
        let width = |of: fn(&Finding) -> &str| self.findings.iter().map(|finding| of(finding).chars().count()).max().unwrap_or(0);
        let (kind, name) = (width(|finding| &finding.kind), width(|finding| &finding.name));
        let mut table = String::new();
        for finding in &self.findings {
            let word = finding.difference.word();
            let _ = writeln!(table, "{word:7}  {:kind$}  {:name$}  {}", finding.kind, finding.name, finding.detail());
        }
        let count = |wanted: Difference| self.findings.iter().filter(|finding| finding.difference == wanted).count();
        let _ = writeln!(
            table,
            "{} compared: {} missing, {} extra, {} changed",
            self.compared,
            count(Difference::Missing),
            count(Difference::Extra),
            count(Difference::Changed)
        );
        table
    }

    /// For programs.
    pub fn json(&self) -> String {
        serde_json::json!({ "compared": self.compared, "findings": self.findings }).to_string()
    }
}

/// Compares the database behind `live_url` with what this binary would make, on a scratch database of the same server
/// where the role may create one. Stopped half way by `stop`, it still removes that.
pub async fn drift(settings: &Settings, live_url: &str, stop: impl Future<Output = ()>) -> anyhow::Result<Drift> {
    let scratch = Scratch::make(settings, live_url).await?;
    let compared = tokio::select! {
        compared = compare(&scratch, live_url) => compared,
        () = stop => Err(anyhow::anyhow!("stopped; the scratch database is removed")),
    };
    let removed = scratch.remove().await;
    let compared = compared?;
    removed?;
    Ok(compared)
}

async fn compare(scratch: &Scratch, live_url: &str) -> anyhow::Result<Drift> {
    let expected = read(&scratch.url, false).await.context("the scratch database can't be read")?;
    let live = read(live_url, true).await.context("the live database can't be read")?;
    // What one of the two roles may not read is not compared.
    let kinds = |catalog: &Catalog, kind: &str| catalog.keys().any(|(found, _)| found == kind);
    let comparable = |catalog: Catalog, other: &Catalog| -> Catalog {
        catalog
            .into_iter()
            .filter(|((kind, _), _)| !matches!(kind.as_str(), "migration" | "applied file" | "row") || kinds(other, kind))
            .collect()
    };
    let (expected, live) = (comparable(expected.clone(), &live), comparable(live, &expected));
    Ok(Drift::between(&expected, &live))
}

async fn read(url: &str, is_live: bool) -> anyhow::Result<Catalog> {
    let setting = if is_live { "LECTERN_OWNER_URL" } else { "the scratch database's URL" };
    let mut connection = operator::connect(url, setting).await?;
    let mut found = catalog::read(&mut connection).await?;
    connection.close().await?;
    // Roles belong to the whole server: a scratch database beside the live one has the very same, changed or not.
    if !is_live {
        found.retain(|(kind, _), _| kind != "role");
        found.extend(ROLES.iter().map(|(name, definition)| (("role".to_owned(), (*name).to_owned()), (*definition).to_owned())));
    }
    Ok(found)
}

/// What sql/roles.sql makes.
const ROLES: [(&str, &str); 6] = [
    ("lectern_app", "login"),
    ("lectern_definer", "no login"),
    ("lectern_desk", "login"),
    ("lectern_owner", "login, member of lectern_definer, lectern_upkeep"),
    ("lectern_platform", "login"),
    ("lectern_upkeep", "no login, inherits nothing, member of lectern_platform"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(things: &[(&str, &str, &str)]) -> Catalog {
        things.iter().map(|(kind, name, definition)| (((*kind).to_owned(), (*name).to_owned()), (*definition).to_owned())).collect()
    }

    #[test]
    fn what_is_missing_extra_or_changed_is_found_and_shown_where_it_parts() {
        let expected = catalog(&[("index", "a", "btree"), ("policy", "wall", "restrictive for * to app"), ("extension", "btree_gist", "")]);
        let live = catalog(&[
            ("policy", "wall", "restrictive for r to app"),
            ("trigger", "t", "new"),
            ("extension", "btree_gist", ""),
            ("extension", "statistics", ""),
        ]);
        let drift = Drift::between(&expected, &live);
        assert_eq!(
            drift.table(),
            "missing  index    a     btree\n\
             changed  policy   wall  expected «* to app», found «r to app»\n\
             extra    trigger  t     new\n\
             5 compared: 1 missing, 1 extra, 1 changed\n"
        );
        assert!(Drift::between(&expected, &expected).findings.is_empty());
    }
}
