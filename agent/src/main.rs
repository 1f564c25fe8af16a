//! Arguments of `atalaya-agent`; everything else is in the library.

use std::path::PathBuf;
use std::process::ExitCode;

use atalaya_agent::command::enroll::IfEnrolled;
use atalaya_agent::{command, config, usage, version};
use clap::{Parser, Subcommand};

/// Agente de Atalaya: observa este equipo e informa al colector.
#[derive(Parser)]
#[command(name = "atalaya-agent", version, disable_help_subcommand = true)]
struct Arguments {
    /// Archivo de configuración (TOML); sin él, el que instaló el paquete o los valores de fábrica.
    #[arg(long, global = true, value_name = "ARCHIVO")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Da de alta este equipo con el código que entregó el colector.
    Enroll {
        /// Código de alta, entero.
        #[arg(value_name = "CÓDIGO", env = "ATALAYA_CODE", hide_env_values = true)]
        code: String,
        /// También si ya está dado de alta: al lograrlo, la identidad anterior se sustituye.
        #[arg(long)]
        force: bool,
        /// Si ya está dado de alta, no hace nada ni gasta el código.
        #[arg(long, conflicts_with = "force")]
        if_needed: bool,
    },
    /// Trabaja como servicio: mide, guarda y entrega hasta que se le detenga.
    Run,
    /// El servicio: el de Windows, o el de un agente que se actualiza solo.
    #[cfg(any(windows, target_os = "linux"))]
    Service {
        #[command(subcommand)]
        order: ServiceOrder,
    },
    /// Dice si el equipo está dado de alta, qué espera ser entregado y la última entrega.
    Status {
        /// Como JSON.
        #[arg(long)]
        json: bool,
        /// No dice nada; termina con error si este equipo no está dado de alta.
        #[arg(long, conflicts_with = "json")]
        enrolled: bool,
    },
    /// Borra de este equipo la identidad y lo guardado; se niega si algo espera ser entregado.
    Forget {
        /// También lo que espera ser entregado: se pierde.
        #[arg(long)]
        discard: bool,
    },
    /// Prepara una imagen de disco: quita la identidad y lo guardado; el programa y la configuración se quedan.
    Seal {
        /// También si hay registros sin entregar, que se pierden.
        #[arg(long)]
        discard: bool,
    },
    /// Revisa la configuración, la identidad y las herramientas, sin cambiar nada.
    Check {
        /// Solo la configuración, sin decir nada si está bien.
        #[arg(long)]
        settings: bool,
    },
    /// Lo que pide el administrador de servicios a un programa que se actualiza solo.
    #[command(hide = true)]
    Update {
        #[command(subcommand)]
        order: UpdateOrder,
    },
    /// Imprime la configuración de fábrica, con cada clave explicada.
    DefaultConfig,
    /// Contesta al servicio una pregunta que pide más privilegios que los suyos.
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Answer,
    /// Hace por el servicio una acción que pide más privilegios que los suyos.
    #[cfg(target_os = "linux")]
    #[command(hide = true)]
    Act {
        /// ports, signatures o scan.
        name: String,
    },
    /// Toma las lecturas ahora, sin colector.
    Probe {
        /// antivirus, firewall, disk, connectivity, system, updates, software o accounts; sin nombre, todas.
        name: Option<String>,
        /// Como JSON estable en lugar de tabla.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Subcommand)]
enum UpdateOrder {
    /// Antes de cada arranque: si la versión nueva no logra conectarse, vuelve la anterior.
    Guard,
    /// Pone en su lugar el programa descargado, o el anterior.
    #[cfg(target_os = "linux")]
    Answer,
}

#[cfg(any(windows, target_os = "linux"))]
#[derive(Subcommand)]
enum ServiceOrder {
    /// Instala el servicio; no lo inicia.
    Install {
        /// En una carpeta donde el agente se actualiza solo, con versiones firmadas; vea `[update]` en la configuración.
        #[arg(long)]
        self_update: bool,
    },
    /// Inicia el servicio instalado.
    #[cfg(windows)]
    Start,
    /// Detiene y quita el servicio; la identidad y lo pendiente de entrega se quedan.
    Uninstall,
    /// Solo para el administrador de servicios.
    #[cfg(windows)]
    #[command(hide = true)]
    Run,
}

fn main() -> ExitCode {
    usage::keep_memory_tight();
    version::tell(env!("CARGO_PKG_VERSION"));
    let arguments = Arguments::parse();
    let config = arguments.config.or_else(config::installed_file);
    let config = config.as_deref();
    let outcome = match arguments.command {
        Command::Enroll { code, force, if_needed } => {
            let if_enrolled = match (force, if_needed) {
                (true, _) => IfEnrolled::Replace,
                (_, true) => IfEnrolled::Keep,
                _ => IfEnrolled::Refuse,
            };
            command::enroll::run(config, &code, if_enrolled)
        }
        Command::Run => command::run::run(config),
        #[cfg(windows)]
        Command::Service { order } => match order {
            ServiceOrder::Install { self_update } => command::service::install(config, self_update),
            ServiceOrder::Start => command::service::start(),
            ServiceOrder::Uninstall => command::service::uninstall(),
            ServiceOrder::Run => command::service::run(config),
        },
        #[cfg(target_os = "linux")]
        Command::Service { order } => match order {
            ServiceOrder::Install { self_update } => command::unit::install(self_update),
            ServiceOrder::Uninstall => command::unit::uninstall(),
        },
        Command::Seal { discard } => command::seal::run(config, discard),
        Command::Forget { discard } => command::forget::run(config, discard),
        Command::Status { enrolled: true, .. } => command::status::enrolled(config),
        Command::Status { json, .. } => command::status::run(config, json),
        Command::Check { settings: true } => command::check::settings_only(config),
        Command::Check { settings: false } => command::check::run(config),
        Command::Update { order: UpdateOrder::Guard } => command::update::guard(config),
        #[cfg(target_os = "linux")]
        Command::Update { order: UpdateOrder::Answer } => command::update::answer(config),
        Command::DefaultConfig => command::default_config(),
        #[cfg(target_os = "linux")]
        Command::Answer => command::answer::run(config),
        #[cfg(target_os = "linux")]
        Command::Act { name } => command::act::run(config, &name),
        Command::Probe { name, json } => command::probe::run(config, name.as_deref(), json),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("atalaya-agent: {error:#}");
            if error.is::<command::Misuse>() { ExitCode::from(2) } else { ExitCode::FAILURE }
        }
    }
}
