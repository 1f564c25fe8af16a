//! Actions and their answers: to messages and back. The way back is where either side's nonsense is refused.

use atalaya_reading::{
    Action, ActionOutcome, BlockEvidence, Diagnostics, DiagnosticsPart, Evidence, Finding,
    NetworkTest, Protocol, ScanEvidence, SectionKind, TargetTest, TestTarget, bounds,
};

use super::connectivity::{read_target, read_target_kind, target};
use super::{Malformed, at_most, kind_from_wire};
use crate::{limits, v1};

/// An action as the message that carries it.
pub fn action_to_wire(action: &Action) -> v1::action::Kind {
    use v1::action::Kind;
    match action {
        Action::ProbeNow { sections } => {
            let kinds = sections.iter().map(|kind| v1::SectionKind::from(*kind).into()).collect();
            Kind::ProbeNow(v1::ProbeNow { kinds })
        }
        Action::NetworkTest { targets, seconds } => {
            let target = |target: &TestTarget| v1::TestTarget {
                name: target.name.clone(),
                kind: v1::TargetKind::from(target.kind).into(),
                address: target.address.clone(),
            };
            let targets = targets.iter().map(target).collect();
            Kind::NetworkTest(v1::NetworkTest { targets, seconds: *seconds })
        }
        Action::UpdateSignatures {} => Kind::UpdateSignatures(v1::UpdateSignatures {}),
        Action::QuickScan {} => Kind::QuickScan(v1::QuickScan {}),
        Action::BlockPort { protocol: of, port, minutes } => Kind::BlockPort(v1::BlockPort {
            protocol: protocol(*of).into(),
            port: (*port).into(),
            minutes: *minutes,
        }),
        Action::UnblockPort { protocol: of, port } => Kind::UnblockPort(v1::UnblockPort {
            protocol: protocol(*of).into(),
            port: (*port).into(),
        }),
        Action::CollectDiagnostics {} => Kind::CollectDiagnostics(v1::CollectDiagnostics {}),
    }
}

/// A message as an action whose parameters are within their bounds.
///
/// # Errors
/// When they are not; nothing of it is carried out.
pub fn action_from_wire(kind: v1::action::Kind) -> Result<Action, Malformed> {
    use v1::action::Kind;
    let action = match kind {
        Kind::ProbeNow(probe) => {
            // Named twice is named; one this version does not know is none of its business.
            let named: Vec<SectionKind> =
                probe.kinds.iter().filter_map(|kind| kind_from_wire(*kind)).collect();
            let all = SectionKind::ALL.into_iter();
            Action::ProbeNow { sections: all.filter(|kind| named.contains(kind)).collect() }
        }
        Kind::NetworkTest(test) => {
            let targets = at_most("network_test.targets", test.targets, bounds::TEST_TARGETS)?;
            let read = |target: v1::TestTarget| {
                let kind = read_target_kind(target.kind)
                    .ok_or_else(|| Malformed::missing("network_test.targets.kind"))?;
                Ok(TestTarget { name: target.name, kind, address: target.address })
            };
            let targets = targets.into_iter().map(read).collect::<Result<_, Malformed>>()?;
            Action::NetworkTest { targets, seconds: test.seconds }
        }
        Kind::UpdateSignatures(_) => Action::UpdateSignatures {},
        Kind::QuickScan(_) => Action::QuickScan {},
        Kind::BlockPort(block) => Action::BlockPort {
            protocol: read_protocol(block.protocol)?,
            port: read_port(block.port)?,
            minutes: block.minutes,
        },
        Kind::UnblockPort(unblock) => Action::UnblockPort {
            protocol: read_protocol(unblock.protocol)?,
            port: read_port(unblock.port)?,
        },
        Kind::CollectDiagnostics(_) => Action::CollectDiagnostics {},
    };
    match action.check() {
        Ok(()) => Ok(action),
        Err(unfit) => Err(Malformed::Field { field: action.kind().as_str(), why: unfit.0 }),
    }
}

fn protocol(protocol: Protocol) -> v1::Protocol {
    match protocol {
        Protocol::Tcp => v1::Protocol::Tcp,
        Protocol::Udp => v1::Protocol::Udp,
    }
}

fn read_protocol(protocol: i32) -> Result<Protocol, Malformed> {
    match v1::Protocol::try_from(protocol) {
        Ok(v1::Protocol::Tcp) => Ok(Protocol::Tcp),
        Ok(v1::Protocol::Udp) => Ok(Protocol::Udp),
        Ok(v1::Protocol::Unspecified) | Err(_) => Err(Malformed::missing("protocol")),
    }
}

fn read_port(port: u32) -> Result<u16, Malformed> {
    u16::try_from(port)
        .map_err(|_| Malformed::Field { field: "port", why: format!("{port} is none") })
}

/// The result of an action as a message, cut to its bounds.
pub fn answer_to_wire(
    outcome: ActionOutcome,
    evidence: Option<&Evidence>,
) -> (v1::ActionOutcome, Option<v1::action_result::Evidence>) {
    let outcome = match outcome {
        ActionOutcome::Done => v1::ActionOutcome::Done,
        ActionOutcome::Failed => v1::ActionOutcome::Failed,
        ActionOutcome::Refused => v1::ActionOutcome::Refused,
        ActionOutcome::Expired => v1::ActionOutcome::Expired,
        ActionOutcome::Unsupported => v1::ActionOutcome::Unsupported,
    };
    (outcome, evidence.map(evidence_to_wire))
}

