//! Entrar and Salir.

/// The address of the sign-in page that leads back to `path` afterwards.
pub fn address(path: &str) -> String {
    let next =
        form_urlencoded::Serializer::new(String::new()).append_pair("siguiente", path).finish();
    format!("/entrar?{next}")
}
