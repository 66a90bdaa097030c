//! Coupons and referrals: making, changing and deleting them.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    permission::Permission::ProgramManage,
    resolve::{Ctx, Insert, Loaded, Patch, Rows},
};
use lectern_macros::mutations;

use super::{
    Coupon, Referral,
    inputs::{CreateCouponInput, CreateReferralInput, UpdateCouponInput, UpdateReferralInput, code, limit, off, unavailable},
    sql,
};
use crate::domains::{
    identity::User,
    programs::{Program, below_used},
};

/// Mutations of coupons.
pub struct CouponMutations;

/// Mutations of referrals.
pub struct ReferralMutations;

fn taken(_: &DbError) -> Error {
    Error::conflict("CODE_TAKEN", "Another coupon or referral of the program has this code.").field("code")
}

/// What the database refuses in a coupon.
fn refused<T>(written: Result<T, DbError>) -> Result<T> {
    Ok(written
        .on_constraint("program_code_pkey", taken)
        .on_constraint("coupon_span_check", |_| Error::bad_input("endsAt", "must be later than `startsAt`"))
        .on_constraint("coupon_off_check", |_| Error::bad_input("percentOff", "must be given, or `amountOff`, and not both"))
        .on_constraint("coupon_currency_fkey", |_| unavailable("amountOff.currency"))?)
}

/// How often something may be used: left out, cleared, or set.
fn uses(field: &str, given: &MaybeUndefined<i32>) -> Result<Option<Option<i32>>> {
    match given {
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => Ok(Some(None)),
        MaybeUndefined::Value(number) => limit(field, number).map(|number| Some(Some(number))),
    }
}

async fn set_coupon_uses(ctx: &Context<'_>, id: Id<Coupon>, most: Option<i32>) -> Result<()> {
    let set = ctx.tx().query(sql::SET_COUPON_USES, &[&id, &most]).await;
    set.on_constraint("coupon_uses_used", |error| below_used(error, "maxUses", "More orders use it than that."))?;
    Ok(())
}

#[mutations("Coupon")]
impl CouponMutations {
    /// Adds a coupon to a program. CONFLICT with CODE_TAKEN where another coupon or a referral of the program has that code; BAD_USER_INPUT with CURRENCY_UNAVAILABLE for an amount
    /// in a currency that the program does not have.
    #[needs(ProgramManage)]
    async fn create_coupon(
        ctx: &Context<'_>,
        /// The coupon.
        input: CreateCouponInput,
    ) -> Result<Loaded<Coupon>> {
        let made = Insert::<Coupon>::new().input(ctx, &input)?;
        let most = input.max_uses.map(|number| limit("maxUses", &number)).transpose()?;
        let amount = input.amount_off.as_ref().map(|money| money.check_positive("amountOff")).transpose()?;
        if amount.is_some() == input.percent_off.is_some() {
            return Err(Error::bad_input("percentOff", "must be given, or `amountOff`, and not both"));
        }
        let program = Id::<Program>::parse("programId", &input.program_id)?;
        ctx.get(program).await?.ok_or_else(|| Error::not_found("program").field("programId"))?;
        let (amount, currency) = amount.map(|money| (money.amount, money.currency)).unzip();
        let columns = Coupon::COLUMNS;
        let made = made.set(columns.program_id, program).set(columns.amount_off, amount).set(columns.currency, currency);
        let id = made.id();
        let made = refused(made.run(ctx).await)?;
        if most.is_some() {
            set_coupon_uses(ctx, id, most).await?;
        }
        Ok(made)
    }

    /// Changes a coupon. What is left out stays as it is; orders keep what it took off. CONFLICT with BELOW_USED for fewer uses than there are.
    #[needs(ProgramManage)]
    async fn update_coupon(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateCouponInput,
    ) -> Result<Loaded<Coupon>> {
        let id = Id::<Coupon>::parse("id", &input.id)?;
        let mut change = Patch::of(id).input(ctx, &input)?;
        let most = uses("maxUses", &input.max_uses)?;
        let columns = Coupon::COLUMNS;
        // What is left out stays: of both, or of none, the database says no.
        match &input.percent_off {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => change = change.set(columns.percent_off, None),
            MaybeUndefined::Value(percent) => change = change.set(columns.percent_off, Some(off("percentOff", percent)?)),
        }
        match &input.amount_off {
            MaybeUndefined::Undefined => {}
            MaybeUndefined::Null => change = change.set(columns.amount_off, None).set(columns.currency, None),
            MaybeUndefined::Value(money) => {
                let money = money.check_positive("amountOff")?;
                change = change.set(columns.amount_off, Some(money.amount)).set(columns.currency, Some(money.currency));
            }
        }
        let changed = refused(change.run(ctx).await)?.ok_or_else(|| Error::not_found("coupon").field("id"))?;
        if let Some(most) = most {
            set_coupon_uses(ctx, id, most).await?;
        }
        Ok(changed)
    }

