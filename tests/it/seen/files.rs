//! docs/operations: what Grafana and Prometheus are told to show and to warn of.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use lectern_kernel::seen::METRICS;
use serde_json::Value;

use super::metric_of;

/// Words of the language of Prometheus that may stand where labels do, and labels of its own.
const OTHERS: [&str; 2] = ["le", "instance"];

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations").join(file)).unwrap()
}

/// What the panels of the dashboard ask.
fn dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(&text("dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// What the alerts ask: of a file whose rules are all written alike.
fn alerts() -> Vec<String> {
    let text = text("alerts.yml");
    let mut asked = Vec::new();
    for rule in text.split("- alert:").skip(1) {
        let (_, rest) = rule.split_once("expr:").unwrap();
        let end = ["\n        for:", "\n        labels:"].iter().filter_map(|end| rest.find(end)).min().unwrap();
        asked.push(rest[..end].trim_start_matches(" >-").to_owned());
        assert!(rest.contains("summary:") && rest.contains("description:") && rest.contains("severity:"), "{rule}");
    }
    asked
}

/// The words of an expression that are names of series.
fn series(expression: &str) -> BTreeSet<String> {
    let words = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| word.starts_with("lectern_") || word.starts_with("process_")).map(str::to_owned).collect()
}

/// The labels by which an expression selects or groups.
fn labels(expression: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (open, close) in [(" by (", ')'), ("{", '}')] {
        for part in expression.split(open).skip(1) {
            let inside = part.split(close).next().unwrap();
            let names = inside.split(',').map(|name| name.split(['=', '!']).next().unwrap().trim());
            found.extend(names.filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase())).map(str::to_owned));
        }
    }
    found
}

#[test]
fn dashboard_and_alerts_speak_of_numbers_and_labels_that_there_are() {
    for expression in dashboard().into_iter().chain(alerts()) {
        let series = series(&expression);
        let mut known: BTreeSet<&str> = OTHERS.into();
        for name in &series {
            let metric = metric_of(name).unwrap_or_else(|| panic!("{name} is no metric: {expression}"));
            known.extend(metric.labels);
        }
        // Prometheus itself knows whether it could look.
        if series.is_empty() {
            assert!(expression.trim().starts_with("up{"), "{expression}");
            continue;
        }
        for label in labels(&expression) {
            assert!(known.contains(label.as_str()), "{label} is no label here: {expression}");
        }
    }
}

#[test]
fn every_number_is_shown_on_the_dashboard() {
    let shown: BTreeSet<&str> =
        dashboard().iter().flat_map(|expression| series(expression)).filter_map(|name| Some(metric_of(&name)?.name)).collect();
    let hidden: Vec<_> = METRICS.iter().map(|metric| metric.name).filter(|name| !shown.contains(name)).collect();
    assert!(hidden.is_empty(), "no panel shows {hidden:?}");
}

/// Where Prometheus' own tool is at hand.
#[test]
fn alerts_go_off_when_they_should() {
    for arguments in [["check", "rules", "alerts.yml"], ["test", "rules", "alerts.test.yml"]] {
        let mut command = Command::new("promtool");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations");
        let Ok(output) = command.args(arguments).current_dir(folder).output() else { return };
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{said}");
    }
}
