//! The parts of a server's URL, so that other roles and databases can be named on the same server.

use anyhow::{Context, Result};

/// Where a server is and who its superuser is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    superuser: String,
    /// Beginning with the colon; empty without a password.
    password: String,
    /// Host and port, or the percent-encoded folder of a socket.
    place: String,
    /// Beginning with the question mark; empty without settings.
    settings: String,
}

impl Address {
    /// Takes a URL such as `postgres://postgres:secret@localhost:5432/postgres?sslmode=disable` apart.
    pub(crate) fn parse(url: &str) -> Result<Address> {
        let rest = url
            .strip_prefix("postgres://")
            .or_else(|| url.strip_prefix("postgresql://"))
            .context("the URL of the test server must begin with postgres://")?;
        let (rest, settings) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        let authority = rest.split('/').next().unwrap_or_default();
        let (user, place) = authority.rsplit_once('@').unwrap_or(("postgres", authority));
        let (superuser, password) = user.split_at(user.find(':').unwrap_or(user.len()));
        Ok(Address {
            superuser: superuser.to_owned(),
            password: password.to_owned(),
            place: place.to_owned(),
            settings: settings.to_owned(),
        })
    }

    /// The URL of `database` for the superuser.
    pub(crate) fn superuser_url(&self, database: &str) -> String {
        self.url(&self.superuser, database)
    }

    /// The URL of `database` for `role`, with the superuser's password where the server asks for one.
    pub(crate) fn url(&self, role: &str, database: &str) -> String {
        let Address { password, place, settings, .. } = self;
        format!("postgres://{role}{password}@{place}/{database}{settings}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_rebuilt_for_another_role_and_database() {
        let address = Address::parse("postgresql://root:se%40cret@db:5433/postgres?sslmode=disable").expect("a URL");
        assert_eq!(address.superuser_url("t"), "postgres://root:se%40cret@db:5433/t?sslmode=disable");
        assert_eq!(address.url("app", "t"), "postgres://app:se%40cret@db:5433/t?sslmode=disable");

        let bare = Address::parse("postgres://localhost").expect("a URL");
        assert_eq!(bare.superuser_url("t"), "postgres://postgres@localhost/t");
        assert!(Address::parse("mysql://localhost").is_err());
    }
}
