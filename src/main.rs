//! The command line.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use lectern::{
    config::{Cli, Command, JobsCommand, MailCommand, SchoolCommand, Settings, TenantCommand},
    domains, ops, schema, telemetry,
};
use lectern_kernel::{auth::SigningKey, sealing::Sealer};

/// Faster than the system's own at what serving takes: many small pieces that live for one request.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A process that reads a document is nothing else.
    if let Some(code) = domains::knowledge::read_as_child() {
        return code;
    }
    let cli = Cli::read();
    let runtime = match ops::runtime() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error.into()),
    };
    let serves = matches!(cli.command, None | Some(Command::Serve | Command::Worker));
    let started = {
        let _entered = runtime.enter();
        telemetry::start(&cli.settings, serves)
    };
    // Dropped before the runtime, which sends what waits.
    let _telemetry = match started {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

/// One line that says what to do; the causes behind it, where there are any.
#[allow(clippy::print_stderr, reason = "for the person who started it")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("lectern: {error:#}");
    ExitCode::FAILURE
}

#[allow(clippy::print_stdout, reason = "what was asked for")]
async fn run(cli: Cli) -> anyhow::Result<()> {
    let settings = &cli.settings;
    settings.check_sharding()?;
    let is_spread = settings.sharding.is_some();
    match cli.command.unwrap_or(Command::Serve) {
        Command::Serve => ops::serve(settings).await,
        Command::Worker => ops::work(settings).await,
        Command::Migrate(arguments) => {
            on_each(settings, async |own| {
                let report = with_cluster(own, async |cluster| cluster.migrate(arguments.all).await).await?;
                print!("{}", ops::migrated(&report));
                Ok(())
            })
            .await
        }
        Command::Seed(arguments) => {
            let settings = &ops::target(settings)?;
            on_cluster(settings, async |cluster| match arguments.scale {
                Some(schools) => ops::seed_scale(&cluster.platform_url()?, cluster.owner_url().ok().as_deref(), schools).await,
                None => {
                    ops::make_folder(settings)?;
                    // Where no keys are given here, what the demo seals is of no use: its endpoint needs another secret (`rotateWebhookSecret`).
                    let sealer = cluster.sealer().or_else(|_| Sealer::from_text(&Sealer::generate()?))?;
                    let loaded = ops::seed_demo(&cluster.platform_url()?, &sealer, &ops::objects(settings)?).await?;
                    println!("{}", if loaded { "The two demo schools are loaded." } else { "The demo schools are there already." });
                    Ok(())
                }
            })
            .await
        }
        Command::Tenant(SchoolCommand::Here(command)) => tenant(settings, &command).await,
        Command::Tenant(SchoolCommand::Import(arguments)) => {
            let (spread, own) = (ops::Spread::of(settings)?, ops::target(settings)?);
            on_cluster(&own, async |cluster| ops::import(&own, cluster, &arguments, spread.as_ref()).await).await
        }
        Command::Tenant(SchoolCommand::Move(arguments)) => {
            let Some(spread) = ops::Spread::of(settings)? else {
                bail!("LECTERN_SHARDING is not set: there is one database, and nowhere to move to")
            };
            println!(
                "{}",
                ops::relocate(settings, &spread, &arguments, async |school, shard| ops::switched_by(&arguments, school, shard).await)
                    .await?
            );
            Ok(())
        }
        Command::Desk(_) if is_spread => {
            bail!("the platform's endpoint is for one database: where schools are spread over several, `lectern tenant` does its work")
        }
        Command::Desk(command) => on_cluster(settings, async |cluster| ops::desk(&cluster.platform_url()?, &command).await).await,
        Command::Files(command) => {
            on_each(settings, async |own| on_cluster(own, async |cluster| ops::files(own, cluster, &command).await).await).await
        }
        Command::Jobs(command) => {
            if is_spread && settings.shard.is_none() && !matches!(command, JobsCommand::List(_)) {
                bail!("--shard says where the jobs are: `lectern jobs list` shows them, one shard after the other");
            }
            on_each(settings, async |own| on_cluster(own, async |cluster| ops::jobs(&cluster.platform_url()?, &command).await).await).await
        }
        Command::Mail(command) => {
            let MailCommand::Test(test) = &command;
            let own = match (ops::Spread::of(settings)?, &test.tenant) {
                (Some(spread), Some(slug)) => settings.of_shard(spread.find(slug).await?)?,
                _ => ops::target(settings)?,
            };
            on_cluster(&own, async |cluster| ops::mail(&own, cluster, &command).await).await
        }
        Command::Health(arguments) => ops::health(settings.listen, arguments.url.as_deref()).await,
        Command::Doctor(arguments) => {
            let of_all = if is_spread { tell(&ops::doctor_of_shards(settings).await, arguments.json) } else { Ok(()) };
            let of_each = on_each(settings, async |own| {
                let report = with_cluster(own, async |cluster| Ok(ops::doctor(own, cluster).await)).await?;
                tell(&report, arguments.json)
            })
            .await;
            of_all.and(of_each)
        }
        Command::Audit(arguments) => {
            on_each(settings, async |own| {
                on_cluster(own, async |cluster| {
                    let report = ops::audit::audit(
                        own,
                        &cluster.app_url()?,
                        &cluster.platform_url()?,
                        cluster.desk_url().as_deref(),
                        ops::told_to_stop(),
                    )
                    .await?;
                    tell(&report, arguments.json)
                })
                .await
            })
            .await
        }
        Command::Drift(arguments) => {
            on_each(settings, async |own| {
                let look = async |cluster: &ops::Cluster| ops::drift::drift(own, &cluster.owner_url()?, ops::told_to_stop()).await;
                let drift = with_cluster(own, look).await?;
                print!("{}", if arguments.json { drift.json() + "\n" } else { drift.table() });
                if drift.findings.is_empty() { Ok(()) } else { bail!("the database has drifted from migrations and policies") }
            })
            .await
        }
        Command::Smoke(arguments) => {
            let password = match std::env::var("LECTERN_SMOKE_PASSWORD") {
                Ok(password) => password,
                Err(_unset) if arguments.is_demo() => "lectern-demo".to_owned(),
                Err(_unset) => {
                    rpassword::prompt_password(format!("Password of {}: ", arguments.email)).context("LECTERN_SMOKE_PASSWORD is needed")?
                }
            };
            let account = ops::smoke::Account { tenant: arguments.tenant, email: arguments.email, password };
            tell(&ops::smoke::smoke(&arguments.url, &account, ops::told_to_stop()).await?, arguments.json)
        }
        Command::Schema(arguments) => {
            print!("{}", if arguments.platform { schema::platform::sdl() } else { schema::sdl() });
            Ok(())
        }
        Command::Key(arguments) => {
            println!("{}", if arguments.secret { Sealer::generate()? } else { SigningKey::generate()?.to_text() });
            Ok(())
        }
        Command::Keys(command) => {
            on_each(settings, async |own| {
                on_cluster(own, async |cluster| ops::keys(&cluster.platform_url()?, &cluster.sealer()?, &command).await).await
            })
            .await
        }
        Command::Version => {
            print!("{}", ops::version());
            Ok(())
        }
    }
}

