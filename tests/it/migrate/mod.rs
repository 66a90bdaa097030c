//! What `lectern migrate` does to a database that is in use: only what changed is applied, whole or not at all, what left the
//! files goes, and rows of schools are changed in batches.

mod clashes;
mod files;
mod leaning;
mod lint;
mod load;
mod locks;
mod rights;
mod rows;
mod upgrade;

use lectern::ops::sources;
use lectern_kernel::db::migrate::{Options, Part, Report, Script, Source, migrate};

use crate::app::TestApp;

/// The files of this binary, with some texts replaced: `(file, from, to)`.
fn edited(edits: &[(&str, &str, &str)]) -> Source {
    let mut source = sources::embedded().unwrap().clone();
    for (file, from, to) in edits {
        let script = source.scripts.iter_mut().find(|script| script.file == *file).unwrap_or_else(|| panic!("there is no {file}"));
        assert!(script.sql.contains(from), "{file} says no {from}");
        script.sql = script.sql.replace(from, to);
    }
    source
}

/// The files of this binary and one more of functions, after the others.
fn with_functions(sql: &str) -> Source {
    let mut source = sources::embedded().unwrap().clone();
    let policies = source.scripts.iter().position(|script| script.part == Part::Policies).unwrap();
    source.scripts.insert(policies, Script::new(Part::Functions, "sql/functions/extra.sql", sql));
    source
}

/// As the operator's role does it.
async fn apply(app: &TestApp, source: &Source) -> anyhow::Result<Report> {
    apply_with(app, source, Options::default()).await
}

async fn apply_with(app: &TestApp, source: &Source, options: Options<'_>) -> anyhow::Result<Report> {
    // The copies of a template belong to whoever made them.
    app.sql(&format!(r#"ALTER DATABASE "{}" OWNER TO lectern_owner"#, app.database.name)).await;
    migrate(&app.database.url("lectern_owner"), source, options).await
}

/// What stood in the way.
async fn refused(app: &TestApp, source: &Source) -> String {
    format!("{:#}", apply(app, source).await.unwrap_err())
}

async fn fingerprint(app: &TestApp) -> String {
    app.text("SELECT app.schema_fingerprint()").await.unwrap()
}
