//! The part of a device's sheet where a person decides who a PC is: which of two keeps an identity, and whether a new
//! one is a known one installed again.

use axum::Router;
use axum::extract::{Form, Path};
use axum::response::Redirect;
use axum::routing::post;
use jiff::Timestamp;
use serde::Deserialize;

use super::access::Technical;
use super::error::Error;
use super::fleet_view::Fleet;
use super::state::Web;
use crate::domain::device::Device;
use crate::domain::id::DeviceId;
use crate::domain::identity::{Start, sides};
use crate::domain::likeness::{Decision, Likeness};
use crate::store::Read;

pub(super) fn router() -> Router<Web> {
    Router::new()
        .route("/equipos/{id}/conservar", post(keep))
        .route("/equipos/{id}/unir", post(merge))
        .route("/equipos/{id}/distinguir", post(tell_apart))
}

/// What is to be decided about who a device is.
pub struct Identity {
    /// Two PCs use it.
    pub conflict: Option<Conflict>,
    /// Known devices it may be.
    pub likenesses: Vec<Alike>,
    /// The device that it is now: id and name.
    pub merged_into: Option<(String, String)>,
}

/// A known device that a new one may be.
pub struct Alike {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its area.
    pub area: Option<String>,
    /// What is alike.
    pub marks: String,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
    /// When it last reported.
    pub seen_at: Option<Timestamp>,
}

/// Two PCs use one identity.
pub struct Conflict {
    /// What gave it away; part of a sentence.
    pub sign: &'static str,
    /// When it was noticed.
    pub found_at: Timestamp,
    /// A person has decided, and the kept PC has not come yet.
    pub settled: bool,
    /// Those who use it.
    pub sides: Vec<Side>,
}

/// One of them.
pub struct Side {
    /// What it is chosen by.
    pub key: String,
    /// Host name; empty: it did not say.
    pub hostname: String,
    /// Operating system and its machine id.
    pub os: String,
    /// See `os`.
    pub machine_id: String,
    /// Maker, model and serial number as far as known.
    pub hardware: String,
    /// Where it last called from.
    pub address: String,
    /// When it first came with this start of its agent.
    pub first_seen_at: Timestamp,
    /// When it last came.
    pub arrived_at: Timestamp,
    /// It says of itself what was said at enrolment.
    pub as_enrolled: bool,
    /// A person kept it.
    pub kept: bool,
}

impl Identity {
    /// What is to be decided about a device.
    ///
    /// # Errors
    /// When the store refuses.
    pub async fn of(read: &mut Read, device: &Device, fleet: &Fleet) -> Result<Identity, Error> {
        let noticed = read.likenesses(Some(&device.id)).await.map_err(Error::internal)?;
        let mut likenesses = Vec::new();
        for one in &noticed {
            if one.decision == Decision::Proposed && one.device == device.id {
                let known = read.device(&one.known).await.map_err(Error::internal)?;
                likenesses.extend(known.map(|known| alike(one, known, fleet)));
            }
        }
        let merged = noticed
            .iter()
            .find(|one| one.decision == Decision::Merged && one.known == device.id)
            .map(|one| (one.device.to_string(), name_of(fleet, &one.device)));
        Ok(Identity { conflict: conflict(read, device).await?, likenesses, merged_into: merged })
    }
}

async fn conflict(read: &mut Read, device: &Device) -> Result<Option<Conflict>, Error> {
    let conflict = read.conflict(&device.id).await.map_err(Error::internal)?;
    let Some(conflict) = conflict else { return Ok(None) };
    let starts = read.starts(&device.id).await.map_err(Error::internal)?;
    let sides = sides(&starts).into_iter().map(|side| self::side(side, device, conflict.kept));
    Ok(Some(Conflict {
        sign: conflict.sign.words(),
        found_at: conflict.found_at,
        settled: conflict.settled_at.is_some(),
        sides: sides.collect(),
    }))
}

fn alike(one: &Likeness, known: Device, fleet: &Fleet) -> Alike {
    let row = fleet.rows.iter().find(|row| row.id == known.id);
    let marks: Vec<&str> = one.marks.iter().map(|mark| mark.words()).collect();
    Alike {
        id: known.id.to_string(),
        name: known.name,
        area: row.and_then(|row| row.area_name.clone()),
        marks: marks.join(" y "),
        enrolled_at: known.enrolled_at,
        seen_at: row.and_then(|row| row.last_seen_at),
    }
}

fn name_of(fleet: &Fleet, id: &DeviceId) -> String {
    fleet
        .rows
        .iter()
        .find(|row| row.id == *id)
        .map_or_else(|| id.to_string(), |row| row.name.clone())
}

fn side(side: &Start, device: &Device, kept: Option<u64>) -> Side {
    let hints = &side.hints;
    let enrolled = &device.hints;
    let hardware = [&hints.manufacturer, &hints.model, &hints.serial];
    let hardware: Vec<&str> =
        hardware.into_iter().map(String::as_str).filter(|text| !text.is_empty()).collect();
    Side {
        key: format!("{:016x}", side.id),
        hostname: hints.hostname.clone(),
        os: hints.os.clone(),
        machine_id: hints.machine_id.clone(),
        hardware: hardware.join(", "),
        address: side.address.clone(),
        first_seen_at: side.first_seen_at,
        arrived_at: side.arrived_at,
        as_enrolled: hints.machine_id == enrolled.machine_id && hints.serial == enrolled.serial,
        kept: kept == Some(side.id),
    }
}

#[derive(Deserialize)]
struct Kept {
    /// The side's key; empty: none is known.
    #[serde(rename = "lado", default)]
    side: String,
}

async fn keep(
    Path(id): Path<String>,
    technical: Technical,
    Form(kept): Form<Kept>,
) -> Result<Redirect, Error> {
    let unknown = || Error::Invalid("Esa no es una de las computadoras de la lista.".into());
    let side = match kept.side.as_str() {
        "" => None,
        key => Some(u64::from_str_radix(key, 16).map_err(|_| unknown())?),
    };
    let id = DeviceId::new(id);
    technical.settle(&id, side).await?;
    Ok(back_to(&id))
}

#[derive(Deserialize)]
struct Known {
    /// Id of the known device.
    #[serde(rename = "conocido")]
    id: String,
}

async fn merge(
    Path(id): Path<String>,
    technical: Technical,
    Form(known): Form<Known>,
) -> Result<Redirect, Error> {
    let id = DeviceId::new(id);
    technical.merge(&id, &DeviceId::new(known.id)).await?;
    Ok(back_to(&id))
}

async fn tell_apart(
    Path(id): Path<String>,
    technical: Technical,
    Form(known): Form<Known>,
) -> Result<Redirect, Error> {
    let id = DeviceId::new(id);
    technical.tell_apart(&id, &DeviceId::new(known.id)).await?;
    Ok(back_to(&id))
}

/// The id has been found in the store, so it is one of ours.
fn back_to(id: &DeviceId) -> Redirect {
    Redirect::to(&format!("/equipos/{id}"))
}
