//! Requests to addresses that a person has named. They may not reach what the service alone can reach: the machine itself, the network that
//! it stands in, the addresses by which clouds hand out credentials.
//!
//! One check for every such address: [`Addresses::check`] when it is named, and [`Outbound`] again at each request, when names have been
//! resolved. The connection goes to the address that was checked; there are no proxies, and no redirects but those that [`Outbound::fetch`] checks anew.

mod addresses;
mod client;

pub use self::{
    addresses::{Addresses, NotAllowed, is_public},
    client::{Answer, Flowing, NoAnswer, Outbound, Resolver, SystemResolver, Whole},
};