/// Does something with schools that are here, or are to be: on the shard where the school lies, or is to.
async fn tenant(settings: &Settings, command: &TenantCommand) -> anyhow::Result<()> {
    let Some(spread) = ops::Spread::of(settings)? else {
        return on_cluster(settings, async |cluster| ops::tenant(&cluster.platform_url()?, command).await).await;
    };
    let slug = match command {
        TenantCommand::List => {
            return on_each(settings, async |own| {
                on_cluster(own, async |cluster| ops::tenant(&cluster.platform_url()?, command).await).await
            })
            .await;
        }
        TenantCommand::Create(arguments) => {
            let (id, place) = spread.found(&arguments.slug).await?;
            let own = settings.of_shard(place)?;
            return on_cluster(&own, async |cluster| ops::found(&cluster.platform_url()?, arguments, id).await).await;
        }
        TenantCommand::Renew(arguments) => &arguments.slug,
        TenantCommand::Suspend(arguments) => &arguments.slug,
        TenantCommand::Quota(arguments) => &arguments.slug,
    };
    let own = settings.of_shard(spread.find(slug).await?)?;
    on_cluster(&own, async |cluster| ops::tenant(&cluster.platform_url()?, command).await).await
}

/// Does the same on each shard, or on the one of `--shard`; on the only database, where there are no shards. One that fails does not keep the
/// others from it.
#[allow(clippy::print_stderr, reason = "for the person who started it")]
async fn on_each(settings: &Settings, work: impl AsyncFn(&Settings) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let (mut all, mut failed) = (0, 0);
    for (number, own) in ops::targets(settings)? {
        let Some(number) = number else { return work(&own).await };
        eprintln!("lectern: shard {number}");
        all += 1;
        if let Err(error) = work(&own).await {
            eprintln!("lectern: shard {number}: {error:#}");
            failed += 1;
        }
    }
    if failed == 0 { Ok(()) } else { bail!("{failed} of {all} shards failed") }
}

/// Prints a report; what failed is a failure of the command.
#[allow(clippy::print_stdout, reason = "what was asked for")]
fn tell(report: &ops::report::Report, json: bool) -> anyhow::Result<()> {
    print!("{}", if json { report.json() + "\n" } else { report.table() });
    match report.failed() {
        0 => Ok(()),
        1 => bail!("one check failed"),
        failed => bail!("{failed} checks failed"),
    }
}

/// Works on a migrated database, beside a Lectern that serves from it where there is one.
async fn on_cluster(settings: &Settings, work: impl AsyncFnOnce(&ops::Cluster) -> anyhow::Result<()>) -> anyhow::Result<()> {
    with_cluster(settings, async |cluster| {
        cluster.prepare().await?;
        work(cluster).await
    })
    .await
}

/// Works on a database as it is. What was started for that ends with it, also where the work failed.
async fn with_cluster<T>(settings: &Settings, work: impl AsyncFnOnce(&ops::Cluster) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let cluster = ops::Cluster::join(settings).await?;
    let done = work(&cluster).await;
    let closed = cluster.close().await;
    let done = done?;
    closed?;
    Ok(done)
}
