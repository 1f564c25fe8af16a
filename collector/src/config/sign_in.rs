//! `[sign_in]`: how people sign in.

use serde::Deserialize;

use crate::domain::access::TotpRule;

/// How people sign in.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SignIn {
    /// Who must have a second factor: `nobody`, `administrators` or `everybody`.
    pub second_factor: TotpRule,
}
