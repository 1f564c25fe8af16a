//! `atalaya-agent service install --self-update` and `service uninstall` on Linux, where a package brings the service of
//! an agent that does not update itself.

use crate::service;
use crate::version::version;

/// Makes the agent a service that updates itself. It is not started yet.
///
/// # Errors
/// Without `self_update`, when a package is there, or when the system refuses.
pub fn install(self_update: bool) -> anyhow::Result<()> {
    if !self_update {
        let text = "el servicio lo trae el paquete (.deb o .rpm); para que el agente se actualice solo, sin paquete: \
                    service install --self-update";
        return Err(super::Misuse(text.into()).into());
    }
    service::install(version())?;
    super::print(
        "Servicio instalado en /opt/atalaya. Falta, en /etc/atalaya/agent.toml, la llave de quien firma las versiones\n\
         ([update] keys); después:\n  \
         /opt/atalaya/atalaya-agent enroll CÓDIGO && systemctl start atalaya-agent\n",
    )?;
    Ok(())
}

/// Stops the service and takes it away with its program; identity, settings and what waits to be delivered stay.
///
/// # Errors
/// When the system refuses.
pub fn uninstall() -> anyhow::Result<()> {
    let was_there = service::uninstall()?;
    super::print(if was_there {
        "Servicio quitado.\n"
    } else {
        "El servicio no estaba instalado.\n"
    })?;
    Ok(())
}
