//! What a school has switched on: flags that its apps read.

use async_graphql::{Context, InputObject};
use lectern_kernel::{
    db::{OnConstraint, Order, SortKey},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Nested, Rows},
};
use lectern_macros::{mutations, object};

use crate::domains::identity::{each_once, role_key};

/// Something that a school has switched on or off. What it means is up to its apps.
#[object(table = "feature_flag", alias = "ff", id = "featureflag")]
#[derive(Clone, Debug)]
pub struct FeatureFlag {
    #[hidden]
    pub id: Id<FeatureFlag>,
    /// Its key: 2 to 40 of the letters a to z, digits and hyphens.
    pub key: String,
    /// Whether it is on.
    pub is_on: bool,
    /// The keys of the roles that it is on for, whenever somebody acts in one; null for everybody.
    pub role_keys: Option<Vec<String>>,
}

/// The flags of a school, by their keys.
pub(super) static FEATURES: Nested =
    Nested::new("tenantSettings.features", Order { key: SortKey::text("KEY", "ff.key"), id: "ff.id", descending: false }, "ff.tenant_id");

/// The keys of the flags that are on for a role.
///
/// # Errors
/// When the database can't be reached.
pub async fn features_of(ctx: &Context<'_>, role_key: &str) -> Result<Vec<String>> {
    const ON: &str = "SELECT f.key FROM feature_flag f WHERE f.tenant_id = $1 AND f.is_on AND (f.role_keys IS NULL OR $2 = ANY (f.role_keys)) ORDER BY f.key";
    let rows = ctx.tx().query(ON, &[&role_key]).await?;
    Ok(rows.iter().map(|row| row.get(0)).collect())
}

/// What is to be switched on or off.
#[derive(InputObject)]
pub struct SetFeatureFlagInput {
    /// The key: 2 to 40 of the letters a to z, digits and hyphens. One that there is not yet is added.
    pub key: String,
    /// Whether it is on.
    pub is_on: bool,
    /// The keys of the roles that it is on for: 1 to 50, each once; null or left out: everybody.
    pub role_keys: Option<Vec<String>>,
}

/// A flag's key, as it is written.
fn flag_key<'a>(field: &str, key: &'a str) -> Result<&'a str> {
    let is_one =
        (2..=40).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_one { Ok(key) } else { Err(Error::bad_input(field, "must be 2 to 40 of the letters a to z, digits and hyphens")) }
}

fn roles(keys: &[String]) -> Result<()> {
    const MOST: usize = 50;
    if keys.is_empty() || keys.len() > MOST {
        return Err(Error::bad_input("roleKeys", format!("must hold 1 to {MOST} keys of roles, or be left out for everybody")));
    }
    for (index, key) in keys.iter().enumerate() {
        role_key(&format!("roleKeys.{index}"), key)?;
    }
    each_once("roleKeys", keys)
}

/// Mutations of flags.
pub struct FeatureMutations;

#[mutations("FeatureFlag")]
impl FeatureMutations {
    /// Switches something on or off, for everybody or for some roles; `Viewer.features` says what is on. LIMIT_REACHED beyond 100 keys.
    #[needs(TenantManage)]
    #[in_person]
    async fn set_feature_flag(
        ctx: &Context<'_>,
        /// What, and for whom.
        input: SetFeatureFlagInput,
    ) -> Result<Loaded<FeatureFlag>> {
        const SET: &str = "INSERT INTO feature_flag AS ff (tenant_id, id, key, is_on, role_keys) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (tenant_id, key) DO UPDATE SET is_on = excluded.is_on, role_keys = excluded.role_keys RETURNING {ff}";
        let key = flag_key("key", &input.key)?;
        input.role_keys.as_deref().map(roles).transpose()?;
        let id = Id::<FeatureFlag>::generate();
        let set = ctx
            .row(SET, &[&id, &key, &input.is_on, &input.role_keys])
            .await
            .on_constraint("feature_flag_roles", |error| {
                let field = format!("roleKeys.{}", error.number("at").unwrap_or_default());
                Error::bad_input(field, "is not the key of a role of this school")
            })
            .on_constraint("feature_flag_most", |error| {
                let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
                Error::limit_reached(format!("A school has at most {limit} flags."), limit, used)
            })?;
        set.ok_or_else(|| Error::internal("an INSERT returned nothing"))
    }

    /// Deletes a flag. Answers its key. NOT_FOUND where there is none.
    #[needs(TenantManage)]
    #[in_person]
    async fn delete_feature_flag(
        ctx: &Context<'_>,
        /// Its key.
        key: String,
    ) -> Result<String> {
        const DELETE: &str = "DELETE FROM feature_flag f WHERE f.tenant_id = $1 AND f.key = $2 RETURNING f.key";
        let key = flag_key("key", &key)?;
        let deleted = ctx.tx().query(DELETE, &[&key]).await?;
        deleted.first().map(|row| row.get(0)).ok_or_else(|| Error::not_found("flag").field("key"))
    }
}
