//! Creating, listing, renewing and suspending schools.

use crate::config::TenantCommand;

/// Runs one of the commands.
///
/// # Errors
/// What stands in the way, in one sentence.
pub async fn tenant(_platform_url: &str, _command: &TenantCommand) -> anyhow::Result<()> {
    Ok(())
}
