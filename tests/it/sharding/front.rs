//! What stands in front of the databases: PgDog where its program is at hand (`LECTERN_TEST_PGDOG`), and what stands in for it otherwise.

use std::{
    collections::HashMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use super::standin::{Homes, Seen, Standin, bridge};
use crate::app::Folder;

/// Where it is reached.
pub struct Front {
    pub port: u16,
    /// What was said to it, where it stands in.
    pub seen: Option<Arc<Mutex<Seen>>>,
    /// Where it looks for schools, where it stands in.
    pub homes: Homes,
    _pgdog: Option<Pgdog>,
}

/// A program that ends with the test.
struct Pgdog {
    child: Child,
    _folder: Folder,
}

impl Drop for Pgdog {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Front {
    /// In front of the databases of these URLs (of the role lectern_app); `homes` says on which of them each school lies.
    pub async fn start(urls: Vec<String>, homes: &HashMap<Uuid, usize>) -> Front {
        match std::env::var_os("LECTERN_TEST_PGDOG") {
            Some(program) => Front::pgdog(&PathBuf::from(program), urls, homes).await,
            None => {
                let homes: Homes = Arc::new(Mutex::new(homes.clone()));
                let Standin { port, seen } = Standin::start(urls, homes.clone()).await;
                Front { port, seen: Some(seen), homes, _pgdog: None }
            }
        }
    }

    async fn pgdog(program: &Path, urls: Vec<String>, homes: &HashMap<Uuid, usize>) -> Front {
        let folder = Folder::new("pgdog");
        fs::create_dir_all(&folder.0).unwrap();
        let port = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
        let mut config = format!(
            "[general]\nhost = \"127.0.0.1\"\nport = {port}\npooler_mode = \"transaction\"\nauth_type = \"trust\"\ndefault_pool_size = 20\ncross_shard_disabled = true\n"
        );
        for (shard, url) in urls.iter().enumerate() {
            let database = url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
            let port = bridge(url.clone()).await;
            let _ = write!(
                config,
                "\n[[databases]]\nname = \"lectern\"\nhost = \"127.0.0.1\"\nport = {port}\ndatabase_name = \"{database}\"\nshard = {shard}\n"
            );
        }
        config.push_str("\n[[sharded_tables]]\ndatabase = \"lectern\"\ncolumn = \"tenant_id\"\ndata_type = \"uuid\"\n");
        for (school, shard) in homes {
            let _ = write!(config, "\n[[sharded_tables.mapping]]\nvalues = [\"{school}\"]\nshard = {shard}\n");
        }
        config.push_str("\n[[sharded_tables.mapping]]\nshard = 0\n");
        let users = "[[users]]\nname = \"lectern_app\"\ndatabase = \"lectern\"\npassword = \"none\"\n";
        let (config_file, users_file) = (folder.0.join("pgdog.toml"), folder.0.join("users.toml"));
        fs::write(&config_file, config).unwrap();
        fs::write(&users_file, users).unwrap();
        let mut command = Command::new(program);
        command.arg("--config").arg(&config_file).arg("--users").arg(&users_file).stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let pgdog = Pgdog { child, _folder: folder };
        let began = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(60), "PgDog does not listen");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Front { port, seen: None, homes: Homes::default(), _pgdog: Some(pgdog) }
    }

    /// The URL by which the service reaches it.
    pub fn url(&self) -> String {
        format!("postgres://lectern_app:none@127.0.0.1:{}/lectern?sslmode=disable", self.port)
    }
}
