//! One pass along the chain, entry by entry, in constant memory but for what does not fit.

use std::collections::{BTreeMap, BTreeSet};

use super::{Batch, Body, Finding, Head, Link, entry_hash};

/// Findings named one by one; the rest is counted.
const NAMED: usize = 100;
/// Entries that do not fit among which it is looked for one that was moved.
const SUSPECTS: usize = 24;

/// What a walk came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Entries walked.
    pub entries: u64,
    /// What does not fit, by entry; empty: the ledger is sound.
    pub findings: Vec<Finding>,
    /// Entries that do not fit beyond those named.
    pub more: u64,
    /// Exported heads that fit.
    pub heads: usize,
}

impl Verdict {
    /// Whether nothing was found.
    pub fn is_sound(&self) -> bool {
        self.findings.is_empty() && self.more == 0
    }
}

/// An entry whose hash is not what its fields and the entry before give.
struct Suspect {
    entry: i64,
    previous: String,
    hash: String,
    body: String,
}

/// See the module.
#[derive(Default)]
pub struct Walk {
    /// The last entry, with the hash kept for it.
    last: (i64, String),
    /// The hash kept for the one before.
    before: String,
    /// What the last entry's hash should have been, when it is another.
    ought: Option<String>,
    suspects: Vec<Suspect>,
    batches: BTreeMap<String, (Batch, i64, i64)>,
    exported: Vec<Head>,
    next_exported: usize,
    sound_until: i64,
    /// An exported head did not fit; what comes after it cannot fit either.
    rewritten: bool,
    verdict: Verdict,
}

impl Walk {
    /// A walk from the first entry, comparing with heads that were exported.
    pub fn new(mut exported: Vec<Head>) -> Walk {
        exported.retain(|head| head.entry > 0);
        exported.sort_by(|a, b| (a.entry, &a.hash).cmp(&(b.entry, &b.hash)));
        exported.dedup_by(|a, b| (a.entry, &a.hash) == (b.entry, &b.hash));
        Walk { exported, ..Walk::default() }
    }

    /// Takes the next entry; they come by number.
    pub fn take(&mut self, link: &Link) {
        self.verdict.entries += 1;
        let (last, _) = self.last;
        if link.entry == last {
            return self.take_double(link);
        }
        let follows = link.entry == last + 1;
        if !follows {
            self.find(Finding::Missing { first: last + 1, last: link.entry - 1 });
            self.ought = None;
        }
        let hash = link.hash.clone().unwrap_or_default();
        let ought = match &link.body {
            Body::Removed { batch } => {
                self.removed(link.entry, &hash, batch);
                None
            }
            // What an entry after a gap was chained to is not known.
            Body::Kept(_) if !follows => None,
            Body::Kept(body) => self.check(link.entry, &hash, body),
        };
        self.ought = ought;
        self.before = std::mem::replace(&mut self.last, (link.entry, hash)).1;
        self.compare_with_exported();
    }

    /// A second row of one number. Whichever fits is what the next entry is chained to.
    fn take_double(&mut self, link: &Link) {
        self.find(Finding::Doubled(link.entry));
        let hash = link.hash.as_deref().unwrap_or_default();
        if let Body::Kept(body) = &link.body
            && self.ought.is_some()
            && entry_hash(&self.before, link.entry, body) == hash
        {
            self.ought = None;
            hash.clone_into(&mut self.last.1);
        }
    }

    /// Compares an entry's hash; what it should have been, when it is another.
    fn check(&mut self, entry: i64, hash: &str, body: &str) -> Option<String> {
        let ought = entry_hash(&self.last.1, entry, body);
        if ought == hash {
            return None;
        }
        if let Some(genuine) = self.ought.take()
            && entry_hash(&genuine, entry, body) == hash
        {
            self.only_the_hash();
            return None;
        }
        if self.suspects.len() < SUSPECTS {
            let (previous, hash) = (self.last.1.clone(), hash.to_owned());
            self.suspects.push(Suspect { entry, previous, hash, body: body.to_owned() });
        }
        self.find(Finding::Edited(entry));
        Some(ought)
    }