fn evidence_to_wire(evidence: &Evidence) -> v1::action_result::Evidence {
    use v1::action_result::Evidence as Wire;
    match evidence {
        Evidence::NetworkTest(test) => {
            let one = |tested: &TargetTest| {
                let seconds = tested.lost_by_second.iter().take(most_seconds());
                let lost_by_second = seconds.copied().collect();
                v1::TargetTest { target: Some(target(&tested.target)), lost_by_second }
            };
            let targets = test.targets.iter().take(bounds::INTERFACES).map(one).collect();
            Wire::NetworkTest(v1::NetworkTestResult { seconds: test.seconds, targets })
        }
        Evidence::Diagnostics(diagnostics) => {
            let part = |DiagnosticsPart { name, text }| v1::DiagnosticsPart { name, text };
            let parts = bounded_parts(diagnostics.parts.clone()).into_iter().map(part).collect();
            Wire::Diagnostics(v1::Diagnostics { parts })
        }
        Evidence::Block(block) => Wire::Block(v1::BlockResult {
            before: bounds::lines(&block.before, bounds::RULES),
            after: bounds::lines(&block.after, bounds::RULES),
        }),
        Evidence::Scan(scan) => {
            let finding = |found: &Finding| v1::Finding {
                name: bounds::text(&found.name, limits::HINT),
                path: bounds::text(&found.path, bounds::TEXT),
            };
            let beyond = scan.found.len().saturating_sub(bounds::DETECTIONS);
            let places = scan.places.iter().take(bounds::INTERFACES);
            Wire::Scan(v1::ScanResult {
                product: bounds::text(&scan.product, bounds::TEXT),
                places: places.map(|place| bounds::text(place, limits::HINT)).collect(),
                complete: scan.complete,
                found: scan.found.iter().take(bounds::DETECTIONS).map(finding).collect(),
                left_out: scan.left_out.saturating_add(beyond as u32),
            })
        }
    }
}

/// A result's outcome and evidence.
///
/// # Errors
/// When there is no outcome or the evidence breaks a bound. Long texts are cut, not refused.
pub fn answer_from_wire(
    outcome: i32,
    evidence: Option<v1::action_result::Evidence>,
) -> Result<(ActionOutcome, Option<Evidence>), Malformed> {
    let outcome = match v1::ActionOutcome::try_from(outcome) {
        Ok(v1::ActionOutcome::Done) => ActionOutcome::Done,
        Ok(v1::ActionOutcome::Failed) => ActionOutcome::Failed,
        Ok(v1::ActionOutcome::Refused) => ActionOutcome::Refused,
        Ok(v1::ActionOutcome::Expired) => ActionOutcome::Expired,
        Ok(v1::ActionOutcome::Unsupported) => ActionOutcome::Unsupported,
        Ok(v1::ActionOutcome::Unspecified) | Err(_) => {
            return Err(Malformed::missing("action_result.outcome"));
        }
    };
    Ok((outcome, evidence.map(evidence_from_wire).transpose()?))
}

fn evidence_from_wire(evidence: v1::action_result::Evidence) -> Result<Evidence, Malformed> {
    use v1::action_result::Evidence as Wire;
    Ok(match evidence {
        Wire::NetworkTest(test) => {
            let field = "action_result.network_test.targets";
            let targets = at_most(field, test.targets, bounds::INTERFACES)?;
            let targets = targets.into_iter().map(read_target_test).collect::<Result<_, _>>()?;
            Evidence::NetworkTest(NetworkTest { seconds: test.seconds, targets })
        }
        Wire::Diagnostics(diagnostics) => {
            let field = "action_result.diagnostics.parts";
            let parts = at_most(field, diagnostics.parts, bounds::DIAGNOSTICS_PARTS)?;
            let part = |v1::DiagnosticsPart { name, text }| DiagnosticsPart { name, text };
            let parts = bounded_parts(parts.into_iter().map(part).collect());
            Evidence::Diagnostics(Diagnostics { parts })
        }
        Wire::Block(block) => Evidence::Block(BlockEvidence {
            before: bounds::lines(&block.before, bounds::RULES),
            after: bounds::lines(&block.after, bounds::RULES),
        }),
        Wire::Scan(scan) => {
            let found = at_most("action_result.scan.found", scan.found, bounds::DETECTIONS)?;
            let places = at_most("action_result.scan.places", scan.places, bounds::INTERFACES)?;
            let finding = |found: v1::Finding| Finding {
                name: bounds::text(&found.name, limits::HINT),
                path: bounds::text(&found.path, bounds::TEXT),
            };
            Evidence::Scan(ScanEvidence {
                product: bounds::text(&scan.product, bounds::TEXT),
                places: places.iter().map(|place| bounds::text(place, limits::HINT)).collect(),
                complete: scan.complete,
                found: found.into_iter().map(finding).collect(),
                left_out: scan.left_out,
            })
        }
    })
}

fn read_target_test(tested: v1::TargetTest) -> Result<TargetTest, Malformed> {
    let field = "action_result.network_test.lost_by_second";
    Ok(TargetTest {
        target: read_target(tested.target.ok_or_else(|| Malformed::missing("target"))?)?,
        lost_by_second: at_most(field, tested.lost_by_second, most_seconds())?,
    })
}

fn most_seconds() -> usize {
    *bounds::TEST_SECONDS.end() as usize
}

/// Cut to the bound of all texts together: what comes first is kept.
fn bounded_parts(parts: Vec<DiagnosticsPart>) -> Vec<DiagnosticsPart> {
    let mut room = bounds::DIAGNOSTICS_BYTES;
    let mut cut = |part: DiagnosticsPart| {
        let text = bounds::lines(&part.text, room);
        room -= text.len();
        DiagnosticsPart { name: bounds::text(&part.name, bounds::TEXT), text }
    };
    parts.into_iter().take(bounds::DIAGNOSTICS_PARTS).map(&mut cut).collect()
}

#[cfg(test)]
mod tests;
