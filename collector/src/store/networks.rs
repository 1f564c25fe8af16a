//! Networks, the gateway each PC last told of, and what is a part of which.

use jiff::Timestamp;
use sqlx::FromRow;

use super::Result;
use super::engine::{Read, Write, on};
use crate::domain::id::{DeviceId, NetworkId, SiteId};
use crate::domain::network::{Network, Placed};
use crate::domain::reading::{Section, SectionKind};

#[derive(FromRow)]
struct NetworkColumns {
    id: String,
    name: String,
    site_id: Option<String>,
    site_name: Option<String>,
    gateway: String,
    gateway_mac: String,
    provider: String,
    provider_phone: String,
    provider_contract: String,
    sample: bool,
}

impl NetworkColumns {
    fn read(self) -> Network {
        Network {
            id: NetworkId::new(self.id),
            name: self.name,
            site: self.site_id.map(SiteId::new),
            site_name: self.site_name,
            gateway: self.gateway,
            gateway_mac: self.gateway_mac,
            provider: self.provider,
            provider_phone: self.provider_phone,
            provider_contract: self.provider_contract,
            sample: self.sample,
        }
    }
}

#[derive(FromRow)]
struct PlacedColumns {
    id: String,
    name: String,
    gateway: Option<String>,
    site_id: Option<String>,
}

impl Read {
    /// Every network, by place and name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn networks(&mut self) -> Result<Vec<Network>> {
        let sql = "SELECT n.id, n.name, n.site_id, s.name AS site_name, n.gateway, n.gateway_mac, n.provider,
                       n.provider_phone, n.provider_contract, n.sample
                   FROM network n LEFT JOIN site s ON s.id = n.site_id ORDER BY s.name, n.name, n.id";
        let rows: Vec<NetworkColumns> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        Ok(rows.into_iter().map(NetworkColumns::read).collect())
    }

    /// What tells in which network each approved PC is, by name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn placed_devices(&mut self) -> Result<Vec<Placed>> {
        let sql = "SELECT d.id, d.name, g.gateway, a.site_id FROM device d
                   LEFT JOIN device_gateway g ON g.device_id = d.id AND g.gateway <> ''
                   LEFT JOIN area a ON a.id = d.area_id
                   WHERE d.status = 'approved'
                       AND NOT EXISTS (SELECT 1 FROM network_device n WHERE n.device_id = d.id)
                   ORDER BY d.folded_name, d.id";
        let rows: Vec<PlacedColumns> = on!(self, |db| sqlx::query_as(sql).fetch_all(db).await)?;
        let placed = |row: PlacedColumns| Placed {
            device: DeviceId::new(row.id),
            name: row.name,
            gateway: row.gateway,
            site: row.site_id.map(SiteId::new),
        };
        Ok(rows.into_iter().map(placed).collect())
    }

    /// Readings of connectivity that came since the gateway of their PC was noted: the gateway they tell of, if any, and
    /// when they came.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn gateways_told(&mut self) -> Result<Vec<(DeviceId, Option<String>, Timestamp)>> {
        let sql = "SELECT s.device_id, s.received_at, s.body FROM section s
                   LEFT JOIN device_gateway g ON g.device_id = s.device_id
                   WHERE s.kind = $1 AND s.received_at > coalesce(g.seen_at, -1)";
        let kind = SectionKind::Connectivity;
        let rows: Vec<(String, i64, String)> =
            on!(self, |db| sqlx::query_as(sql).bind(kind.as_str()).fetch_all(db).await)?;
        rows.into_iter()
            .map(|(device, received, body)| {
                // A reading this version cannot read tells of no gateway; the page of the PC says so.
                let gateway = match Section::from_json(kind, &body) {
                    Ok(Section::Connectivity(reading)) => {
                        reading.known().and_then(|read| read.gateway.address.clone())
                    }
                    Ok(_) | Err(_) => None,
                };
                let at = super::row::instant("section", "received_at", received)?;
                Ok((DeviceId::new(device), gateway, at))
            })
            .collect()
    }

    /// Network devices that are a part of a network: those said to be, and those of its place that are of no other.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn parts_of_network(&mut self, network: &NetworkId) -> Result<Vec<DeviceId>> {
        let sql = "SELECT p.device_id FROM network_device p JOIN network n ON n.id = $1
                   WHERE p.network_id = n.id OR (p.network_id IS NULL AND p.site_id = n.site_id)
                   ORDER BY p.device_id";
        let ids: Vec<String> =
            on!(self, |db| sqlx::query_scalar(sql).bind(network.as_str()).fetch_all(db).await)?;
        Ok(ids.into_iter().map(DeviceId::new).collect())
    }
}

