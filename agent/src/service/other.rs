//! How a person asks the program to stop where there is no service control yet.

/// Ends when a person asks the program to stop.
///
/// # Errors
/// Never here.
pub fn stop_requested() -> std::io::Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a way to be asked, it works on.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
