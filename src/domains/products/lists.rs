//! Lists of coupons and referrals: their filters.

use async_graphql::{ID, InputObject};
use lectern_kernel::{db::List, error::Result, ids::Id};

use crate::domains::{identity::User, programs::Program};

/// Which coupons.
#[derive(InputObject, Default, Clone)]
pub struct CouponFilter {
    /// Of this program.
    pub program_id: Option<ID>,
    /// Whether they can be used.
    pub is_active: Option<bool>,
    /// With this code, whatever its case.
    pub code: Option<String>,
}

impl CouponFilter {
    /// Narrows a list of coupons.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(program) = Id::<Program>::parse_opt("filter.programId", self.program_id.as_ref())? {
            let program = list.bind(program);
            list.filter(format!("cp.program_id = {program}"));
        }
        if let Some(is_active) = self.is_active {
            let is_active = list.bind(is_active);
            list.filter(format!("cp.is_active = {is_active}"));
        }
        if let Some(code) = &self.code {
            let code = list.bind(code.trim().to_ascii_uppercase());
            list.filter(format!("cp.code = {code}"));
        }
        Ok(())
    }
}

/// Which referrals.
#[derive(InputObject, Default, Clone)]
pub struct ReferralFilter {
    /// To this program.
    pub program_id: Option<ID>,
    /// Of this person.
    pub owner_id: Option<ID>,
}

impl ReferralFilter {
    /// Narrows a list of referrals.
    ///
    /// # Errors
    /// `BAD_USER_INPUT` for a wrong filter.
    pub fn narrow(&self, list: &mut List) -> Result<()> {
        if let Some(program) = Id::<Program>::parse_opt("filter.programId", self.program_id.as_ref())? {
            let program = list.bind(program);
            list.filter(format!("rl.program_id = {program}"));
        }
        if let Some(owner) = Id::<User>::parse_opt("filter.ownerId", self.owner_id.as_ref())? {
            let owner = list.bind(owner);
            list.filter(format!("rl.owner_id = {owner}"));
        }
        Ok(())
    }
}