    /// Deletes a coupon that no order has used. CONFLICT with IN_USE for one that some have, whatever became of them: `isActive: false` ends its use. Answers its id.
    #[needs(ProgramManage)]
    async fn delete_coupon(
        ctx: &Context<'_>,
        /// The coupon's id.
        id: Id<Coupon>,
    ) -> Result<Id<Coupon>> {
        let deleted = ctx
            .tx()
            .query(sql::DELETE_COUPON, &[&id])
            .await
            .on_reference(|| Error::conflict("IN_USE", "Orders have used it: `isActive: false` ends its use.").field("id"))?;
        if deleted.is_empty() { Err(Error::not_found("coupon").field("id")) } else { Ok(id) }
    }
}

#[mutations("Referral")]
impl ReferralMutations {
    /// Makes a referral code. Who was accepted into a program makes as many of their own as it lets them (LIMIT_REACHED; CONFLICT with NOT_ACCEPTED before that); PROGRAM_MANAGE
    /// makes any, for anybody, and says what they take off: FORBIDDEN for others. CONFLICT with CODE_TAKEN.
    #[needs(ApplicationSubmit, ProgramManage)]
    async fn create_referral(
        ctx: &Context<'_>,
        /// The referral.
        input: CreateReferralInput,
    ) -> Result<Loaded<Referral>> {
        let actor = ctx.actor()?;
        let most = input.max_uses.map(|number| limit("maxUses", &number)).transpose()?;
        let percent = input.percent_off.map(|percent| off("percentOff", &percent)).transpose()?;
        let chosen = input.code.as_deref().map(|given| code("code", given)).transpose()?;
        let owner = Id::<User>::parse_opt("userId", input.user_id.as_ref())?;
        let program = Id::<Program>::parse("programId", &input.program_id)?;
        for (field, is_given) in [("userId", owner.is_some()), ("percentOff", percent.is_some())] {
            if is_given && !actor.can(ProgramManage) {
                return Err(Error::missing_permission(&[ProgramManage]).field(field));
            }
        }
        ctx.get(program).await?.ok_or_else(|| Error::not_found("program").field("programId"))?;
        if let Some(owner) = owner {
            ctx.get(owner).await?.ok_or_else(|| Error::not_found("person").field("userId"))?;
        }
        let (id, owner) = (Id::<Referral>::generate(), owner.unwrap_or_else(|| Id::from_uuid(actor.user)));
        ctx.tx()
            .query(sql::CREATE_REFERRAL, &[&id, &program, &owner, &chosen, &percent.unwrap_or_default(), &most])
            .await
            .on_constraint("program_code_pkey", taken)
            .on_constraint("referral_person", |_| Error::not_found("person").field("userId"))
            .on_constraint("referral_not_accepted", |_| {
                Error::conflict("NOT_ACCEPTED", "Your application to this program is not ACCEPTED.").field("programId")
            })
            .on_constraint("referral_limit", |error| {
                let (limit, used) = (error.number("limit").unwrap_or_default(), error.number("used").unwrap_or_default());
                Error::limit_reached(format!("You may make {limit} referral codes for this program."), limit, used).field("programId")
            })?;
        ctx.whole(id).await?.ok_or_else(|| Error::internal("a referral that was made is not there"))
    }

    /// Changes a referral: your own, with PROGRAM_MANAGE any; else FORBIDDEN with NOT_YOURS. What is left out stays as it is. `percentOff` is for PROGRAM_MANAGE alone. CONFLICT with
    /// BELOW_USED for fewer uses than there were.
    #[needs(ApplicationSubmit, ProgramManage)]
    async fn update_referral(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateReferralInput,
    ) -> Result<Loaded<Referral>> {
        let id = Id::<Referral>::parse("id", &input.id)?;
        let most = uses("maxUses", &input.max_uses)?;
        let percent = match &input.percent_off {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(0),
            MaybeUndefined::Value(percent) => Some(off("percentOff", percent)?),
        };
        let is_active = match &input.is_active {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => return Err(Error::not_null("isActive")),
            MaybeUndefined::Value(is_active) => Some(*is_active),
        };
        if percent.is_some() && !ctx.actor()?.can(ProgramManage) {
            return Err(Error::missing_permission(&[ProgramManage]).field("percentOff"));
        }
        let columns = Referral::COLUMNS;
        let change = Patch::of(id).set_if(columns.percent_off, percent).set_if(columns.is_active, is_active);
        let Some(changed) = change.run(ctx).await? else { return Err(ctx.untouched(id, "referral").await) };
        if let Some(most) = most {
            let set = ctx.tx().query(sql::SET_REFERRAL_USES, &[&id, &most]).await;
            set.on_constraint("referral_uses_used", |error| below_used(error, "maxUses", "More applications have named it than that."))?;
        }
        Ok(changed)
    }
}
