//! The agent under the service control manager of Windows: started by it, stopped by it within five seconds.

mod control;
mod event_log;

use std::ffi::OsString;
use std::sync::OnceLock;
use std::time::Duration;

use tokio::sync::watch;
use windows_service::service::{
    ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState, ServiceStatus, ServiceType,
};
use windows_service::service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle};
use windows_service::{define_windows_service, service_dispatcher};

pub use control::{install, start, uninstall};
pub use event_log::EventLog;

use super::NAME;

/// The manager is told to wait so long for the end; the agent needs less.
const STOP_HINT: Duration = Duration::from_secs(5);

/// Ends when the manager asks the service to stop.
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// Waits for it.
    pub async fn requested(mut self) {
        // A sender that is gone means the same.
        let _ = self.0.wait_for(|stop| *stop).await;
    }
}

/// What the service does; `Err`: why it ended by itself.
type Work = Box<dyn Fn(Stop) -> anyhow::Result<()> + Send + Sync>;

static WORK: OnceLock<Work> = OnceLock::new();

define_windows_service!(service_entry, service_main);

/// Hands the process over to the manager and comes back when the service has stopped.
///
/// # Errors
/// When the manager did not start this process.
pub fn dispatch(work: Work) -> windows_service::Result<()> {
    // A second hand-over in one process cannot come about: the first one lasts until its end.
    let _ = WORK.set(work);
    service_dispatcher::start(NAME, service_entry)
}

fn service_main(_arguments: Vec<OsString>) {
    let (send, stop) = watch::channel(false);
    let handler = move |control| match control {
        ServiceControl::Stop | ServiceControl::Shutdown => {
            let _ = send.send(true);
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    };
    let Ok(status) = service_control_handler::register(NAME, handler) else { return };
    let Some(work) = WORK.get() else { return };
    tell(status, ServiceState::Running, ServiceExitCode::NO_ERROR);
    let ended = work(Stop(stop));
    if let Err(error) = &ended {
        tracing::error!(error = format!("{error:#}"), "the service ended by itself");
    }
    // Any other code than 0 makes the manager start it again.
    let code = if ended.is_ok() { ServiceExitCode::NO_ERROR } else { ServiceExitCode::ServiceSpecific(1) };
    tell(status, ServiceState::Stopped, code);
}

fn tell(status: ServiceStatusHandle, current_state: ServiceState, exit_code: ServiceExitCode) {
    let running = current_state == ServiceState::Running;
    let accepted = ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN;
    let told = status.set_service_status(ServiceStatus {
        service_type: ServiceType::OWN_PROCESS,
        current_state,
        controls_accepted: if running { accepted } else { ServiceControlAccept::empty() },
        exit_code,
        checkpoint: 0,
        wait_hint: if running { STOP_HINT } else { Duration::ZERO },
        process_id: None,
    });
    if let Err(error) = told {
        tracing::error!(%error, ?current_state, "the service manager does not listen");
    }
}

/// Ends when a person asks the program to stop from its console.
///
/// # Errors
/// When the console cannot be listened to.
pub fn stop_requested() -> std::io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    let mut end = tokio::signal::windows::ctrl_break()?;
    let mut close = tokio::signal::windows::ctrl_close()?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = end.recv() => {}
            _ = close.recv() => {}
        }
    })
}
