//! Arguments of `atalaya-collector`; everything else is in the library.

use std::path::PathBuf;
use std::process::ExitCode;

use atalaya_collector::command::{self, Place};
use atalaya_collector::config;
use clap::{Parser, Subcommand};

/// Colector de Atalaya: recibe lo que observan los agentes, avisa y lleva cada trámite por su procedimiento.
#[derive(Parser)]
#[command(name = "atalaya-collector", version, disable_help_subcommand = true)]
struct Arguments {
    /// Archivo de configuración (TOML); sin él, el que instaló el paquete o los valores de fábrica.
    #[arg(long, global = true, value_name = "ARCHIVO")]
    config: Option<PathBuf>,
    /// Carpeta de datos, en lugar de la configurada.
    #[arg(long, global = true, value_name = "CARPETA")]
    data_dir: Option<PathBuf>,
    /// Base de datos, en lugar de la configurada: postgres://… o un archivo SQLite.
    #[arg(
        long,
        global = true,
        value_name = "BASE",
        env = "ATALAYA_DATABASE",
        hide_env_values = true
    )]
    database: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Atiende a los agentes y a las personas hasta que se le detenga.
    Serve,
    /// Revisa la configuración, la carpeta de datos, la base y los puertos, sin cambiar nada.
    Check,
    /// Imprime la configuración de fábrica, con cada clave explicada.
    DefaultConfig,
    /// Personas que administran.
    #[command(subcommand)]
    Admin(command::admin::Admin),
    /// Personas que entran: funciones, áreas, enlaces, tabla.
    #[command(subcommand)]
    Person(command::person::Person),
    /// Códigos de alta para equipos.
    #[command(subcommand)]
    Code(command::code::Code),
    /// La autoridad que certifica a los equipos y al colector, y su relevo.
    #[command(subcommand)]
    Ca(command::ca::Ca),
    /// Áreas administrativas.
    #[command(subcommand)]
    Area(command::area::Area),
    /// Routers, puntos de acceso, conmutadores e impresoras que los equipos vigilan.
    #[command(subcommand)]
    Target(command::target::Target),
    /// Redes de internet: su puerta de enlace, su proveedor y sus equipos.
    #[command(subcommand)]
    Network(command::network::NetworkCommand),
    /// Procedimientos escritos y sus ediciones.
    #[command(subcommand)]
    Procedures(command::procedure::Procedures),
    /// Llaves para programas que usan la API.
    #[command(subcommand)]
    Token(command::token::Token),
    /// Equipos dados de alta.
    #[command(subcommand)]
    Device(command::device::Device),
    /// Versiones del agente para equipos que se actualizan solos.
    #[command(subcommand)]
    Release(command::release::Release),
    /// Órdenes a un equipo: action EQUIPO CLASE.
    Action(command::action::Action),
    /// Avisos por correo.
    #[command(subcommand)]
    Mail(command::mail::Mail),
    /// Copia la base de datos SQLite a un archivo nuevo, sin detener el colector.
    Backup {
        /// Archivo de la copia; no debe existir.
        file: PathBuf,
    },
    /// El libro de auditoría: verificarlo, su última huella, sus asientos.
    #[command(subcommand)]
    Audit(command::audit::Audit),
    /// El municipio de muestra.
    #[command(subcommand)]
    Sample(command::sample::Sample),
}

fn main() -> ExitCode {
    // The only crypto library here; whoever asks for a default gets it. It fails only when called twice.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let arguments = Arguments::parse();
    let place = Place {
        config: arguments.config.or_else(config::installed_file),
        data_dir: arguments.data_dir,
        database: arguments.database,
    };
    let outcome = match arguments.command {
        Command::Serve => command::serve::run(&place),
        Command::Check => command::check::run(&place),
        Command::DefaultConfig => command::default_config(),
        Command::Admin(admin) => command::admin::run(&place, admin),
        Command::Person(person) => command::person::run(&place, person),
        Command::Code(code) => command::code::run(&place, code),
        Command::Ca(ca) => command::ca::run(&place, ca),
        Command::Area(area) => command::area::run(&place, area),
        Command::Target(target) => command::target::run(&place, target),
        Command::Network(network) => command::network::run(&place, network),
        Command::Procedures(procedures) => command::procedure::run(&place, procedures),
        Command::Token(token) => command::token::run(&place, token),
        Command::Device(device) => command::device::run(&place, device),
        Command::Release(release) => command::release::run(&place, release),
        Command::Action(action) => command::action::run(&place, action),
        Command::Mail(mail) => command::mail::run(&place, mail),
        Command::Backup { file } => command::backup::run(&place, &file),
        Command::Audit(audit) => command::audit::run(&place, audit),
        Command::Sample(sample) => command::sample::run(&place, sample),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("atalaya-collector: {error:#}");
            ExitCode::FAILURE
        }
    }
}
