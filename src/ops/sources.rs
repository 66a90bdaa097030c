//! The SQL of this binary, embedded: what `sql/` and `policies/` hold, what the declarations of permissions,
//! kinds of jobs and kinds of notifications make, and the rows
//! of schools that are there to be attacked.

use std::sync::LazyLock;

use super::addresses;
use anyhow::Context as _;
use lectern_kernel::{
    db::migrate::{Part, Script, Source},
    jobs, permission,
};
use rust_embed::{Embed, EmbeddedFile};

use crate::domains;

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
    let mut files: Vec<String> = Sql::iter().map(|file| file.into_owned()).collect();
    files.sort();
    let in_folder = |folder: &str| -> anyhow::Result<Vec<(String, String)>> {
        let files = files.iter().filter(|file| file.starts_with(folder) && file.ends_with(".sql"));
        files.map(|file| Ok((format!("sql/{file}"), text(file, Sql::get(file))?))).collect()
    };
    let mut migrations = Vec::new();
    for (file, sql) in in_folder("migrations/")? {
        let name = file.trim_start_matches("sql/migrations/").trim_end_matches(".sql");
        let (version, description) = name.split_once('_').with_context(|| format!("{file}: expected NNNN_verb_noun.sql"))?;
        let version = version.parse().with_context(|| format!("{file}: expected a number first"))?;
        migrations.push((version, description.replace('_', " "), sql));
    }

    let one = |part: Part, file: &str| anyhow::Ok(Script::new(part, format!("sql/{file}"), text(file, Sql::get(file))?));
    let walls = one(Part::Functions, "walls.sql")?;
    let mut scripts = vec![
        one(Part::Schemas, "grants.sql")?,
        Script::new(Part::Functions, "permissions", permission::sql()),
        Script::new(Part::Functions, "job kinds", jobs::sql(domains::registry().jobs())),
        Script::new(Part::Functions, "notification kinds", domains::notifications::kinds_sql()),
        walls.clone(),
        one(Part::Functions, "functions.sql")?,
    ];
    scripts.extend(in_folder("functions/")?.into_iter().map(|(file, sql)| Script::new(Part::Functions, file, sql)));
    scripts.push(one(Part::Functions, "access.sql")?);
    let mut policies: Vec<String> = Policies::iter().map(|file| file.into_owned()).filter(|file| file.ends_with(".sql")).collect();
    policies.sort();
    for file in policies {
        let script = Script::new(Part::Policies, format!("policies/{file}"), text(&file, Policies::get(&file))?);
        scripts.push(Script { calls: walls.sql.clone(), ..script });
    }
    let roles = text("roles.sql", Sql::get("roles.sql"))?;
    Ok(Source { roles, migrations, scripts, data: in_folder("data/")?, upkeep: in_folder("upkeep/")?, steps: vec![addresses::STEP] })
}

/// The rows of schools that are there to be attacked: `(file, SQL)`, a file a domain, in the order of the domains.
///
/// # Errors
/// When a file is not encoded as it should be.
pub fn probes() -> anyhow::Result<Vec<(String, String)>> {
    let mut probes = Vec::new();
    for domain in domains::ALL {
        let file = format!("seed/probe/{}.sql", domain.name);
        if let Some(data) = Sql::get(&file) {
            probes.push((format!("sql/{file}"), text(&file, Some(data))?));
        }
    }
    Ok(probes)
}

/// The file that such a row of a table belongs into: that of the domain whose policies raise the table's wall.
pub fn probe_file(table: &str) -> String {
    let raises = |file: &str| {
        let wall = format!("raise_wall('{table}'");
        Policies::get(file).is_some_and(|data| String::from_utf8_lossy(&data.data).contains(&wall))
    };
    let domain = Policies::iter().find(|file| raises(file));
    format!("sql/seed/probe/{}", domain.as_deref().unwrap_or("NAME.sql, NAME being the table's domain"))
}

fn text(file: &str, data: Option<EmbeddedFile>) -> anyhow::Result<String> {
    let data = data.with_context(|| format!("{file} is not embedded"))?;
    String::from_utf8(data.data.into_owned()).with_context(|| format!("{file} is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_a_tables_probe_row_is_named() {
        assert_eq!(probe_file("course"), "sql/seed/probe/courses.sql");
        assert_eq!(probe_file("user_role"), "sql/seed/probe/identity.sql");
        assert_eq!(probe_file("newcomer"), "sql/seed/probe/NAME.sql, NAME being the table's domain");
    }

    #[test]
    fn every_probe_is_of_a_domain_and_is_applied() {
        let files = Sql::iter().filter(|file| file.starts_with("seed/probe/")).map(|file| format!("sql/{file}"));
        let mut applied: Vec<String> = probes().unwrap().into_iter().map(|(file, _)| file).collect();
        applied.sort();
        let mut files: Vec<String> = files.collect();
        files.sort();
        assert_eq!(applied, files, "a file whose name is that of no domain in src/domains/mod.rs");
    }
}
