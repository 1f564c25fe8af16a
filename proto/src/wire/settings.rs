//! Targets the collector gives an agent: to messages and back. The way back is where an agent refuses nonsense.

use atalaya_reading::{TargetSpec, bounds};

use super::connectivity::read_target_kind;
use crate::v1;

/// The targets as the message that carries them.
pub fn targets_to_wire(targets: &[TargetSpec]) -> v1::Settings {
    let spec = |target: &TargetSpec| v1::TargetSpec {
        id: bounds::text(&target.id, bounds::TARGET_ID),
        name: bounds::text(&target.name, bounds::TARGET_NAME),
        kind: v1::TargetKind::from(target.kind).into(),
        address: bounds::text(&target.address, bounds::TARGET_ADDRESS),
    };
    v1::Settings { targets: targets.iter().take(bounds::DEVICES).map(spec).collect() }
}

/// The targets a message carries that can be measured, and for each that cannot, its place in the list, counted from
/// 1, and the field at fault. What is over the bound is left out under the field `targets`.
pub fn targets_from_wire(message: v1::Settings) -> (Vec<TargetSpec>, Vec<(usize, &'static str)>) {
    let (mut targets, mut refused) = (Vec::new(), Vec::new());
    if message.targets.len() > bounds::DEVICES {
        refused.push((bounds::DEVICES + 1, "targets"));
    }
    for (place, message) in message.targets.into_iter().take(bounds::DEVICES).enumerate() {
        match read(message) {
            Ok(target) if targets.iter().any(|known: &TargetSpec| known.id == target.id) => {
                refused.push((place + 1, "id"));
            }
            Ok(target) => targets.push(target),
            Err(field) => refused.push((place + 1, field)),
        }
    }
    (targets, refused)
}

fn read(message: v1::TargetSpec) -> Result<TargetSpec, &'static str> {
    let kind = read_target_kind(message.kind).ok_or("kind")?;
    // One byte over the bound is kept, so that what is too long is refused and not cut to another meaning.
    let target = TargetSpec {
        id: bounds::text(&message.id, bounds::TARGET_ID + 1),
        name: bounds::text(&message.name, bounds::TARGET_NAME),
        kind,
        address: bounds::text(&message.address, bounds::TARGET_ADDRESS + 1),
    };
    target.check().map_err(|misfit| misfit.field())?;
    Ok(target)
}

#[cfg(test)]
mod tests {
    use atalaya_reading::TargetKind;

    use super::*;

    fn spec(number: usize) -> TargetSpec {
        let (id, name) = (format!("t-{number}"), "conmutador".into());
        TargetSpec { id, name, kind: TargetKind::Icmp, address: "192.0.2.7".into() }
    }

    #[test]
    fn targets_survive_the_wire() {
        let targets: Vec<TargetSpec> = (0..bounds::DEVICES).map(spec).collect();
        assert_eq!(targets_from_wire(targets_to_wire(&targets)), (targets, vec![]));
    }

    #[test]
    fn one_that_is_nonsense_costs_only_itself_and_is_named() {
        let mut message = targets_to_wire(&[spec(1), spec(2), spec(3), spec(3)]);
        message.targets[0].address = "224.0.0.1".into();
        message.targets[1].kind = 99;
        let (kept, refused) = targets_from_wire(message);
        assert_eq!(kept, [spec(3)]);
        assert_eq!(refused, [(1, "address"), (2, "kind"), (4, "id")]);
    }

    #[test]
    fn more_than_fit_are_left_out() {
        let mut message = targets_to_wire(&[spec(0)]);
        let one = message.targets[0].clone();
        message.targets =
            (0..1_000).map(|n| v1::TargetSpec { id: n.to_string(), ..one.clone() }).collect();
        let (kept, refused) = targets_from_wire(message);
        assert_eq!(
            (kept.len(), refused),
            (bounds::DEVICES, vec![(bounds::DEVICES + 1, "targets")])
        );
    }
}
