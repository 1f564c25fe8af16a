//! Identifiers: text (UUIDv7) behind a type each, so that a run's id is never taken for a device's.

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(
            Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes an identifier as it stands in the store, a certificate or a path.
            pub fn new(text: impl Into<String>) -> Self {
                $name(text.into())
            }

            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

ids! {
    /// A PC.
    DeviceId,
    /// An office.
    AreaId,
    /// A place with areas.
    SiteId,
    /// A LAN with its gateway and provider.
    NetworkId,
    /// Someone who signs in.
    PersonId,
    /// An alert.
    AlertId,
    /// One execution of a procedure.
    RunId,
    /// A typed action sent to an agent.
    ActionId,
    /// An enrolment code.
    CodeId,
    /// An API token.
    TokenId,
    /// A file of a run.
    AttachmentId,
    /// A link by which somebody signs a step.
    SigningLinkId,
}
