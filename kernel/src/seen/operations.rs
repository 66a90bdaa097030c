//! Names of operations as labels: so many are told apart, all others are one.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use metrics::{Counter, Histogram, counter, histogram};

/// A document without a name.
const ANONYMOUS: &str = "anonymous";
/// Every name beyond those that are told apart.
const OTHER: &str = "other";
/// The code of an answer without errors.
const OK: &str = "OK";
/// Letters of a name that is told apart.
const LONGEST: usize = 80;

/// What is counted of one operation.
struct Series {
    kind: &'static str,
    name: Arc<str>,
    duration: Histogram,
    fine: Counter,
}

impl Series {
    fn new(kind: &'static str, name: &str) -> Arc<Series> {
        let name: Arc<str> = name.into();
        let duration = histogram!("lectern_request_duration_seconds", "kind" => kind, "operation" => name.to_string());
        let fine = counter!("lectern_requests_total", "kind" => kind, "operation" => name.to_string(), "code" => OK);
        Arc::new(Series { kind, name, duration, fine })
    }

    fn count(&self, seconds: f64, code: Option<&str>) {
        self.duration.record(seconds);
        match code {
            None => self.fine.increment(1),
            Some(code) => {
                let (operation, code) = (self.name.to_string(), code.to_owned());
                counter!("lectern_requests_total", "kind" => self.kind, "operation" => operation, "code" => code).increment(1);
            }
        }
    }
}

/// Those that are told apart: the first that were answered with data, so that nobody fills the places with names of documents that do not run.
pub(super) struct Operations {
    most: usize,
    known: RwLock<HashMap<String, Arc<Series>>>,
    anonymous: [Arc<Series>; 3],
    others: [Arc<Series>; 3],
}

impl Operations {
    pub(super) fn new(most: usize) -> Operations {
        let of = |name: &str| ["query", "mutation", "subscription"].map(|kind| Series::new(kind, name));
        Operations { most, known: RwLock::default(), anonymous: of(ANONYMOUS), others: of(OTHER) }
    }

    /// Counts an answer.
    pub(super) fn count(&self, kind: &'static str, name: Option<&str>, has_data: bool, seconds: f64, code: Option<&str>) {
        let of_kind = |all: &[Arc<Series>; 3]| all.iter().find(|series| series.kind == kind).unwrap_or(&all[0]).clone();
        let series = match name {
            None => of_kind(&self.anonymous),
            Some(name) => self.known(kind, name, has_data).unwrap_or_else(|| of_kind(&self.others)),
        };
        series.count(seconds, code);
    }

    fn known(&self, kind: &'static str, name: &str, has_data: bool) -> Option<Arc<Series>> {
        {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
            match known.get(name) {
                Some(series) if series.kind == kind => return Some(series.clone()),
                // One name, two kinds: the first has it.
                Some(_) => return None,
                None if !has_data || known.len() >= self.most || name.len() > LONGEST || name == ANONYMOUS || name == OTHER => return None,
                None => {}
            }
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.most && !known.contains_key(name) {
            return None;
        }
        let series = known.entry(name.to_owned()).or_insert_with(|| Series::new(kind, name)).clone();
        (series.kind == kind).then_some(series)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_names_that_ran_are_told_apart_and_no_others() {
        let operations = Operations::new(2);
        let known = |kind, name: &str, has_data| operations.known(kind, name, has_data).is_some();
        assert!(!known("query", "Refused", false), "it did not run");
        assert!(known("query", "First", true) && known("mutation", "Second", true));
        assert!(!known("query", "Third", true), "there is no place left");
        assert!(known("query", "First", false), "it is known");
        assert!(!known("mutation", "First", true), "another kind of the same name");
        let wide = Operations::new(10);
        for name in ["other", "anonymous", &"x".repeat(81)] {
            assert!(wide.known("query", name, true).is_none(), "{name}");
        }
    }
}
