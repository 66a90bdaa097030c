//! Where links lead.

use pulldown_cmark::{Event, Options, Parser, Tag};
use url::Url;

/// Hosts that are listed of one text.
const MOST: usize = 50;
/// Characters of a host.
const LONGEST: usize = 253;

/// The hosts of the addresses in a text, each once, in the order in which they come; at most 50.
pub fn external_hosts(text: &str) -> Vec<String> {
    let mut found = bare(text);
    found.extend(links(text));
    found.sort_by_key(|(at, _)| *at);
    let mut hosts: Vec<String> = Vec::new();
    for (_, host) in found {
        if hosts.len() < MOST && !hosts.contains(&host) {
            hosts.push(host);
        }
    }
    hosts
}

/// Where links of Markdown lead, entities and turned slashes read as a browser reads them.
fn links(text: &str) -> Vec<(usize, String)> {
    let hosts = Parser::new_ext(text, Options::all()).into_offset_iter().filter_map(|(event, place)| {
        let Event::Start(Tag::Link { dest_url, .. }) = event else { return None };
        let is_relative = dest_url.trim_start().starts_with(['/', '\\']);
        let url = if is_relative { Url::parse("https://self.invalid").ok()?.join(&dest_url) } else { Url::parse(&dest_url) };
        let host = url.ok()?.host_str()?.to_ascii_lowercase();
        (host != "self.invalid" && host.len() <= LONGEST).then_some((place.start, host))
    });
    hosts.collect()
}

/// Addresses that stand in the text as they are: `https://…`, `//…` in the place of a link, and `www.…`.
fn bare(text: &str) -> Vec<(usize, String)> {
    let lower = text.to_ascii_lowercase();
    let ends = ['/', '?', '#', ')', '>', ']', '"', '\'', ' ', '\n', '\t', '\\', '`', '*', '|', ',', '&'];
    let opens = ['(', '<', '"', '\'', ' ', '\n', '*', '_', '~'];
    let mut found = Vec::new();
    for (at, mark) in lower.match_indices("//").chain(lower.match_indices("www.")) {
        let before = &lower[..at];
        let is_bare = mark == "www.";
        let stands_alone = before.is_empty() && is_bare || before.ends_with(opens);
        if !(stands_alone || !is_bare && (before.ends_with("http:") || before.ends_with("https:"))) {
            continue;
        }
        let rest = &lower[if is_bare { at } else { at + 2 }..];
        let host = match rest.strip_prefix('[').and_then(|inside| inside.find(']')) {
            Some(end) => &rest[..end + 2],
            None => {
                let authority = rest.split(ends).next().unwrap_or_default();
                let host = authority.rsplit('@').next().unwrap_or_default();
                host.split(':').next().unwrap_or_default().trim_end_matches(['.', '!', ';'])
            }
        };
        if host.len() <= LONGEST && (host.contains(['.', ':']) || host == "localhost") {
            found.push((at, host.to_owned()));
        }
    }
    found
}
