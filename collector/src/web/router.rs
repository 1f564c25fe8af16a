//! Every route of the web side on one screen. Each file adds its own routes; what they are is told here.

use axum::Router;

use super::state::Web;
use super::{
    alerts, api, areas, assets, attachments, audit, desk, device, fleet, flow, health, identity,
    layout, live, mail, networks, new_run, own_account, people, portal, procedures, protection,
    run, sign_in, signing, today,
};

/// The web side as a service.
pub(super) fn router(web: Web) -> Router {
    let routes = Router::new()
        // GET /
        .merge(today::router())
        // GET /flota
        .merge(fleet::router())
        // GET /equipos/{id}   POST /equipos/{id}/{aprobar,revocar,medir,ordenes,administradores}
        // GET /equipos/{id}/programas
        .merge(device::router())
        // POST /equipos/{id}/{conservar,unir,distinguir}
        .merge(identity::router())
        // GET /alertas
        .merge(alerts::router())
        // GET /mesa[.csv], /tramites   POST /mesa/varios
        .merge(desk::router())
        // GET, POST /tramites/nuevo
        .merge(new_run::router())
        // GET /tramites/{id}   POST /tramites/{id}/{pasos,notas,espera,deshacer,asignar,prioridad,visita,comprobar}
        // POST /tramites/{id}/equipos/{device}
        .merge(run::router())
        // GET /tramites/{id}/adjuntos/{attachment}
        .merge(attachments::router())
        // GET /procedimientos/{code}/{flujo,flujo.svg}   GET /tramites/{id}/flujo
        .merge(flow::router())
        // GET, POST /tramites/{id}/firma   POST /tramites/{id}/{enlace-de-firma[/retirar],mensajes}
        .merge(signing::router())
        // GET /portal[/equipo/{number}]   GET, POST /portal/seguir, /portal/firmar/{token}   POST /portal/mensajes
        .merge(portal::router())
        // GET, POST /redes[/{id}]   POST /redes/{id}/{vigilar,dejar,quitar}
        .merge(networks::router())
        // GET /procedimientos[/{code}]
        .merge(procedures::router())
        // GET /administracion/areas[/{id}]   POST /administracion/areas/{id}/politica
        .merge(areas::router())
        // GET /administracion/auditoria
        .merge(audit::router())
        // GET /administracion/correo[/textos/{kind}]   POST /administracion/correo/{prueba,{id}/reintentar,textos/{kind}}
        // GET, POST /cuenta/avisos
        .merge(mail::router())
        // GET, POST /entrar   GET, POST /bienvenida/{token}   POST /salir
        .merge(sign_in::router())
        // GET /cuenta   POST /cuenta/{clave,sesiones/cerrar,sesiones/cerrar-otras}   GET, POST /cuenta/segundo-factor[/quitar]
        .merge(own_account::router())
        // GET, POST /administracion/personas[/{id}]   GET /administracion/personas/nueva
        // POST /administracion/personas/{id}/{desactivar,activar,enlace}   GET, POST /administracion/personas/importar
        .merge(people::router())
        // POST /tema
        .merge(layout::router())
        // GET /vivo
        .merge(live::router())
        // GET /recursos/{hash}/{name}
        .merge(assets::router())
        // GET /healthz, /readyz, /metrics
        .merge(health::router())
        // GET /api/openapi.json   GET /api/v1/{devices,alerts,runs,procedures}[/{id}]
        // GET /api/v1/network-devices   POST /api/v1/runs/{id}/{steps,assign,priority,comments}   GET, POST /api/v1/devices/{id}/actions
        .merge(api::router())
        .with_state(web.clone());
    // What brings files, and may take its time: POST /tramites/{id}/adjuntos, /portal
    let uploads =
        Router::new().merge(attachments::uploads()).merge(portal::uploads()).with_state(web);
    protection::around(routes, uploads)
}
