//! Signing others out, and taking their second factor away.

use async_graphql::{Context, ID};
use lectern_kernel::{
    db::OnConstraint as _,
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Loaded, Rows as _},
};
use lectern_macros::mutations;

use super::sql;
use crate::domains::identity::User;

/// Mutations of others' sign-ins and second factors.
pub struct PeopleMutations;

/// People at most in one mutation.
const MOST: usize = 100;

fn too_high() -> Error {
    Error::forbidden("ROLE_TOO_HIGH", "This person holds a role that grants more than yours.")
}

/// Signs people out whom the actor outranks, all or nobody.
async fn sign_out(ctx: &Context<'_>, ids: &[ID], resets: bool) -> Result<Vec<Loaded<User>>> {
    let people = Id::<User>::parse_list("ids", ids, MOST)?;
    let actor = ctx.actor()?;
    let rows = ctx.tx().query(sql::BELOW, &[&people]).await?;
    for (index, row) in rows.iter().enumerate() {
        let field = format!("ids.{index}");
        let (exists, is_below): (bool, bool) = (row.get(0), row.get(1));
        if !exists {
            return Err(Error::not_found("person").field(field));
        }
        if resets && actor.is(people[index].0) {
            return Err(Error::forbidden("NOT_YOURS", "Use `disableSecondFactor` for your own.").field(field));
        }
        if !is_below {
            return Err(too_high().field(field));
        }
    }
    ctx.tx().query(sql::SIGN_OUT, &[&people, &resets]).await.on_row_security(|| too_high().field("ids"))?;
    Ok(ctx.rows(sql::PEOPLE, &[&people]).await?)
}

#[mutations("User")]
impl PeopleMutations {
    /// Ends every sign-in of 1 to 100 people who hold no more than you, all or nobody; `field` says who was refused: `ids.3`. Their tokens are dead at
    /// once, they may sign in again. FORBIDDEN with ROLE_TOO_HIGH.
    #[needs(UserUpdate)]
    #[in_person]
    async fn sign_out_users(
        ctx: &Context<'_>,
        /// The people's ids, each once.
        ids: Vec<ID>,
    ) -> Result<Vec<Loaded<User>>> {
        sign_out(ctx, &ids, false).await
    }

    /// Takes the second factor of 1 to 100 people away who hold no more than you and have lost theirs, all or nobody; `field` says who was refused:
    /// `ids.3`. They are mailed that, and signed out; whoever has none stays as they are. FORBIDDEN with ROLE_TOO_HIGH, with NOT_YOURS for your own.
    #[needs(UserUpdate)]
    #[in_person]
    async fn reset_second_factors(
        ctx: &Context<'_>,
        /// The people's ids, each once.
        ids: Vec<ID>,
    ) -> Result<Vec<Loaded<User>>> {
        sign_out(ctx, &ids, true).await
    }
}
