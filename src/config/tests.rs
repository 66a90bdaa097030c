//! The settings, their example and the compose file say the same.

use std::collections::BTreeMap;

use clap::CommandFactory as _;

use super::Cli;

const EXAMPLE: &str = include_str!("../../.env.example");
const COMPOSE: &str = include_str!("../../docker-compose.yml");

/// `NAME=value` lines of the example, those that are commented out included, each with the comment line above it.
fn example() -> BTreeMap<&'static str, (&'static str, &'static str)> {
    let mut settings = BTreeMap::new();
    let mut above = "";
    for line in EXAMPLE.lines() {
        if let Some((name, value)) = line.trim_start_matches('#').split_once('=').filter(|(name, _)| is_name(name)) {
            assert!(settings.insert(name, (value, above)).is_none(), "{name} stands in .env.example twice");
        }
        above = line;
    }
    settings
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}

#[test]
fn the_example_of_an_environment_lists_every_setting_with_its_default_and_nothing_else() {
    let mut listed = example();
    for argument in Cli::command().get_arguments() {
        let Some(name) = argument.get_env().and_then(|name| name.to_str()) else {
            continue;
        };
        let (value, above) = listed.remove(name).unwrap_or_else(|| panic!("{name} is missing in .env.example"));
        let default: Vec<&str> = argument.get_default_values().iter().filter_map(|value| value.to_str()).collect();
        assert_eq!(value, default.join(","), "the default of {name} in .env.example");
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        assert_eq!(above, format!("# {help}"), "the line above {name} in .env.example");
    }
    // What is left is docker-compose.yml's own.
    for name in listed.keys() {
        assert!(COMPOSE.contains(&format!("${{{name}:")), "{name} in .env.example is no setting");
    }
}

#[test]
fn the_example_of_an_environment_lists_what_the_compose_file_asks_for() {
    let listed = example();
    for part in COMPOSE.split("${").skip(1) {
        let name = part.split([':', '}']).next().unwrap_or_default();
        assert!(listed.contains_key(name), "{name} of docker-compose.yml is missing in .env.example");
    }
}

/// What the service of the compose file is not told, and why.
const NOT_TOLD: [(&str, &str); 9] = [
    ("LECTERN_OWNER_URL", "the operator's"),
    ("LECTERN_PLATFORM_URL", "the operator's"),
    ("LECTERN_LISTEN", "the image's, for its port is what is published"),
    ("LECTERN_FILES", "nothing but the data folder can be written"),
    ("LECTERN_SHARDING", "there is one database"),
    ("LECTERN_SHARD_URLS", "there is one database"),
    ("LECTERN_PG_BIN", "of the embedded database"),
    ("LECTERN_OFFLINE", "of the embedded database"),
    ("LECTERN_DEMO", "of the embedded database"),
];

#[test]
fn the_service_of_the_compose_file_knows_every_setting_that_could_differ_there() {
    let settings = COMPOSE.split("x-settings: &settings\n").nth(1).and_then(|rest| rest.split("\nservices:").next()).unwrap();
    let service = COMPOSE.split("\n  lectern:\n").nth(1).and_then(|rest| rest.split("\n    ports:").next()).unwrap();
    assert!(service.contains("environment: *settings"), "{service}");
    let told: Vec<&str> = settings.lines().filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name).collect();
    for argument in Cli::command().get_arguments() {
        let Some(name) = argument.get_env().and_then(|name| name.to_str()) else {
            continue;
        };
        let reason = NOT_TOLD.iter().find(|(other, _)| *other == name).map(|(_, reason)| reason);
        assert_eq!(told.contains(&name), reason.is_none(), "{name} in docker-compose.yml: {reason:?}");
    }
}

#[test]
fn the_compose_file_hands_on_settings_that_there_are() {
    let command = Cli::command();
    let known = |name: &str| command.get_arguments().any(|argument| argument.get_env().is_some_and(|env| env == name));
    let own = ["LECTERN_OWNER_PASSWORD", "LECTERN_APP_PASSWORD", "LECTERN_PLATFORM_PASSWORD", "LECTERN_DESK_PASSWORD"];
    for line in COMPOSE.lines() {
        let name = line.trim().split(':').next().unwrap_or_default();
        if is_name(name) && name.starts_with("LECTERN_") {
            assert!(known(name) || own.contains(&name), "{name} of docker-compose.yml is no setting");
        }
    }
}
