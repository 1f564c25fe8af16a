//! Making the agent a service of Windows, and taking it away.

use std::ffi::OsString;
use std::path::Path;
use std::time::{Duration, Instant};

use windows_service::service::{
    Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceErrorControl, ServiceFailureActions,
    ServiceFailureResetPeriod, ServiceInfo, ServiceSidType, ServiceStartType, ServiceState, ServiceType,
};
use windows_service::service_manager::{ServiceManager, ServiceManagerAccess};

use super::event_log;
use crate::service::NAME;

const DISPLAY_NAME: &str = "Agente de Atalaya";
const DESCRIPTION: &str = "Observa el estado de este equipo e informa al colector de Atalaya.";
/// Pauses before the first three starts after a failure; the last one is repeated.
const RESTART_AFTER: [Duration; 3] = [Duration::from_secs(5), Duration::from_secs(60), Duration::from_secs(300)];
const FORGIVEN_AFTER: Duration = Duration::from_secs(86_400);
/// The agent stops within five seconds; a busy PC may need longer to say so.
const STOPPED_WITHIN: Duration = Duration::from_secs(20);

const SERVICE_DOES_NOT_EXIST: i32 = 1060;
const SERVICE_NOT_ACTIVE: i32 = 1062;

/// Makes the service, or brings an existing one up to date. It is not started.
///
/// # Errors
/// When the system refuses, usually for want of an administrator.
pub fn install(program: &Path, arguments: Vec<OsString>) -> windows_service::Result<()> {
    let access = ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE;
    let manager = ServiceManager::local_computer(None::<&str>, access)?;
    let info = ServiceInfo {
        name: NAME.into(),
        display_name: DISPLAY_NAME.into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: program.into(),
        launch_arguments: arguments,
        dependencies: Vec::new(),
        // The local system: drives, firewall and antivirus answer nobody less.
        account_name: None,
        account_password: None,
    };
    let rights = ServiceAccess::QUERY_STATUS | ServiceAccess::CHANGE_CONFIG | ServiceAccess::START;
    let service = match manager.open_service(NAME, rights) {
        Ok(service) => {
            service.change_config(&info)?;
            service
        }
        Err(_) => manager.create_service(&info, rights)?,
    };
    describe(&service)
}

fn describe(service: &Service) -> windows_service::Result<()> {
    service.set_description(DESCRIPTION)?;
    let restart = |delay| ServiceAction { action_type: ServiceActionType::Restart, delay };
    service.update_failure_actions(ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(FORGIVEN_AFTER),
        reboot_msg: None,
        command: None,
        actions: Some(RESTART_AFTER.map(restart).to_vec()),
    })?;
    // These make a good service better; an old system without them still has a service.
    for (what, ended) in [
        ("restart after an error", service.set_failure_actions_on_non_crash_failures(true)),
        ("delayed start", service.set_delayed_auto_start(true)),
        // It may write only where its own account is let in.
        ("restricted account", service.set_config_service_sid_info(ServiceSidType::Restricted)),
    ] {
        if let Err(error) = ended {
            tracing::warn!(what, ?error, "the system does not take this setting of the service");
        }
    }
    if let Err(error) = event_log::register() {
        tracing::warn!(%error, "messages in the Event Log will lack their text");
    }
    Ok(())
}

/// Starts it.
///
/// # Errors
/// When the system refuses or the service is not installed.
pub fn start() -> windows_service::Result<()> {
    let manager = ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT)?;
    manager.open_service(NAME, ServiceAccess::START)?.start::<&str>(&[])
}

/// Stops the service and takes it away; one that is not there is as good as removed.
///
/// # Errors
/// When the system refuses, or the service does not stop.
pub fn uninstall() -> windows_service::Result<bool> {
    let manager = ServiceManager::local_computer(None::<&str>, ServiceManagerAccess::CONNECT)?;
    let rights = ServiceAccess::QUERY_STATUS | ServiceAccess::STOP | ServiceAccess::DELETE;
    let service = match manager.open_service(NAME, rights) {
        Err(error) if is(&error, SERVICE_DOES_NOT_EXIST) => return Ok(false),
        opened => opened?,
    };
    match service.stop() {
        Err(error) if !is(&error, SERVICE_NOT_ACTIVE) => return Err(error),
        _ => {}
    }
    let started = Instant::now();
    let wait_while = |condition: &dyn Fn() -> bool| {
        while condition() && started.elapsed() < STOPPED_WITHIN {
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    wait_while(&|| service.query_status().is_ok_and(|status| status.current_state != ServiceState::Stopped));
    service.delete()?;
    drop(service);
    // It is only marked until its process has ended; one that is installed at once would be refused.
    wait_while(&|| manager.open_service(NAME, ServiceAccess::QUERY_STATUS).is_ok());
    event_log::forget();
    Ok(true)
}

fn is(error: &windows_service::Error, code: i32) -> bool {
    matches!(error, windows_service::Error::Winapi(error) if error.raw_os_error() == Some(code))
}
