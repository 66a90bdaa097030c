//! Runs the embedded server by hand: `cargo run -p lectern-testcontainers --example embedded -- FOLDER [hold|restart]`.
//!
//! `hold` keeps it until Ctrl-C, `restart` (the default) starts it twice and shows that the data stayed.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Context, Result};
use lectern::embedded::{EmbeddedPostgres, Options};

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().context("name a folder for the data")?;
    let mut options = Options::new(folder);
    options.bin_dir = std::env::var_os("LECTERN_PG_BIN").map(PathBuf::from);
    options.use_installed = std::env::var_os("LECTERN_ONLY_FETCHED").is_none();
    options.progress = |line| println!("{line}");

    match arguments.next().as_deref() {
        Some("hold") => {
            let server = start(&options).await?;
            tokio::select! {
                status = server.exited() => println!("the server ended by itself: {status}"),
                pressed = tokio::signal::ctrl_c() => {
                    pressed?;
                    stop(server).await?;
                }
            }
        }
        _ => {
            let server = start(&options).await?;
            run(&server, "CREATE TABLE IF NOT EXISTS kept (at timestamptz); INSERT INTO kept VALUES (now())").await?;
            stop(server).await?;
            let server = start(&options).await?;
            run(&server, "SELECT 1 / count(*) FROM kept").await?;
            println!("the data stayed");
            stop(server).await?;
        }
    }
    Ok(())
}

async fn start(options: &Options) -> Result<EmbeddedPostgres> {
    let began = Instant::now();
    let server = EmbeddedPostgres::start(options).await?;
    println!("{} ready after {:?}: {}", server.version_num(), began.elapsed(), server.superuser_url("postgres"));
    Ok(server)
}

async fn stop(server: EmbeddedPostgres) -> Result<()> {
    let began = Instant::now();
    server.stop().await?;
    println!("stopped after {:?}", began.elapsed());
    Ok(())
}

async fn run(server: &EmbeddedPostgres, sql: &str) -> Result<()> {
    let (client, connection) = tokio_postgres::connect(&server.superuser_url("postgres"), tokio_postgres::NoTls).await?;
    let talk = async move { client.batch_execute(sql).await };
    let (said, closed) = tokio::join!(talk, connection);
    said?;
    Ok(closed?)
}
