//! What the Security Center of Windows lists: products that registered themselves, and what they say of their state.
//! Windows Server has none.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use atalaya_reading::bounds;
use windows::Win32::System::SecurityCenter::{
    IWSCProductList, WSC_SECURITY_PRODUCT_OUT_OF_DATE, WSC_SECURITY_PRODUCT_UP_TO_DATE,
    WSC_SECURITY_PROVIDER, WSC_SECURITY_PROVIDER_ANTIVIRUS, WSC_SECURITY_PROVIDER_FIREWALL,
    WSCProductList,
};

use super::com::{Apartment, unread};
use crate::probe::Unread;
use crate::probe::antivirus::security_center::{ProductState, Registered};

const WHAT: &str = "Centro de seguridad";

/// Antivirus products.
pub fn antivirus() -> Result<Vec<Registered>, Unread> {
    listed(WSC_SECURITY_PROVIDER_ANTIVIRUS)
}

/// Firewalls other than that of Windows.
pub fn firewalls() -> Result<Vec<Registered>, Unread> {
    listed(WSC_SECURITY_PROVIDER_FIREWALL)
}

fn listed(provider: WSC_SECURITY_PROVIDER) -> Result<Vec<Registered>, Unread> {
    let apartment = Apartment::enter()?;
    let list: IWSCProductList = apartment.create(WHAT, &WSCProductList)?;
    let read = || {
        // SAFETY: the list was made just now and is initialised once, as it demands.
        unsafe { list.Initialize(provider) }?;
        // SAFETY: initialised.
        let count = unsafe { list.Count() }?.clamp(0, bounds::PRODUCTS as i32) as u32;
        (0..count).map(|index| product(&list, index)).collect::<windows::core::Result<Vec<_>>>()
    };
    read().map_err(|error| unread(WHAT, &error))
}

fn product(list: &IWSCProductList, index: u32) -> windows::core::Result<Registered> {
    // SAFETY: the index is below the count; the product is counted by its type.
    let product = unsafe { list.get_Item(index) }?;
    // SAFETY: plain getters of a live object.
    let (name, state) = unsafe { (product.ProductName()?, product.ProductState()?) };
    // SAFETY: as above; a firewall has none.
    let path = unsafe { product.RemediationPath() }.unwrap_or_default();
    // SAFETY: as above; a firewall has no signatures and refuses the question.
    let signatures = unsafe { product.SignatureStatus() }.ok();
    Ok(Registered {
        name: bounds::text(&name.to_string(), bounds::TEXT),
        state: ProductState::from_number(state.0),
        path: path.to_string(),
        signatures_stale: signatures.and_then(|status| match status {
            WSC_SECURITY_PRODUCT_OUT_OF_DATE => Some(true),
            WSC_SECURITY_PRODUCT_UP_TO_DATE => Some(false),
            _ => None,
        }),
    })
}
