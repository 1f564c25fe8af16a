//! Sites and areas.

use jiff::Timestamp;
use sqlx::FromRow;

use super::Result;
use super::engine::{Read, Write, on};
use crate::domain::area::Area;
use crate::domain::id::{AreaId, SiteId};

#[derive(FromRow)]
struct AreaColumns {
    id: String,
    name: String,
    site_id: Option<String>,
    sample: bool,
}

impl From<AreaColumns> for Area {
    fn from(columns: AreaColumns) -> Self {
        Area {
            id: AreaId::new(columns.id),
            name: columns.name,
            site: columns.site_id.map(SiteId::new),
            sample: columns.sample,
        }
    }
}

impl Read {
    /// All areas, by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn areas(&mut self) -> Result<Vec<Area>> {
        let sql = "SELECT id, name, site_id, sample FROM area ORDER BY name";
        let rows: Vec<AreaColumns> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        Ok(rows.into_iter().map(Area::from).collect())
    }

    /// The area of that id.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn area(&mut self, id: &AreaId) -> Result<Option<Area>> {
        let sql = "SELECT id, name, site_id, sample FROM area WHERE id = $1";
        let found: Option<AreaColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(id.as_str()).fetch_optional(db).await)?;
        Ok(found.map(Area::from))
    }

    /// The area of that exact name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn area_named(&mut self, name: &str) -> Result<Option<Area>> {
        let sql = "SELECT id, name, site_id, sample FROM area WHERE name = $1";
        let found: Option<AreaColumns> =
            on!(self, |db| sqlx::query_as(sql).bind(name).fetch_optional(db).await)?;
        Ok(found.map(Area::from))
    }
}

impl Write {
    /// Adds an area.
    ///
    /// # Errors
    /// A conflict when the name is taken.
    pub async fn add_area(&mut self, area: &Area, now: Timestamp) -> Result<()> {
        let sql =
            "INSERT INTO area (id, name, site_id, sample, created_at) VALUES ($1, $2, $3, $4, $5)";
        on!(self, |db| sqlx::query(sql)
            .bind(area.id.as_str())
            .bind(&area.name)
            .bind(area.site.as_ref().map(SiteId::as_str))
            .bind(area.sample)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }

    /// The site of that name, made when there is none.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn site_named(&mut self, name: &str, fresh: &SiteId, sample: bool) -> Result<SiteId> {
        let add =
            "INSERT INTO site (id, name, sample) VALUES ($1, $2, $3) ON CONFLICT (name) DO NOTHING";
        on!(self, |db| sqlx::query(add)
            .bind(fresh.as_str())
            .bind(name)
            .bind(sample)
            .execute(db)
            .await
            .map(drop))?;
        let find = "SELECT id FROM site WHERE name = $1";
        let id: String = on!(self, |db| sqlx::query_scalar(find).bind(name).fetch_one(db).await)?;
        Ok(SiteId::new(id))
    }
}
