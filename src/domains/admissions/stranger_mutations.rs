//! What people ask for who are not signed in. The answers are the same whoever they are: a row is written, and a worker finds out.

use async_graphql::Context;
use lectern_kernel::{
    db::{Identity, OnConstraint as _},
    error::{Error, Result},
    resolve::{Ctx, text},
    text::{composed, email_key},
};
use lectern_macros::mutations;
use uuid::Uuid;

use super::{
    code,
    inputs::{self, Address, RequestPasswordResetInput, RequestSignInCodeInput, RequestSignUpInput, SignInWithCodeInput},
    link_mutations::too_many_people,
    sql,
};
use crate::domains::identity::{Session, SignInMethod, begin_session, prove_factor, role_key};

/// Mutations of strangers.
pub struct StrangerMutations;

/// What else a stranger says.
#[derive(Default)]
struct Said {
    name: Option<String>,
    role_key: Option<String>,
    message: Option<String>,
}

/// Writes down what somebody asks for.
async fn ask(ctx: &Context<'_>, kind: &str, school: &str, address: &Address, said: Said) -> Result<bool> {
    let Said { name, role_key, message } = said;
    ctx.tx().go_to_school_named(school).await?;
    ctx.tx().query(sql::ASK, &[&kind, &inputs::school(school), &address.typed, &address.key, &name, &role_key, &message]).await?;
    Ok(true)
}

#[mutations("User")]
impl StrangerMutations {
    /// Asks for a link that resets a password. True, whoever that is: it is mailed where there is such a school and an active person. BAD_USER_INPUT for
    /// what is no email address, RATE_LIMITED where it was asked for too often. It goes on after the subscription has lapsed.
    #[public]
    #[session]
    #[knocks(Mail)]
    async fn request_password_reset(
        ctx: &Context<'_>,
        /// Whose.
        input: RequestPasswordResetInput,
    ) -> Result<bool> {
        let address = inputs::address("email", &input.email)?;
        ask(ctx, "PASSWORD_RESET", &input.tenant, &address, Said::default()).await
    }

    /// Asks for a code of six digits to sign in with. True, whoever that is: it is mailed to whom the school lets sign in so, and the latest counts.
    /// BAD_USER_INPUT for what is no email address or name, RATE_LIMITED where it was asked for too often. It goes on after the subscription has
    /// lapsed, but for somebody new.
    #[public]
    #[session]
    #[knocks(Mail)]
    async fn request_sign_in_code(
        ctx: &Context<'_>,
        /// Who.
        input: RequestSignInCodeInput,
    ) -> Result<bool> {
        let address = inputs::address("email", &input.email)?;
        let name = inputs::optional_name("name", input.name.as_deref())?;
        ask(ctx, "SIGN_IN_CODE", &input.tenant, &address, Said { name, ..Said::default() }).await
    }

    /// Signs in with a mailed code, within 15 minutes, once; five tries of each code are looked at. Where the school lets strangers in so, whoever is new
    /// becomes a person with the role PARTICIPANT. Whatever is wrong answers UNAUTHENTICATED with CODE_INVALID, alike; RATE_LIMITED where too many
    /// were; SECOND_FACTOR_REQUIRED as `login`, and the code is good for another try. It goes on after the subscription has lapsed.
    #[public]
    #[session]
    #[knocks(Code)]
    #[about("Session")]
    async fn sign_in_with_code(
        ctx: &Context<'_>,
        /// The code, and whose it is.
        input: SignInWithCodeInput,
    ) -> Result<Session> {
        const MAX_BYTES: usize = 1024;
        let typed = composed(input.email.trim());
        let digits = input.code.trim();
        if !code::is_code(digits) || typed.len() > MAX_BYTES || typed.contains('\0') {
            return Err(Error::bad_code());
        }
        let key = email_key(&typed).unwrap_or_else(|| typed.to_lowercase());
        let tx = ctx.tx();
        tx.go_to_school_named(&input.tenant).await?;
        let rows = tx.query(sql::FIND_CODE, &[&inputs::school(&input.tenant), &key, &&*typed]).await?;
        let row = rows.first().ok_or_else(|| Error::internal("find_sign_in_code answered nothing"))?;
        let (tenant, kept, user): (Uuid, Option<Vec<u8>>, Option<Uuid>) = (row.get(0), row.get(1), row.get(2));
        let may_sign_in: bool = row.get(4);
        let terms = ctx.request().sign_in;
        let is_right = code::verify(&ctx.request().services.sealer, tenant, &key, digits, kept.as_deref());
        if terms.looks && is_right && may_sign_in {
            let newcomer = Uuid::now_v7();
            let who = user.unwrap_or(newcomer);
            // What follows is done in their name.
            tx.assume(Identity { tenant, user: who, session: Uuid::nil() }).await?;
            let spent = tx.value::<Option<i32>>(sql::SPEND_CODE, &[&key, &kept, &user, &newcomer]).await;
            let version = spent
                .on_constraint("app_user_address_key", |_| Error::bad_code())
                .on_constraint("app_user_email_key", |_| Error::bad_code())
                .on_constraint("tenant_max_users", too_many_people)?;
            if let Some(version) = version.flatten() {
                let is_proven = prove_factor(ctx, (tenant, who), input.second_factor.as_deref(), SignInMethod::EmailCode).await?;
                let how = (SignInMethod::EmailCode, is_proven);
                if let Some(session) = begin_session(ctx, (tenant, who), version, None, None, how).await? {
                    return Ok(session);
                }
            }
        }
        ctx.request().after_rollback().identity = Some(Identity { tenant, ..Identity::default() });
        Err(Error::bad_code())
    }

    /// Asks for a link that confirms a sign-up. True, whoever that is: it is mailed where the school takes applicants in that role, and nobody has the
    /// address; whoever has an account is mailed that. BAD_USER_INPUT for what is no email address, name or message, and for a role that a listed school
    /// does not offer (`roleKey`); RATE_LIMITED where it was asked for too often.
    #[public]
    #[session]
    #[knocks(Mail)]
    async fn request_sign_up(
        ctx: &Context<'_>,
        /// Who wants to come in.
        input: RequestSignUpInput,
    ) -> Result<bool> {
        let address = inputs::address("email", &input.email)?;
        let name = text::name("name", &input.name)?;
        let message = inputs::words("message", input.message.as_deref())?;
        let wanted = role_key("roleKey", &input.role_key)?;
        ctx.tx().go_to_school_named(&input.tenant).await?;
        if ctx.tx().value::<bool>(sql::REFUSES_ROLE, &[&inputs::school(&input.tenant), &wanted]).await? == Some(true) {
            return Err(Error::bad_input("roleKey", "must be a role that the school offers: `publicTenant` says which"));
        }
        let said = Said { name: Some(name), role_key: Some(wanted.to_owned()), message };
        ask(ctx, "SIGN_UP", &input.tenant, &address, said).await
    }
}
