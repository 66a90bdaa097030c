//! Reading certificates, and verifying them.

use async_graphql::Context;
use lectern_kernel::{
    error::Result,
    ids::Id,
    permission::Permission::{CertificateManage, EnrollmentReadAll},
    resolve::{Connection, Ctx, Forward, Loaded, filtered, list_of, one, page},
};
use lectern_macros::queries;

use super::{
    Certificate, VERIFICATIONS,
    lists::{CertificateFilter, LATEST},
    printed::{CertificateVerification, Printed},
};

/// Queries of certificates.
pub struct CertificateQueries;

#[queries]
impl CertificateQueries {
    /// A certificate; null when there is none, or none that you may see.
    async fn certificate(
        ctx: &Context<'_>,
        /// The certificate's id.
        id: Id<Certificate>,
    ) -> Result<Option<Loaded<Certificate>>> {
        one(ctx, id).await
    }

    /// The certificates that you may see, the latest first: your own, those of the courses that you are staff of, and all of the school with CERTIFICATE_MANAGE or
    /// ENROLLMENT_READ_ALL.
    async fn certificates(
        ctx: &Context<'_>,
        paging: Forward,
        /// Which certificates.
        filter: Option<CertificateFilter>,
    ) -> Result<Option<Connection<Certificate>>> {
        let mut list = list_of::<Certificate>("certificates", LATEST);
        filter.unwrap_or_default().narrow(&mut list)?;
        let actor = ctx.actor()?;
        if !actor.can(CertificateManage) && !actor.can(EnrollmentReadAll) {
            list.among("ct.id", "app.own_certificates()"); // as the policy says, which would be asked of every certificate
        }
        page(ctx, filtered::<CertificateFilter>(ctx, list)?, paging).await.map(Some)
    }

    /// All that is printed on a certificate, for anybody who knows its code, and how it stands; null for a code that there is not. Also while the school's
    /// subscription has lapsed. RATE_LIMITED beyond 30 a minute from one address.
    #[public]
    #[budget(VERIFICATIONS)]
    async fn verify_certificate(
        ctx: &Context<'_>,
        /// The school's short name.
        tenant: String,
        /// The code that stands on it, in any case, with or without dashes.
        code: String,
    ) -> Result<Option<CertificateVerification>> {
        Ok(Printed::find(ctx.tx(), &tenant, &code).await?.map(CertificateVerification::from))
    }
}
