//! Where links lead.

/// Hosts that are listed of one text.
const MOST: usize = 50;
/// Characters of a host.
const LONGEST: usize = 253;

/// The hosts of the addresses in a text, each once, in the order in which they come; at most 50.
pub fn external_hosts(text: &str) -> Vec<String> {
    let mut hosts: Vec<String> = Vec::new();
    let lower = text.to_ascii_lowercase();
    let mut from = 0;
    while let Some(found) = lower[from..].find("//") {
        let at = from + found;
        from = at + 2;
        // `https://…`, `http://…`, and what has no scheme in the place of a link: `](//…)`.
        let before = &lower[..at];
        if !(before.ends_with("http:") || before.ends_with("https:") || before.ends_with(['(', '<', '"', '\'', ' ', '\n'])) {
            continue;
        }
        let authority: &str = lower[from..]
            .split(['/', '?', '#', ')', '>', ']', '"', '\'', ' ', '\n', '\t', '\\', '`', '*', '|', ',', '&'])
            .next()
            .unwrap_or("");
        let host = authority.rsplit('@').next().unwrap_or("");
        let host = if host.starts_with('[') { host } else { host.split(':').next().unwrap_or("") };
        let host = host.trim_end_matches(['.', '!', ';']);
        let is_host = host.len() <= LONGEST && host.contains(['.', ':']) || host == "localhost";
        if is_host && !hosts.iter().any(|known| known == host) {
            hosts.push(host.to_owned());
            if hosts.len() == MOST {
                break;
            }
        }
    }
    hosts
}
