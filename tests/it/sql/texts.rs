//! Every statement that any test of this process has run so far, and those that are run here in any case.

use lectern_kernel::db::recorded_statements;
use serde_json::json;
use tokio_postgres::NoTls;

use super::cost::documents;
use crate::{
    app::Who,
    isolation::world::{World, tables},
};

/// These run before the school is known, or are told it: the loading of the actor, and the search for a sign-in's school.
const EXEMPT: [&str; 18] = [
    "app.load_actor($1, $2, $3, $4)",
    "app.load_desk_actor($1, $2, $3)",
    "app.find_credential($2, $3, $4)",
    "app.find_sign_in_code($2, $3, $4)",
    "app.count_code_try($2, $3)",
    "app.link_preview($2, $3)",
    "app.find_sign_in_provider($2, $3)",
    "app.school_named($2)",
    "app.find_calendar_feed($2)",
    "app.public_products($2, $3)",
    "app.payment_door($2, $3)",
    // What an export and an erasure ask of the catalog, and of the platform in transactions of no school.
    "FROM pg_class c JOIN pg_namespace n",
    "FROM pg_constraint f JOIN pg_class c",
    "set_config('app.audit', 'off', true)",
    "app.begin_erasure($2)",
    "app.count_erased($2, $3, $4)",
    "app.finish_erasure($2, $3, $4)",
    "app.fail_erasure($2, $3)",
];

/// The words of a statement; names with their dots, `$1`, and signs by themselves.
fn words(sql: &str) -> Vec<&str> {
    let is_word = |letter: char| letter.is_alphanumeric() || "_.$".contains(letter);
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(start) = rest.find(|letter: char| !letter.is_whitespace()) {
        rest = &rest[start..];
        let end = rest.find(|letter| !is_word(letter)).unwrap_or(rest.len()).max(1);
        let (word, after) = rest.split_at(end);
        words.push(word);
        rest = after;
    }
    words
}

/// The tables that a statement reads or changes, each under the name that it goes by.
fn named<'a>(sql: &'a str, tables: &[String]) -> Vec<(&'a str, &'a str)> {
    let words = words(sql);
    let mut found = Vec::new();
    for (at, word) in words.iter().enumerate() {
        if !tables.iter().any(|table| table == word) || at == 0 {
            continue;
        }
        let before = words[at - 1].to_uppercase();
        let behind_comma =
            before == "," && words[..at].iter().rev().find(|word| ["FROM", "SELECT", "WHERE", "SET"].contains(*word)) == Some(&"FROM");
        if !["FROM", "JOIN", "UPDATE", "INTO", "USING"].contains(&before.as_str()) && !behind_comma {
            continue;
        }
        let alias = words[at + 1..].iter().find(|word| !word.eq_ignore_ascii_case("AS")).copied().unwrap_or(*word);
        let is_alias = alias.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_' || letter.is_ascii_digit());
        found.push((*word, if is_alias { alias } else { *word }));
    }
    found
}

#[test]
fn tables_are_found_in_statements() {
    let tables = ["course".to_owned(), "app_user".to_owned(), "section".to_owned()];
    let sql = "UPDATE section s SET position = o.position FROM unnest($3) AS o JOIN course AS c ON true LEFT JOIN app_user ON x(course) WHERE s.tenant_id = $1";
    assert_eq!(named(sql, &tables), [("section", "s"), ("course", "c"), ("app_user", "app_user")]);
    assert_eq!(
        named("SELECT course FROM x, section WHERE course.id IN (SELECT 1 FROM course)", &tables),
        [("section", "section"), ("course", "course")]
    );
}

#[tokio::test]
async fn every_statement_names_its_school_for_every_table_and_can_be_prepared() {
    // With the tables of every schema that the tests run.
    let app = crate::frame::start().await;
    World::build(&app).await;
    app.sql(crate::jobs::TABLE).await;
    app.sql(crate::files::seam::TABLE).await;
    for who in [Who::Admin, Who::Learner] {
        let client = app.sign_in(&app.oak, who).await;
        for (_, document) in documents(&app).await {
            client.ask(&document, json!({})).await; // what a learner is refused has no statements
        }
    }
    let (client, connection) = tokio_postgres::connect(&app.database.url("lectern_app"), NoTls).await.unwrap();
    tokio::spawn(connection);
    let tables = tables(&app).await;
    let statements = recorded_statements();
    assert!(statements.len() > 60, "{}", statements.len());
    let mut problems = Vec::new();
    for sql in &statements {
        // What was made of the catalog of another test's database.
        if sql.contains("FROM public.\"") {
            assert!(sql.contains("t.tenant_id = $1"), "{sql}");
            continue;
        }
        client.prepare(sql).await.unwrap_or_else(|error| panic!("{sql}\n{:?}", error.as_db_error()));
        if EXEMPT.iter().any(|exempt| sql.contains(exempt)) {
            continue;
        }
        assert!(["tenant_id = $1", "app.tenant_id() = $1", "SELECT $1,", "VALUES ($1,"].iter().any(|part| sql.contains(part)), "{sql}");
        for (table, alias) in named(sql, &tables) {
            let written = [format!("INSERT INTO {table} (tenant_id, "), format!("INSERT INTO {table} AS {alias} (tenant_id, ")];
            if written.iter().any(|into| sql.contains(into)) && (sql.contains("SELECT $1,") || sql.contains("VALUES ($1,")) {
                continue;
            }
            let predicate = format!("{alias}.tenant_id = ");
            let turned = format!("= {alias}.tenant_id");
            if !sql.contains(&predicate) && !sql.contains(&turned) {
                problems.push(format!("{table} {alias} goes without its school in: {sql}"));
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}
