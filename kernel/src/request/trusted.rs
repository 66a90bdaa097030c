//! Trusted documents: the operator's list of all that clients may run, read from a folder at the start.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, bail};
use async_graphql::{ServerError, Variables};
use futures_util::FutureExt as _;
use serde_json::Value;

use super::{cache::TextHash, limits::Limits, normalize, parsed::ParsedDocument, validate::Checker};
use crate::error::Error;

/// The documents that may run.
pub struct Trusted {
    by_hash: HashMap<TextHash, Arc<ParsedDocument>>,
    by_id: HashMap<String, Arc<ParsedDocument>>,
}

/// A document of the list, and what clients may call it beside its hash.
struct Entry {
    file: PathBuf,
    id: String,
    text: String,
}

impl Trusted {
    /// Reads a folder, those within it included, or a single file: `.graphql` and `.gql` files hold a document each, `.json` files are
    /// manifests: `{ id: text }` as Relay and graphql-codegen write them, or Apollo's. Every document must be within the
    /// limits and valid.
    ///
    /// # Errors
    /// The file that can't be used, and why.
    pub fn load(path: &Path, checker: &Checker, limits: &Limits) -> anyhow::Result<Trusted> {
        let mut entries = Vec::new();
        gather(path, path, &mut entries)?;
        if entries.is_empty() {
            bail!("{} holds no trusted documents (.graphql, .gql, or a manifest .json)", path.display());
        }
        let mut trusted = Trusted { by_hash: HashMap::new(), by_id: HashMap::new() };
        for Entry { file, id, text } in entries {
            let document = read(&text, checker, limits).map_err(|why| anyhow::anyhow!("{}: the document {id}: {why}", file.display()))?;
            let document = trusted.by_hash.entry(TextHash::of(&text)).or_insert(document).clone();
            // Editors end a file with a line break, which clients do not send.
            trusted.by_hash.entry(TextHash::of(text.trim())).or_insert_with(|| document.clone());
            if trusted.by_id.insert(id.clone(), document.clone()).is_some_and(|other| !Arc::ptr_eq(&other, &document)) {
                bail!("{}: two different documents are called {id}", file.display());
            }
        }
        Ok(trusted)
    }

    /// By the hash of its text.
    pub fn by_hash(&self, hash: TextHash) -> Option<Arc<ParsedDocument>> {
        self.by_hash.get(&hash).cloned()
    }

    /// By what the manifest calls it, or the hash of its text.
    pub fn by_id(&self, id: &str) -> Option<Arc<ParsedDocument>> {
        self.by_id.get(id).cloned().or_else(|| self.by_hash(TextHash::parse(id)?))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.by_id.len()
    }
}

fn gather(root: &Path, path: &Path, entries: &mut Vec<Entry>) -> anyhow::Result<()> {
    let unreadable = || format!("trusted documents: {} can't be read", path.display());
    if path.is_dir() {
        let mut inside: Vec<PathBuf> =
            path.read_dir().with_context(unreadable)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        inside.sort();
        return inside.iter().try_for_each(|inner| gather(root, inner, entries));
    }
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("graphql" | "gql") => {
            let name = path.strip_prefix(root).unwrap_or(path).with_extension("");
            let id = if name.as_os_str().is_empty() { path.file_stem().unwrap_or_default().into() } else { name.into_os_string() };
            let text = std::fs::read_to_string(path).with_context(unreadable)?;
            entries.push(Entry { file: path.to_owned(), id: id.to_string_lossy().into_owned(), text });
        }
        Some("json") => {
            let text = std::fs::read_to_string(path).with_context(unreadable)?;
            let manifest: Value = serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))?;
            let documents = manifest_documents(&manifest).with_context(|| {
                format!("{} is no manifest: {{ id: document }}, or {{ operations: [{{ id, body }}] }}, is expected", path.display())
            })?;
            entries.extend(documents.into_iter().map(|(id, text)| Entry { file: path.to_owned(), id, text }));
        }
        _ => {}
    }
    Ok(())
}

fn manifest_documents(manifest: &Value) -> Option<Vec<(String, String)>> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match manifest.get("operations") {
        Some(Value::Array(operations)) => {
            operations.iter().map(|operation| Some((text(operation.get("id")?)?, text(operation.get("body")?)?))).collect()
        }
        _ => manifest.as_object()?.iter().map(|(id, document)| Some((id.clone(), text(document)?))).collect(),
    }
}

/// Reads a document and checks each of its operations, whatever values its variables will have.
fn read(text: &str, checker: &Checker, limits: &Limits) -> Result<Arc<ParsedDocument>, String> {
    let said = |error: Error| error.message().to_owned();
    let document = ParsedDocument::of(text, limits).map_err(said)?;
    let first = |errors: Vec<ServerError>| {
        let wrong = errors.into_iter().find(|error| !is_about_a_missing_value(&error.message))?;
        let place = wrong.locations.first().map(|at| format!(" (line {}, column {})", at.line, at.column)).unwrap_or_default();
        Some(format!("{}{place}", wrong.message))
    };
    if let Some(wrong) = checker.validate(&document).err().and_then(first) {
        return Err(wrong);
    }
    let names: Vec<Option<String>> = document.parsed.operations.iter().map(|(name, _)| name.map(ToString::to_string)).collect();
    for name in names {
        let mut parsed = document.parsed.clone();
        let Some(operation) = normalize::single_out(&mut parsed, name.as_deref()) else { continue };
        let variables = normalize::with_defaults(&operation.node, &Variables::default());
        parsed.operations = async_graphql::parser::types::DocumentOperations::Single(operation);
        // Nothing in it waits for anything.
        let reckoned = checker.reckon(parsed, variables, limits).now_or_never().unwrap_or_else(|| Err(Vec::new()));
        if let Some(wrong) = reckoned.err().and_then(first) {
            return Err(wrong);
        }
    }
    Ok(Arc::new(document))
}

/// What a list costs can't be computed while the variable that holds its page size has no value.
fn is_about_a_missing_value(message: &str) -> bool {
    message.starts_with("Variable ") && message.ends_with(" is not defined.") && !message.contains('"')
}