impl Write {
    /// Adds a network.
    ///
    /// # Errors
    /// When there is one of that name, or the database refuses.
    pub async fn add_network(&mut self, network: &Network, now: Timestamp) -> Result<()> {
        let sql = "INSERT INTO network (id, name, site_id, gateway, gateway_mac, provider, provider_phone,
                       provider_contract, sample, created_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        on!(self, |db| sqlx::query(sql)
            .bind(network.id.as_str())
            .bind(&network.name)
            .bind(network.site.as_ref().map(SiteId::as_str))
            .bind(&network.gateway)
            .bind(&network.gateway_mac)
            .bind(&network.provider)
            .bind(&network.provider_phone)
            .bind(&network.provider_contract)
            .bind(network.sample)
            .bind(now.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        self.bump("network");
        Ok(())
    }

    /// Changes what is said of a network.
    ///
    /// # Errors
    /// When there is another of that name, or the database refuses.
    pub async fn change_network(&mut self, network: &Network) -> Result<()> {
        let sql = "UPDATE network SET name = $2, site_id = $3, gateway = $4, gateway_mac = $5, provider = $6,
                       provider_phone = $7, provider_contract = $8 WHERE id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(network.id.as_str())
            .bind(&network.name)
            .bind(network.site.as_ref().map(SiteId::as_str))
            .bind(&network.gateway)
            .bind(&network.gateway_mac)
            .bind(&network.provider)
            .bind(&network.provider_phone)
            .bind(&network.provider_contract)
            .execute(db)
            .await
            .map(drop))?;
        self.bump("network");
        Ok(())
    }

    /// Forgets a network; runs about it keep its name.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn remove_network(&mut self, id: &NetworkId) -> Result<()> {
        let sql = "DELETE FROM network WHERE id = $1";
        on!(self, |db| sqlx::query(sql).bind(id.as_str()).execute(db).await.map(drop))?;
        self.bump("network");
        Ok(())
    }

    /// Says of which network a network device is a part; none: of that of its place.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn set_network_of(
        &mut self,
        network_device: &DeviceId,
        network: Option<&NetworkId>,
    ) -> Result<()> {
        let sql = "UPDATE network_device SET network_id = $2 WHERE device_id = $1";
        on!(self, |db| sqlx::query(sql)
            .bind(network_device.as_str())
            .bind(network.map(NetworkId::as_str))
            .execute(db)
            .await
            .map(drop))?;
        self.bump("network");
        Ok(())
    }

    /// Notes the gateway a PC told of; without one, the one before is kept.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn note_gateway(
        &mut self,
        device: &DeviceId,
        gateway: Option<&str>,
        seen_at: Timestamp,
    ) -> Result<()> {
        let sql = "INSERT INTO device_gateway (device_id, gateway, seen_at) VALUES ($1, $2, $3)
                   ON CONFLICT (device_id) DO UPDATE SET seen_at = excluded.seen_at,
                       gateway = CASE WHEN excluded.gateway = '' THEN device_gateway.gateway
                                      ELSE excluded.gateway END";
        on!(self, |db| sqlx::query(sql)
            .bind(device.as_str())
            .bind(gateway.unwrap_or_default())
            .bind(seen_at.as_microsecond())
            .execute(db)
            .await
            .map(drop))?;
        Ok(())
    }
}
