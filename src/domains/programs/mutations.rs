//! Making, changing and deleting programs.

use async_graphql::{Context, MaybeUndefined};
use lectern_kernel::{
    db::{DbError, OnConstraint},
    error::{Error, Result},
    ids::Id,
    resolve::{Ctx, Insert, Loaded, Patch, Rows, present},
};
use lectern_macros::mutations;

use super::{
    Program,
    inputs::{CreateProgramInput, SetProgramStatusInput, UpdateProgramInput, currencies, slug},
    money::unknown_currency,
    program::ProgramStatus,
    sql,
};

/// Mutations of programs.
pub struct ProgramMutations;

/// The refusal where there is no such program, or none that the actor sees.
pub fn no_program(field: &str) -> Error {
    Error::not_found("program").field(field)
}

/// Fewer are wanted than there are.
pub fn below_used(error: &DbError, field: &str, message: &str) -> Error {
    let number = |name| error.number(name).and_then(|number| usize::try_from(number).ok()).unwrap_or_default();
    Error::conflict("BELOW_USED", message).field(field).limit(number("limit"), number("used"))
}

/// A short name out of a name: its words, and the last characters of the new id, so that two of one name differ.
async fn named(ctx: &Context<'_>, name: &str, id: Id<Program>) -> Result<String> {
    let words: Option<String> = ctx.tx().value(sql::SLUG, &[&name]).await?;
    let id = id.to_string();
    let ending = id.get(id.len().saturating_sub(4)..).unwrap_or_default();
    let words = words.unwrap_or_default();
    let words = words.get(..58).unwrap_or(&words).trim_end_matches('-');
    Ok(if words.is_empty() { format!("program-{ending}") } else { format!("{words}-{ending}") })
}

/// What the database refuses in a program. `sets_fee`: whether the fee is what is new.
fn refused<T>(written: Result<T, DbError>, sets_fee: bool) -> Result<T> {
    let priced = |_: &DbError| Error::conflict("IN_USE", "Something is priced in a currency that is left out.").field("currencies");
    Ok(written
        .on_constraint("program_slug_key", |_| Error::conflict("SLUG_TAKEN", "Another program has this short name.").field("slug"))
        .on_constraint("program_span_check", |_| Error::bad_input("endsAt", "must be after `startsAt`"))
        .on_constraint("program_window_check", |_| Error::bad_input("applicationsCloseAt", "must be after `applicationsOpenAt`"))
        .on_constraint("program_scores_check", |_| Error::bad_input("acceptScore", "must be above `rejectScore`"))
        .on_constraint("program_fee_currency_check", |error| {
            if sets_fee {
                Error::bad_input("applicationFee.currency", "must be one of the program's currencies").reason("CURRENCY_UNAVAILABLE")
            } else {
                priced(error)
            }
        })
        .on_constraint("program_currency_unknown", |error| {
            unknown_currency(&format!("currencies.{}", error.number("index").unwrap_or_default()))
        })
        .on_constraint("product_price_currency_fkey", priced)
        .on_constraint("coupon_currency_fkey", priced)
        .on_constraint("program_below_used", |error| below_used(error, "capacity", "More places are taken than that."))?)
}

#[mutations("Program")]
impl ProgramMutations {
    /// Makes a program, as a draft. CONFLICT with SLUG_TAKEN; BAD_USER_INPUT with UNKNOWN_CURRENCY for what ISO 4217 does not have, with CURRENCY_UNAVAILABLE for a fee
    /// in none of the program's currencies.
    #[needs(ProgramManage)]
    async fn create_program(
        ctx: &Context<'_>,
        /// The program.
        input: CreateProgramInput,
    ) -> Result<Loaded<Program>> {
        let mut made = Insert::<Program>::new().input(ctx, &input)?;
        if let Some(fee) = &input.application_fee {
            let fee = fee.check_positive("applicationFee")?;
            made = made.set(Program::COLUMNS.fee_amount, Some(fee.amount)).set(Program::COLUMNS.fee_currency, Some(fee.currency));
        }
        let given = input.slug.as_deref().map(|text| slug("slug", text)).transpose()?;
        let slug = match given {
            Some(slug) => slug,
            None => named(ctx, &input.name, made.id()).await?,
        };
        refused(made.set(Program::COLUMNS.slug, slug).run(ctx).await, true)
    }

    /// Changes a program. What is left out stays as it is; what was ordered stays as it was ordered. CONFLICT with SLUG_TAKEN, with IN_USE for a currency that is left
    /// out and in which the fee, a product or a coupon is priced, with BELOW_USED for fewer places than are taken.
    #[needs(ProgramManage)]
    async fn update_program(
        ctx: &Context<'_>,
        /// The changes.
        input: UpdateProgramInput,
    ) -> Result<Loaded<Program>> {
        let id = Id::<Program>::parse("id", &input.id)?;
        let mut change = Patch::of(id).input(ctx, &input)?;
        let fee = match &input.application_fee {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(fee) => Some(Some(fee.check_positive("applicationFee")?)),
        };
        change = change
            .set_if(Program::COLUMNS.currencies, present("currencies", &input.currencies, |field, codes| currencies(field, codes))?)
            .set_if(Program::COLUMNS.fee_amount, fee.as_ref().map(|fee| fee.as_ref().map(|fee| fee.amount)))
            .set_if(Program::COLUMNS.fee_currency, fee.as_ref().map(|fee| fee.as_ref().map(|fee| fee.currency.clone())));
        refused(change.run(ctx).await, fee.is_some())?.ok_or_else(|| no_program("id"))
    }

    /// Takes a program on: from DRAFT to ACTIVE or ARCHIVED, from ACTIVE to ENDED, or back to DRAFT as long as nobody has applied (else CONFLICT with IN_USE), from
    /// ENDED to ARCHIVED, or to ACTIVE again. CONFLICT with INVALID_TRANSITION for any other step.
    #[needs(ProgramManage)]
    async fn set_program_status(
        ctx: &Context<'_>,
        /// Which program, and its status.
        input: SetProgramStatusInput,
    ) -> Result<Loaded<Program>> {
        let id = Id::<Program>::parse("id", &input.id)?;
        let set = ctx
            .row::<Program>(sql::SET_STATUS, &[&id, &input.status])
            .await
            .on_constraint("program_transition", |error| {
                let from = error.text("from").unwrap_or_default();
                let message = format!("A program that is {from} can't become {}.", input.status.as_str());
                Error::conflict("INVALID_TRANSITION", message).field("status")
            })
            .on_constraint("program_in_use", |_| {
                Error::conflict("IN_USE", "People have applied to this program: end it instead.").field("status")
            })?;
        set.ok_or_else(|| no_program("id"))
    }

    /// Deletes a draft that nobody has applied to, with all that belongs to it. CONFLICT with IN_USE for any other: archive it. Answers its id.
    #[needs(ProgramManage)]
    async fn delete_program(
        ctx: &Context<'_>,
        /// The program's id.
        id: Id<Program>,
    ) -> Result<Id<Program>> {
        let in_use =
            || Error::conflict("IN_USE", "Only a draft that nobody has applied to can be deleted: archive it instead.").field("id");
        let deleted = ctx.tx().query(sql::DELETE, &[&id]).await.on_reference(in_use)?;
        if !deleted.is_empty() {
            return Ok(id);
        }
        match ctx.get(id).await? {
            Some(Program { status, .. }) if status != ProgramStatus::Draft => Err(in_use()),
            _ => Err(no_program("id")),
        }
    }
}
