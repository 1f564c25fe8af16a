//! The bulk write path: one statement a batch, fed with one JSON array, which both engines take apart.
//!
//! The only difference is the name of the function that does: hence two texts of each statement.

use std::collections::HashMap;

use data_encoding::{BASE64, HEXLOWER};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::bulk::from_json;
use super::engine::{Read, Write, on};
use super::{Result, row};
use crate::domain::id::DeviceId;
use crate::domain::reading::Sample;

/// How far an epoch of a device is stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Progress {
    /// Highest sequence number.
    pub last_seq: u64,
    /// Its chain hash.
    pub last_hash: [u8; 16],
}

/// A row of measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRow {
    /// The device's number.
    pub device_number: i64,
    /// When, by the agent's clock corrected by its skew.
    pub taken_at: Timestamp,
    /// The figures.
    pub sample: Sample,
}

/// A sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// Whose.
    pub device: DeviceId,
    /// When the collector received it.
    pub seen_at: Timestamp,
    /// When the agent took its newest record, its own clock.
    pub taken_at: Timestamp,
    /// The agent's clock minus the collector's, microseconds.
    pub clock_skew_us: i64,
    /// `antivirus:12,firewall:60`: seconds since each unchanged section was looked at.
    pub unchanged: String,
}

/// Records an agent says it lost, or that never came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GapRecord {
    /// Whose.
    pub device: DeviceId,
    /// In which epoch.
    pub epoch: u64,
    /// First and last number of the range.
    pub first_seq: u64,
    /// Last number of the range.
    pub last_seq: u64,
    /// Records lost in it.
    pub lost: u64,
    /// Word of their class; `unknown` for numbers that never came.
    pub record_class: &'static str,
    /// Word of the reason; `missing` for numbers that never came.
    pub reason: &'static str,
}

/// A record that can never be stored as what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Whose.
    pub device: DeviceId,
    /// In which epoch.
    pub epoch: u64,
    /// Its number.
    pub seq: u64,
    /// What is wrong with it.
    pub reason: String,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Epochs are 64 random bits; the column is signed.
fn signed(epoch: u64) -> i64 {
    epoch.cast_signed()
}

impl Read {
    /// How far an epoch of a device is stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn progress(&mut self, device: &DeviceId, epoch: u64) -> Result<Progress> {
        let sql =
            "SELECT last_seq, last_hash FROM device_stream WHERE device_id = $1 AND epoch = $2";
        let found: Option<(i64, String)> = on!(self, |db| sqlx::query_as(sql)
            .bind(device.as_str())
            .bind(signed(epoch))
            .fetch_optional(db)
            .await)?;
        found.map_or_else(|| Ok(Progress::default()), |(seq, hash)| read_progress(seq, &hash))
    }
}

impl Read {
    /// Records of a device that were set aside: number and reason, in order of number.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn dead_letters(
        &mut self,
        device: &DeviceId,
        limit: u32,
    ) -> Result<Vec<(i64, String)>> {
        let sql =
            "SELECT seq, reason FROM dead_letter WHERE device_id = $1 ORDER BY epoch, seq LIMIT $2";
        Ok(on!(self, |db| sqlx::query_as(sql)
            .bind(device.as_str())
            .bind(i64::from(limit))
            .fetch_all(db)
            .await)?)
    }
}

fn read_progress(seq: i64, hash: &str) -> Result<Progress> {
    let unreadable = || row::unreadable("device_stream", "last_hash", hash);
    let bytes = HEXLOWER.decode(hash.as_bytes()).map_err(|_| unreadable())?;
    Ok(Progress {
        last_seq: row::number("device_stream", "last_seq", seq)?,
        last_hash: bytes.try_into().map_err(|_| unreadable())?,
    })
}

