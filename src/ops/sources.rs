//! The SQL that this binary brings along: roles, migrations, functions, policies, grants.

use std::sync::LazyLock;

use anyhow::Context as _;
use lectern_kernel::db::migrate::Source;
use rust_embed::Embed;

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/sql"]
struct Sql;

#[derive(Embed)]
#[folder = "$CARGO_MANIFEST_DIR/policies"]
struct Policies;

/// What is embedded.
///
/// # Errors
/// When a file is not named or encoded as it should be.
pub fn embedded() -> anyhow::Result<&'static Source> {
    static SOURCE: LazyLock<Result<Source, String>> = LazyLock::new(|| read().map_err(|error| format!("{error:#}")));
    SOURCE.as_ref().map_err(|error| anyhow::anyhow!("{error}"))
}

fn read() -> anyhow::Result<Source> {
    let text = |file: &str, data: Option<rust_embed::EmbeddedFile>| -> anyhow::Result<String> {
        let data = data.with_context(|| format!("{file} is not embedded"))?;
        String::from_utf8(data.data.into_owned()).with_context(|| format!("{file} is not UTF-8"))
    };
    let (mut migrations, mut functions) = (Vec::new(), Vec::new());
    let mut files: Vec<String> = Sql::iter().map(|file| file.into_owned()).collect();
    files.sort();
    for file in files {
        if let Some(name) = file.strip_prefix("migrations/").and_then(|name| name.strip_suffix(".sql")) {
            let (version, description) = name.split_once('_').with_context(|| format!("{file}: expected NNNN_verb_noun.sql"))?;
            migrations.push((
                version.parse().with_context(|| format!("{file}: expected a number first"))?,
                description.replace('_', " "),
                text(&file, Sql::get(&file))?,
            ));
        } else if file.starts_with("functions/") {
            functions.push((format!("sql/{file}"), text(&file, Sql::get(&file))?));
        }
    }
    let mut repeatable = vec![("sql/functions.sql".to_owned(), text("functions.sql", Sql::get("functions.sql"))?)];
    repeatable.append(&mut functions);
    let mut policies: Vec<String> = Policies::iter().map(|file| file.into_owned()).collect();
    policies.sort();
    for file in policies.into_iter().filter(|file| file.ends_with(".sql")) {
        repeatable.push((format!("policies/{file}"), text(&file, Policies::get(&file))?));
    }
    repeatable.push(("sql/grants.sql".to_owned(), text("grants.sql", Sql::get("grants.sql"))?));
    Ok(Source::new(text("roles.sql", Sql::get("roles.sql"))?, migrations, repeatable))
}
