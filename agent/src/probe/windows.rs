//! What several readers of Windows share: COM, services, the Security Center and WMI. Nothing here knows a reading.

pub mod com;
pub mod image;
pub mod query;
pub mod security_center;
pub mod services;