impl Write {
    /// How far each of several epochs is stored; one that is missing was never heard of.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn progress_of(
        &mut self,
        keys: &[(DeviceId, u64)],
    ) -> Result<HashMap<(DeviceId, u64), Progress>> {
        const SQL: [&str; 2] = from_json!(
            "SELECT s.device_id, s.epoch, s.last_seq, s.last_hash",
            "JOIN device_stream s ON s.device_id = items.value ->> 0 AND s.epoch = cast(items.value ->> 1 AS bigint)"
        );
        let rows: Vec<Value> =
            keys.iter().map(|(id, epoch)| json!([id.as_str(), signed(*epoch)])).collect();
        let (sql, rows) = (self.text(SQL), Value::Array(rows).to_string());
        let found: Vec<(String, i64, i64, String)> =
            on!(self, |db| sqlx::query_as(sql).bind(&rows).fetch_all(db).await)?;
        found
            .into_iter()
            .map(|(id, epoch, seq, hash)| {
                Ok(((DeviceId::new(id), epoch.cast_unsigned()), read_progress(seq, &hash)?))
            })
            .collect()
    }

    /// Notes how far epochs are stored.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn advance(&mut self, progress: &[(DeviceId, u64, Progress)]) -> Result<()> {
        const SQL: [&str; 2] = from_json!(
            "INSERT INTO device_stream (device_id, epoch, last_seq, last_hash)
             SELECT items.value ->> 0, cast(items.value ->> 1 AS bigint), cast(items.value ->> 2 AS bigint),
                    items.value ->> 3",
            "WHERE true ON CONFLICT (device_id, epoch)
             DO UPDATE SET last_seq = excluded.last_seq, last_hash = excluded.last_hash"
        );
        let rows = progress.iter().map(|(id, epoch, progress)| {
            let hash = HEXLOWER.encode(&progress.last_hash);
            json!([id.as_str(), signed(*epoch), progress.last_seq, hash])
        });
        self.bulk(SQL, rows.collect()).await
    }

    /// Keeps rows of measurements; a row that is there already stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_samples(&mut self, samples: &[SampleRow]) -> Result<()> {
        const SQL: [&str; 2] = from_json!(
            "INSERT INTO sample (device_number, taken_at, cpu_permille, memory_permille, swap_permille,
                 volume_free_permille, drive_temperature_c, uptime_s, loss_permille, rtt_median_us, rtt_p95_us,
                 jitter_us, gateway_rtt_us, listening_ports)
             SELECT cast(items.value ->> 0 AS bigint), cast(items.value ->> 1 AS bigint),
                 cast(items.value ->> 2 AS bigint), cast(items.value ->> 3 AS bigint),
                 cast(items.value ->> 4 AS bigint), cast(items.value ->> 5 AS bigint),
                 cast(items.value ->> 6 AS bigint), cast(items.value ->> 7 AS bigint),
                 cast(items.value ->> 8 AS bigint), cast(items.value ->> 9 AS bigint),
                 cast(items.value ->> 10 AS bigint), cast(items.value ->> 11 AS bigint),
                 cast(items.value ->> 12 AS bigint), cast(items.value ->> 13 AS bigint)",
            "WHERE true ON CONFLICT (device_number, taken_at) DO NOTHING"
        );
        let rows = samples.iter().map(|row| {
            let s = &row.sample;
            json!([
                row.device_number,
                row.taken_at.as_microsecond(),
                s.cpu_permille,
                s.memory_permille,
                s.swap_permille,
                s.volume_free_permille,
                s.drive_temperature_c,
                s.uptime_s,
                s.loss_permille,
                s.rtt_median_us,
                s.rtt_p95_us,
                s.jitter_us,
                s.gateway_rtt_us,
                s.listening_ports
            ])
        });
        self.bulk(SQL, rows.collect()).await
    }

    /// Keeps signs of life, at most one per device.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn touch(&mut self, arrivals: &[Arrival]) -> Result<()> {
        const SQL: [&str; 2] = from_json!(
            "INSERT INTO device_live (device_id, last_seen_at, last_taken_at, clock_skew_us, unchanged)
             SELECT items.value ->> 0, cast(items.value ->> 1 AS bigint), cast(items.value ->> 2 AS bigint),
                 cast(items.value ->> 3 AS bigint), items.value ->> 4",
            "WHERE true ON CONFLICT (device_id) DO UPDATE SET last_seen_at = excluded.last_seen_at,
                 last_taken_at = excluded.last_taken_at, clock_skew_us = excluded.clock_skew_us,
                 unchanged = CASE WHEN excluded.unchanged = '' THEN device_live.unchanged
                                  ELSE excluded.unchanged END"
        );
        let rows = arrivals.iter().map(|a| {
            json!([
                a.device.as_str(),
                a.seen_at.as_microsecond(),
                a.taken_at.as_microsecond(),
                a.clock_skew_us,
                a.unchanged
            ])
        });
        self.bulk(SQL, rows.collect()).await
    }

    /// Counts losses; one that is known already stays.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_gaps(&mut self, gaps: &[GapRecord], now: Timestamp) -> Result<()> {
        const SQL: [&str; 2] = from_json!(
            "INSERT INTO device_gap
                 (device_id, epoch, first_seq, last_seq, lost, record_class, reason, received_at)
             SELECT items.value ->> 0, cast(items.value ->> 1 AS bigint), cast(items.value ->> 2 AS bigint),
                 cast(items.value ->> 3 AS bigint), cast(items.value ->> 4 AS bigint), items.value ->> 5,
                 items.value ->> 6, cast(items.value ->> 7 AS bigint)",
            "WHERE true ON CONFLICT DO NOTHING"
        );
        let rows = gaps.iter().map(|gap| {
            json!([
                gap.device.as_str(),
                signed(gap.epoch),
                gap.first_seq,
                gap.last_seq,
                gap.lost,
                gap.record_class,
                gap.reason,
                now.as_microsecond()
            ])
        });
        self.bulk(SQL, rows.collect()).await
    }

    /// Takes losses an agent told of out of the numbers that merely never came, so that none is counted twice.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn explain_missing(&mut self, told: &[GapRecord]) -> Result<()> {
        // Of each range told: its overlap with the missing one, at most as many as it says were lost.
        const SQL: [&str; 2] = from_json!(
            "UPDATE device_gap SET lost = lost - coalesce((
                 SELECT cast(sum(CASE WHEN told.lost < told.overlap THEN told.lost ELSE told.overlap END) AS bigint)
                 FROM (SELECT cast(items.value ->> 4 AS bigint) AS lost,
                     CASE WHEN cast(items.value ->> 3 AS bigint) < last_seq
                          THEN cast(items.value ->> 3 AS bigint) ELSE last_seq END
                     - CASE WHEN cast(items.value ->> 2 AS bigint) > first_seq
                            THEN cast(items.value ->> 2 AS bigint) ELSE first_seq END + 1 AS overlap",
            "WHERE items.value ->> 0 = device_gap.device_id
                 AND cast(items.value ->> 1 AS bigint) = device_gap.epoch) AS told
                 WHERE told.overlap > 0), 0)
             WHERE reason = 'missing' AND device_id = $2"
        );
        let mut devices: Vec<&DeviceId> = told.iter().map(|gap| &gap.device).collect();
        devices.sort_unstable();
        devices.dedup();
        for device in devices {
            let of_device = told.iter().filter(|gap| gap.device == *device);
            let rows: Vec<Value> = of_device
                .map(|gap| {
                    json!([
                        gap.device.as_str(),
                        signed(gap.epoch),
                        gap.first_seq,
                        gap.last_seq,
                        gap.lost
                    ])
                })
                .collect();
            let (sql, rows) = (self.text(SQL), Value::Array(rows).to_string());
            let explained =
                "DELETE FROM device_gap WHERE device_id = $1 AND reason = 'missing' AND lost <= 0";
            on!(self, |db| sqlx::query(sql)
                .bind(&rows)
                .bind(device.as_str())
                .execute(db)
                .await
                .map(drop))?;
            on!(self, |db| sqlx::query(explained)
                .bind(device.as_str())
                .execute(db)
                .await
                .map(drop))?;
        }
        Ok(())
    }

    /// Sets records aside that can never be stored, with the reason.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add_dead_letters(&mut self, letters: &[DeadLetter], now: Timestamp) -> Result<()> {
        const SQL: [&str; 2] = from_json!(
            "INSERT INTO dead_letter (device_id, epoch, seq, received_at, reason, body)
             SELECT items.value ->> 0, cast(items.value ->> 1 AS bigint), cast(items.value ->> 2 AS bigint),
                 cast(items.value ->> 3 AS bigint), items.value ->> 4, items.value ->> 5",
            "WHERE true ON CONFLICT DO NOTHING"
        );
        let rows = letters.iter().map(|letter| {
            json!([
                letter.device.as_str(),
                signed(letter.epoch),
                letter.seq,
                now.as_microsecond(),
                letter.reason,
                BASE64.encode(&letter.body)
            ])
        });
        self.bulk(SQL, rows.collect()).await
    }
}
