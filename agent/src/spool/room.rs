//! Where a record goes and what gives way to it: the cap, P0's reserve, memory while the disk refuses.
//!
//! Whatever gives way is written down as a loss before it goes.

use std::io;

use super::epoch::{Epoch, Memory, Store};
use super::segment::Room;
use super::{Class, Loss, LossReason, Spool};

impl Spool {
    /// Makes room on disk for a record; false if it has to give way itself.
    pub(super) fn make_room(&mut self, class: Class, bytes: usize) -> bool {
        let need = (bytes + super::frame::HEADER) as u64;
        let lesser = |spool: &Spool| spool.bytes_of(Class::State) + spool.bytes_of(Class::Metric);
        if class == Class::Security {
            while self.bytes() + need > self.limits.total {
                if !self.drop_oldest(Class::Metric) && !self.drop_oldest(Class::State) {
                    return false;
                }
            }
            return true;
        }
        while lesser(self) + need > self.limits.total - self.limits.reserved {
            if !(self.drop_oldest(Class::Metric)
                || class == Class::State && self.drop_oldest(Class::State))
            {
                return false;
            }
        }
        true
    }

    /// Drops the oldest segment of a class; false if there is none.
    fn drop_oldest(&mut self, class: Class) -> bool {
        let Some(at) = self.epochs.iter().position(|epoch| epoch.bytes(class) > 0) else {
            return false;
        };
        let (id, acked) = (self.epochs[at].id, self.epochs[at].acked);
        let Store::Disk(logs) = &self.epochs[at].store else { return false };
        if let Some(missing) = logs[class.index()].oldest(acked).filter(|missing| missing.count > 0)
        {
            let super::log::Missing { first, last, count } = missing;
            self.lose(&Loss { class, epoch: id, first, last, count, reason: LossReason::Full });
        }
        // Writing the loss may have begun a new epoch, but only at the end: this one has kept its place.
        if let Some(Store::Disk(logs)) = self.epochs.get_mut(at).map(|epoch| &mut epoch.store) {
            logs[class.index()].remove_front();
        }
        true
    }

    /// Appends to disk, else to memory.
    pub(super) fn store(&mut self, class: Class, body: &[u8]) {
        if self.return_to_disk() {
            let most = self.limits.segment;
            let Some(epoch) = self.epochs.back_mut() else { return };
            match epoch.append(&self.dir, class, body, most) {
                Ok(()) => {
                    if self.disk_error.take().is_some() {
                        tracing::info!("the spool can be written again");
                        self.write_deferred();
                    }
                    return;
                }
                Err(error) => self.disk_failed(&error),
            }
            self.retreat_to_memory();
        }
        self.keep_in_memory(class, body);
    }

    /// Makes the current epoch one on disk. Records in memory that were never sent move there first.
    fn return_to_disk(&mut self) -> bool {
        let Some(Store::Memory(memory)) = self.epochs.back_mut().map(|epoch| &mut epoch.store)
        else {
            return true;
        };
        let unsent =
            if memory.sent { Default::default() } else { std::mem::take(&mut memory.queue) };
        let most = self.limits.segment;
        if self.begin_epoch(Store::Disk(Box::default())).is_err() {
            return false;
        }
        let Some(epoch) = self.epochs.back_mut() else { return false };
        let moved = unsent.iter().try_for_each(|r| epoch.append(&self.dir, r.class, &r.body, most));
        if let Err(error) = moved.and_then(|()| epoch.sync()) {
            self.disk_failed(&error);
            // What was moved in part is taken back whole: the epoch that began is given up.
            self.give_up_last_epoch();
            if let Some(Store::Memory(memory)) =
                self.epochs.back_mut().map(|epoch| &mut epoch.store)
                && !memory.sent
            {
                memory.queue = unsent;
            }
            return false;
        }
        true
    }

    fn give_up_last_epoch(&mut self) {
        if let Some(epoch) = self.epochs.pop_back()
            && let Store::Disk(mut logs) = epoch.store
        {
            for log in logs.iter_mut() {
                while log.segments().next().is_some() {
                    log.remove_front();
                }
            }
        }
    }