    /// The last entry's fields are genuine after all; only the hash beside them is not.
    fn only_the_hash(&mut self) {
        let (last, _) = self.last;
        self.suspects.retain(|suspect| suspect.entry != last);
        for finding in &mut self.verdict.findings {
            if *finding == Finding::Edited(last) {
                *finding = Finding::HashEdited(last);
            }
        }
    }

    fn removed(&mut self, entry: i64, hash: &str, name: &str) {
        let batch = self.batches.entry(name.to_owned());
        let (batch, _, last) = batch.or_insert_with(|| (Batch::default(), entry, entry));
        batch.add(entry, hash);
        *last = entry;
    }

    fn compare_with_exported(&mut self) {
        let (entry, hash) = &self.last;
        while let Some(head) = self.exported.get(self.next_exported)
            && head.entry <= *entry
        {
            self.next_exported += 1;
            // One that is missing is found as such.
            if head.entry < *entry {
                continue;
            }
            if head.hash == *hash {
                self.verdict.heads += 1;
                self.sound_until = *entry;
            } else if !std::mem::replace(&mut self.rewritten, true) {
                let found =
                    Finding::OtherThanExported { entry: *entry, sound_until: self.sound_until };
                self.verdict.findings.push(found);
            }
        }
    }

    fn find(&mut self, finding: Finding) {
        if self.verdict.findings.len() < NAMED {
            self.verdict.findings.push(finding);
        } else {
            self.verdict.more += 1;
        }
    }

    /// The end: compares with the head, and with the batches the ledger bears witness to.
    pub fn finish(mut self, head: Option<&Head>, witnessed: &BTreeSet<String>) -> Verdict {
        self.compare_with_head(head);
        if let Some(head) = self.exported.get(self.next_exported) {
            self.verdict.findings.push(Finding::ShorterThanExported(head.entry));
        }
        for (name, (batch, first, last)) in std::mem::take(&mut self.batches) {
            if batch.name() != name || !witnessed.contains(&name) {
                self.find(Finding::Unwitnessed { first, last });
            }
        }
        self.tell_the_moved();
        self.verdict.findings.sort();
        self.verdict
    }

    fn compare_with_head(&mut self, head: Option<&Head>) {
        let (last, hash) = self.last.clone();
        let Some(head) = head else { return self.find(Finding::NoHead) };
        if head.entry > last {
            self.find(Finding::Truncated { first: last + 1, last: head.entry });
        } else if head.entry == last && head.hash != hash {
            if self.ought.as_ref() == Some(&head.hash) {
                self.only_the_hash();
            } else {
                self.find(Finding::HeadEdited(head.entry));
            }
        }
    }

    /// Of the entries that do not fit where they are: those that fit at the place of another.
    fn tell_the_moved(&mut self) {
        let hashes: BTreeSet<&str> = self.suspects.iter().map(|s| s.hash.as_str()).collect();
        let before = self.suspects.iter().map(|s| s.previous.as_str());
        let before: BTreeSet<&str> = before.chain(hashes.iter().copied()).collect();
        for suspect in &self.suspects {
            let fits = |place: &&Suspect| {
                let mut before = before.iter();
                before.any(|b| hashes.contains(entry_hash(b, place.entry, &suspect.body).as_str()))
            };
            let Some(place) = self.suspects.iter().find(fits) else { continue };
            let found = Finding::Edited(suspect.entry);
            let Some(at) = self.verdict.findings.iter().position(|f| *f == found) else { continue };
            if place.entry == suspect.entry {
                // It only follows one that was moved.
                self.verdict.findings.remove(at);
            } else {
                self.verdict.findings[at] =
                    Finding::Moved { entry: suspect.entry, belongs_at: place.entry };
            }
        }
    }
}
