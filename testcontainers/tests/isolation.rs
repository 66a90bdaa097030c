//! Every test has a database of its own, whatever its neighbours do at the same time.

use anyhow::Result;
use lectern_testcontainers::{Database, server};
use tokio_postgres::{Client, NoTls};

async fn prepare(url: String) -> Result<()> {
    let client = connect(&url).await?;
    Ok(client.batch_execute("CREATE TABLE note (body text); INSERT INTO note VALUES ('from the template')").await?)
}

async fn connect(url: &str) -> Result<Client> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    tokio::spawn(connection);
    Ok(client)
}

async fn database() -> Database {
    server().await.database(prepare).await
}

async fn notes(client: &Client) -> Result<i64> {
    Ok(client.query_one("SELECT count(*) FROM note", &[]).await?.try_get(0)?)
}

async fn writes_unseen_by_others() -> Result<()> {
    let database = database().await;
    let client = connect(&database.superuser_url()).await?;
    assert_eq!(notes(&client).await?, 1);
    client.batch_execute("INSERT INTO note VALUES ('mine')").await?;
    assert_eq!(notes(&client).await?, 2);
    Ok(())
}

#[tokio::test]
async fn a_first_test_sees_only_its_own_rows() -> Result<()> {
    writes_unseen_by_others().await
}

#[tokio::test]
async fn a_second_test_with_another_runtime_does_too() -> Result<()> {
    writes_unseen_by_others().await
}

#[test]
fn the_server_outlives_the_threads_and_runtimes_that_asked_for_it() -> Result<()> {
    for _ in 0..3 {
        let thread = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(writes_unseen_by_others())
        });
        thread.join().expect("the thread ends well")?;
    }
    Ok(())
}

#[tokio::test]
async fn a_dropped_database_disappears() -> Result<()> {
    let (gone, url) = {
        let database = database().await;
        // A session that is still open must not keep it.
        let _open = connect(&database.superuser_url()).await?;
        (database.name.clone(), server().await.superuser_url("postgres"))
    };
    let admin = connect(&url).await?;
    for _ in 0..6000 {
        let row = admin.query_one("SELECT count(*) FROM pg_database WHERE datname = $1", &[&gone]).await?;
        if row.try_get::<_, i64>(0)? == 0 {
            return Ok(());
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{gone} is still there");
}