    fn retreat_to_memory(&mut self) {
        let empty = self.epochs.back().is_some_and(|epoch| epoch.next_seq == 1);
        if empty {
            self.give_up_last_epoch();
        }
        let in_memory = |epoch: &Epoch| matches!(epoch.store, Store::Memory(_));
        if !(empty && self.epochs.back().is_some_and(in_memory))
            && let Err(error) = self.begin_epoch(Store::Memory(Memory::default()))
        {
            tracing::error!(%error, "no new epoch");
        }
    }

    /// Keeps a record in memory; the least worthy and oldest gives way when it is full.
    fn keep_in_memory(&mut self, class: Class, body: &[u8]) {
        let most = self.limits.memory;
        let Some(epoch) = self.epochs.back_mut() else { return };
        let id = epoch.id;
        let mut losses = Vec::new();
        if let Store::Memory(memory) = &mut epoch.store {
            while memory.bytes() + body.len() > most {
                let Some(worst) = memory.queue.iter().map(|record| record.class).max() else {
                    break;
                };
                let Some(at) = memory.queue.iter().position(|record| record.class == worst) else {
                    break;
                };
                let Some(gone) = memory.queue.remove(at) else { break };
                losses.push((gone.class, gone.seq));
            }
        }
        if let Err(error) = epoch.append(&self.dir, class, body, self.limits.segment) {
            tracing::error!(%error, "a record is lost");
        }
        for (class, seq) in losses {
            let reason = LossReason::Full;
            self.defer(Loss { class, epoch: id, first: seq, last: seq, count: 1, reason });
        }
    }

    /// Counts a loss and captures it as a P0 record.
    pub(super) fn lose(&mut self, loss: &Loss) {
        self.count(loss);
        self.write_loss(loss);
    }

    /// Counts a loss that is written down later, together with others of its class: a flood of losses must not
    /// become a flood of records.
    pub(super) fn defer(&mut self, loss: Loss) {
        self.count(&loss);
        match &mut self.deferred[loss.class.index()] {
            Some(known) if known.epoch == loss.epoch && known.reason == loss.reason => {
                known.first = known.first.min(loss.first);
                known.last = known.last.max(loss.last);
                known.count += loss.count;
            }
            slot => {
                if let Some(other) = slot.replace(loss) {
                    self.write_loss(&other);
                }
            }
        }
    }

    /// Writes down what was deferred.
    pub(super) fn write_deferred(&mut self) {
        for at in 0..self.deferred.len() {
            if let Some(loss) = self.deferred[at].take() {
                self.write_loss(&loss);
            }
        }
    }

    fn count(&mut self, loss: &Loss) {
        let Loss { class, epoch, first, last, count, reason } = loss;
        tracing::warn!(class = class.as_str(), epoch, first, last, count, ?reason, "records lost");
        self.lost[class.index()] += count;
    }

    fn write_loss(&mut self, loss: &Loss) {
        let body = (self.describe)(loss);
        self.store(Class::Security, &body);
        self.sync();
    }

    /// While records the collector takes wait behind records it refuses now, those give way.
    pub(super) fn skip_refused(&mut self, at: usize, accept: Class) -> io::Result<()> {
        if accept == Class::Metric {
            return Ok(());
        }
        let retired = at + 1 < self.epochs.len();
        let taken: Vec<Class> = Class::ALL.into_iter().filter(|class| *class <= accept).collect();
        let one = Room { records: 1, ..Room::of_batch() };
        let first_taken = self.read(at, &taken, one)?.first().map(|record| record.seq);
        let Some(first_taken) = first_taken else { return Ok(()) };
        let (epoch, first) = (self.epochs[at].id, self.epochs[at].acked + 1);
        for class in Class::ALL.into_iter().filter(|class| *class > accept) {
            let before = self.epochs[at].waiting(class);
            self.epochs[at].skip(class, first_taken - 1, retired);
            let count = before.saturating_sub(self.epochs[at].waiting(class));
            if count > 0 {
                let reason = LossReason::Refused;
                self.defer(Loss { class, epoch, first, last: first_taken - 1, count, reason });
            }
        }
        Ok(())
    }
}
