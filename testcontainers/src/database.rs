//! The database of one test.

use std::sync::Arc;

use tokio_postgres::Client;

use crate::{address::Address, house};

/// A database of its own for one test; dropped, together with its sessions, when this value is.
pub struct Database {
    /// Its name on the server.
    pub name: String,
    address: Address,
    admin: Arc<Client>,
}

impl Database {
    pub(crate) fn new(name: String, address: Address, admin: Arc<Client>) -> Database {
        Database { name, address, admin }
    }

    /// The URL of this database for the superuser.
    pub fn superuser_url(&self) -> String {
        self.address.superuser_url(&self.name)
    }

    /// The URL of this database for `role`.
    pub fn url(&self, role: &str) -> String {
        self.address.url(role, &self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let sql = format!(r#"DROP DATABASE IF EXISTS "{}" WITH (FORCE)"#, self.name);
        let admin = Arc::clone(&self.admin);
        house().spawn(async move {
            // Best effort: what stays is dropped by the next process that uses this server, or goes with the server.
            let _dropped = admin.batch_execute(&sql).await;
        });
    }
}
