//! The address of a client, as rate limits tell addresses apart.

use std::net::{IpAddr, Ipv6Addr};

use axum::http::HeaderMap;
use ipnet::IpNet;

/// The address of whoever sent it: of the peer; or, where that is a trusted proxy, the last in `X-Forwarded-For` (in
/// `Forwarded`, where there is none) that is no trusted proxy's. Anybody could have written what stands before it.
/// IPv6 as its network of 64 bits, which belongs to one customer.
pub fn of(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &[IpNet]) -> Option<String> {
    let mut address = peer?.to_canonical();
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    if is_trusted(address) {
        for hop in hops(headers).into_iter().rev() {
            let Some(hop) = hop else { break };
            address = hop;
            if !is_trusted(address) {
                break;
            }
        }
    }
    Some(match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    })
}

/// The addresses that proxies have added, in their order; none where one can't be read.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let values = |name: &str| -> Vec<String> {
        let all = headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default());
        all.flat_map(|value| value.split(',')).map(|item| item.trim().to_owned()).collect()
    };
    let forwarded_for = values("x-forwarded-for");
    if !forwarded_for.is_empty() {
        return forwarded_for.iter().map(|item| parse(item)).collect();
    }
    let node = |item: &String| {
        let named = item.split(';').filter_map(|pair| pair.trim().split_once('='));
        named.filter(|(name, _)| name.eq_ignore_ascii_case("for")).find_map(|(_, node)| parse(node))
    };
    values("forwarded").iter().map(node).collect()
}

/// An address, with or without a port, brackets and quotes.
fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim().trim_matches('"');
    let host = match text.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None if text.matches(':').count() == 1 => text.split(':').next()?,
        None => text,
    };
    host.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_the_last_that_a_trusted_proxy_noted() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "fd00::/8".parse().unwrap()];
        for (peer, name, value, address) in [
            ("203.0.113.7", "x-forwarded-for", "198.51.100.1", "203.0.113.7"),
            ("::ffff:203.0.113.7", "x-forwarded-for", "198.51.100.1", "203.0.113.7"),
            ("10.0.0.1", "x-forwarded-for", "198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "x-forwarded-for", "1.2.3.4, 198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "x-forwarded-for", "1.2.3.4, 198.51.100.1, 10.9.9.9", "198.51.100.1"),
            ("10.0.0.1", "x-forwarded-for", "1.2.3.4, garbage, 10.9.9.9", "10.9.9.9"),
            ("10.0.0.1", "x-forwarded-for", "1.2.3.4, garbage", "10.0.0.1"),
            ("10.0.0.1", "x-forwarded-for", "198.51.100.1:4711", "198.51.100.1"),
            ("10.0.0.1", "x-forwarded-for", "", "10.0.0.1"),
            ("10.0.0.1", "x-other", "198.51.100.1", "10.0.0.1"),
            ("fd00::1", "x-forwarded-for", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:db8:1:2:ffff::1", "x-forwarded-for", "1.2.3.4", "2001:db8:1:2::/64"),
            ("10.0.0.1", "forwarded", "for=1.2.3.4;proto=https, For=\"[2001:db8::9]:80\";by=10.0.0.1", "2001:db8::/64"),
            ("10.0.0.1", "forwarded", "for=198.51.100.1", "198.51.100.1"),
            ("10.0.0.1", "forwarded", "for=unknown", "10.0.0.1"),
        ] {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            assert_eq!(of(Some(peer.parse().unwrap()), &headers, &trusted).as_deref(), Some(address), "{peer} {name}: {value}");
        }
        assert_eq!(of(None, &HeaderMap::new(), &trusted), None);
    }
}
