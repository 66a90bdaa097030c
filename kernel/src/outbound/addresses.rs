//! Which addresses a person may name.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

/// Characters of a URL.
const LONGEST: usize = 2000;

/// Networks of IPv4 that are not the public's (IANA's special-purpose registry, multicast, what is reserved).
const NOT_PUBLIC_4: [(Ipv4Addr, u8); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 31, 196, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// The same of what IPv6 has given out: the public's is `2000::/3` without these. Teredo is in the first.
const NOT_PUBLIC_6: [(Ipv6Addr, u8); 3] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address is the public's. One that holds another (IPv4-mapped, NAT64, 6to4) is what that is.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_4.iter().any(|(network, length)| Ipv4Net::new_assert(*network, *length).contains(&address)),
        IpAddr::V6(address) => match held_in(address) {
            Some(held) => is_public(IpAddr::V4(held)),
            None => {
                address.segments()[0] & 0xe000 == 0x2000
                    && !NOT_PUBLIC_6.iter().any(|(network, length)| Ipv6Net::new_assert(*network, *length).contains(&address))
            }
        },
    }
}

/// The IPv4 address to which a packet for this one goes in the end.
fn held_in(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Some(of(high, low)),
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

/// Why a person may not name a URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAllowed {
    /// What it must be, as the end of the sentence "`url` …".
    Malformed(&'static str),
    /// Its address is not the public's.
    Address,
    /// It holds control characters: those who read it after us may leave them out, and go somewhere else.
    Characters,
}

/// The rule: public addresses, and the networks and hosts that the operator allows beside.
#[derive(Debug, Clone, Default)]
pub struct Addresses {
    networks: Arc<[IpNet]>,
    hosts: Arc<[String]>,
    is_open: bool,
}

impl Addresses {
    /// With networks that are allowed although they are not the public's.
    pub fn allowing(networks: Vec<IpNet>) -> Self {
        Addresses { networks: networks.into(), ..Addresses::default() }
    }

    /// Whatever is named, by http as well: of addresses that the operator names, and no person.
    pub fn everywhere() -> Self {
        Addresses { is_open: true, ..Addresses::default() }
    }

    /// With hosts beside, whose names are allowed wherever they lead, by http as well.
    #[must_use]
    pub fn and_hosts(self, hosts: impl IntoIterator<Item = String>) -> Self {
        let hosts = hosts.into_iter().map(|host| host.trim_end_matches('.').to_ascii_lowercase()).collect();
        Addresses { hosts, ..self }
    }

    /// Whether a host is allowed by its name.
    pub(super) fn lists_host(&self, name: &str) -> bool {
        let name = name.trim_end_matches('.');
        self.is_open || self.hosts.iter().any(|host| host.eq_ignore_ascii_case(name))
    }

    /// Whether a connection may go there.
    pub fn allows(&self, address: IpAddr) -> bool {
        is_public(address) || self.lists(address)
    }

    fn lists(&self, address: IpAddr) -> bool {
        let held = match address {
            IpAddr::V6(address) => held_in(address).map(IpAddr::V4),
            IpAddr::V4(_) => None,
        };
        self.is_open || self.networks.iter().any(|network| network.contains(&address) || held.is_some_and(|held| network.contains(&held)))
    }

    /// Reads a URL that a person names: `https`, or `http` to a literal address or a host that the operator allows; without user information and
    /// fragment; at most 2,000 characters. A literal address must be allowed, in whatever notation. Names are not resolved: whoever asks
    /// would learn what stands in the service's own network (`Outbound::leads_astray`).
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check(&self, text: &str) -> Result<Url, NotAllowed> {
        // Before it is read: the reader leaves line ends and tabs out, wherever they are.
        if text.contains(char::is_control) {
            return Err(NotAllowed::Characters);
        }
        let url = Url::parse(text).map_err(|_| NotAllowed::Malformed("must be a URL such as https://example.org/hook"))?;
        if text.len() > LONGEST || url.as_str().len() > LONGEST {
            return Err(NotAllowed::Malformed("must have at most 2,000 characters"));
        }
        if !matches!(url.scheme(), "https" | "http") {
            return Err(NotAllowed::Malformed("must begin with https://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAllowed::Malformed("must hold neither a name nor a password"));
        }
        if url.fragment().is_some() {
            return Err(NotAllowed::Malformed("must have no fragment (#…)"));
        }
        let by_http = url.scheme() == "http";
        match literal(&url) {
            Some(address) if !self.allows(address) => Err(NotAllowed::Address),
            Some(address) if by_http && !self.lists(address) => Err(NotAllowed::Malformed("must begin with https://")),
            None if url.domain().is_some_and(|name| self.lists_host(name)) => Ok(url),
            None if by_http => Err(NotAllowed::Malformed("must begin with https://")),
            None if is_localhost(&url) && !self.allows(Ipv4Addr::LOCALHOST.into()) => Err(NotAllowed::Address),
            _ => Ok(url),
        }
    }
}

/// The address of a URL that names no host but an address.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
        Host::Domain(_) => None,
    }
}

fn is_localhost(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    host == "localhost" || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The machine itself, written as people who try have written it.
    pub const LOOPBACK: [&str; 26] = [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "127.255.255.254",
        "2130706433",
        "017700000001",
        "0x7f000001",
        "0x7F.0x0.0x0.0x1",
        "0177.0.0.1",
        "0x7f.1",
        "0",
        "0.0.0.0",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "%31%32%37.0.0.1",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "[::127.0.0.1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[2001:0:5ef5:79fd:0:0:80ff:fffe]",
        "LocalHost.",
    ];

    fn check(url: &str) -> Result<String, NotAllowed> {
        Addresses::default().check(url).map(|url| url.to_string())
    }

    #[test]
    fn the_machine_itself_is_refused_in_every_notation() {
        for host in LOOPBACK {
            assert_eq!(check(&format!("https://{host}/hook")), Err(NotAllowed::Address), "{host}");
            assert_eq!(check(&format!("https://{host}:8443/hook")), Err(NotAllowed::Address), "{host}");
        }
        assert_eq!(check("https://app.localhost/"), Err(NotAllowed::Address));
    }

    #[test]
    fn only_the_public_s_addresses_are_public() {
        for address in [
            "10.1.2.3",
            "100.64.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.0.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "239.1.1.1",
            "255.255.255.255",
            "240.0.0.1",
            "0.1.2.3",
            "fe80::1",
            "fc00::1",
            "fd12::1",
            "ff02::1",
            "::1",
            "::",
            "::ffff:10.0.0.1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "2002:a00:1::1",
            "2001::1",
            "2001:db8::1",
            "3fff::1",
            "100::1",
            "5f00::1",
            "fec0::1",
            "::7f00:1",
            "4000::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in [
            "1.1.1.1",
            "100.63.255.255",
            "172.32.0.1",
            "93.184.215.14",
            "2606:4700::1111",
            "2a00::1",
            "::ffff:1.1.1.1",
            "64:ff9b::101:101",
            "2002:101:101::1",
        ] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn a_url_is_https_and_says_nothing_beside_where() {
        assert_eq!(check("https://Hooks.Example.org:8443/a?b=c").unwrap(), "https://hooks.example.org:8443/a?b=c");
        assert_eq!(check("https://1.1.1.1/").unwrap(), "https://1.1.1.1/");
        let long = format!("https://example.org/{}", "a".repeat(2000));
        for wrong in [
            "",
            "example.org",
            "http://example.org/",
            "ftp://example.org/",
            "https://",
            "https://a:b@example.org/",
            "https://a@example.org/",
            "https://example.org/#a",
            "file:///etc/passwd",
            "gopher://127.0.0.1/",
            "http://1.1.1.1/",
            &long,
        ] {
            assert!(matches!(check(wrong), Err(NotAllowed::Malformed(_))), "{wrong}");
        }
    }

    #[test]
    fn a_url_with_a_control_character_is_refused_before_it_is_read() {
        for url in [
            "https://exa\tmple.org/",
            "https://127.0.0\n.1/",
            "ht\rtps://example.org/",
            "\u{0}https://example.org/",
            "https://example.org/a\r\nHost: b",
            "https://example.org/\u{7f}",
            "https://example.org/\u{9d}",
        ] {
            assert_eq!(check(url), Err(NotAllowed::Characters), "{url:?}");
        }
    }

    #[test]
    fn what_the_operator_allows_is_allowed_by_http_too() {
        let rule = Addresses::allowing(vec!["127.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()]);
        for url in [
            "http://127.0.0.1:9000/",
            "https://127.0.0.1/",
            "http://0x7f.1/",
            "https://localhost/",
            "http://[fd00::1]/",
            "http://[::ffff:127.0.0.1]/",
        ] {
            assert!(rule.check(url).is_ok(), "{url}");
        }
        for url in
            ["http://10.0.0.1/", "https://10.0.0.1/", "http://localhost/", "http://example.org/", "https://[::1]/", "http://1.1.1.1/"]
        {
            assert!(rule.check(url).is_err(), "{url}");
        }
        assert!(rule.allows("127.9.9.9".parse().unwrap()) && !rule.allows("10.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_host_that_the_operator_allows_is_allowed_by_http_too_and_no_other_is() {
        let rule = Addresses::default().and_hosts(["Calendar.Intranet.".to_owned()]);
        for url in ["http://calendar.intranet/a.ics", "https://CALENDAR.intranet./a.ics", "http://calendar.intranet:8080/"] {
            assert!(rule.check(url).is_ok(), "{url}");
        }
        for url in
            ["http://intranet/", "http://a.calendar.intranet/", "http://127.0.0.1/", "https://localhost/", "http://a@calendar.intranet/"]
        {
            assert!(rule.check(url).is_err(), "{url}");
        }
    }
}
