//! What reaches an open stream from outside: approval, revocation, actions, a second stream, the end.

use atalaya_proto::v1::collector_message::Body;
use atalaya_proto::v1::{
    ActionOutcome, ActionResult, Hello, Welcome, action, agent_message, record_body,
};
use jiff::Timestamp;
use tonic::Code;

use super::Bed;
use super::client::{Identity, Uplink, body, hello, reports};
use crate::actions::create_code::Wanted;
use crate::actions::manage_device::{approve_device, revoke_device};
use crate::actions::manage_network;
use crate::actions::order_action::{Order, order_action};
use crate::domain::access::Actor;
use crate::domain::action::Ordering;
use crate::domain::id::{ActionId, DeviceId};
use crate::domain::network_device::NetworkDeviceKind;
use crate::domain::reading::{Action, ActionOutcome as Outcome, TargetKind};
use crate::store::Store;

async fn welcome(uplink: &mut Uplink) -> Welcome {
    match uplink.receive().await.unwrap() {
        Body::Welcome(welcome) => welcome,
        other => panic!("a welcome was expected: {other:?}"),
    }
}

async fn start(bed: &Bed, identity: &Identity, first: Hello) -> Uplink {
    Uplink::start(bed, identity, agent_message::Body::Hello(first), 7).await.unwrap()
}

#[tokio::test]
async fn a_pending_device_waits_connected_and_is_welcomed_when_a_command_approves_it() {
    let bed = Bed::new().await;
    let code = bed.code(Wanted::default()).await;
    let identity = Identity::enrol(bed.address, &bed.authority, &code).await.unwrap();
    assert!(!identity.approved);
    let mut uplink = start(&bed, &identity, hello(7)).await;
    let first = welcome(&mut uplink).await;
    assert!(!first.approved && !first.want_sections);
    let other = bed.other_process().await;
    approve_device(&other, &identity.device, &Actor::Console, Timestamp::now()).await.unwrap();
    let second = welcome(&mut uplink).await;
    assert!(second.approved && second.want_sections);
    assert_eq!(uplink.deliver(1, reports(1)).await, 1);
}

#[tokio::test]
async fn a_batch_of_a_device_that_is_not_approved_is_not_taken() {
    let bed = Bed::new().await;
    let code = bed.code(Wanted::default()).await;
    let identity = Identity::enrol(bed.address, &bed.authority, &code).await.unwrap();
    let mut uplink = start(&bed, &identity, hello(7)).await;
    welcome(&mut uplink).await;
    let records = uplink.records(1, reports(1));
    uplink.send(records).await;
    assert_eq!(uplink.receive().await.unwrap_err().code(), Code::PermissionDenied);
    assert_eq!(bed.samples(&identity.device).await, 0);
}

#[tokio::test]
async fn a_revocation_by_a_command_ends_the_open_stream_and_refuses_the_next() {
    let bed = Bed::new().await;
    let (identity, mut uplink) = bed.uplink().await;
    let other = bed.other_process().await;
    revoke_device(&other, &identity.device, &Actor::Console, Timestamp::now()).await.unwrap();
    let ended = uplink.receive().await.unwrap_err();
    assert_eq!(ended.code(), Code::PermissionDenied);
    assert!(ended.message().contains("revocado"), "{ended:?}");
    let mut next = start(&bed, &identity, hello(7)).await;
    assert_eq!(next.receive().await.unwrap_err().code(), Code::PermissionDenied);
}

async fn ordered(store: &Store, device: &DeviceId) -> ActionId {
    let order = Order { action: Action::ProbeNow { sections: Vec::new() }, patience: None };
    let by = Ordering::by_program(Actor::Console);
    order_action(store, device, &order, &by, Timestamp::now()).await.unwrap()
}

#[tokio::test]
async fn an_ordered_measurement_reaches_the_agent_once_and_its_result_is_kept() {
    let bed = Bed::new().await;
    let (identity, mut uplink) = bed.uplink().await;
    let other = bed.other_process().await;
    ordered(&other, &identity.device).await;
    let Body::Action(sent) = uplink.receive().await.unwrap() else {
        panic!("an action was expected")
    };
    assert!(matches!(sent.kind, Some(action::Kind::ProbeNow(_))));
    let result = ActionResult {
        action_id: sent.id.clone(),
        outcome: ActionOutcome::Done.into(),
        detail: "listo".into(),
        ..ActionResult::default()
    };
    let result = body(Timestamp::now(), record_body::Body::ActionResult(result));
    assert_eq!(uplink.deliver(1, vec![result]).await, 1);
    let kept = bed.store.read().await.unwrap().actions_of(&identity.device, 5).await.unwrap();
    assert_eq!((kept.len(), kept[0].outcome), (1, Some(Outcome::Done)));
    // The stream is quiet afterwards: what comes next is the answer to the next batch, not the action again.
    assert_eq!(uplink.deliver(2, reports(1)).await, 2);
}

#[tokio::test]
async fn an_action_waits_for_its_agent_to_connect() {
    let bed = Bed::new().await;
    let identity = bed.identity().await;
    ordered(&bed.store, &identity.device).await;
    let mut uplink = Uplink::open(&bed, &identity, 7).await;
    assert!(matches!(uplink.receive().await.unwrap(), Body::Action(_)));
}

#[tokio::test]
async fn an_action_without_an_answer_is_sent_again_on_the_next_stream_and_after_a_restart() {
    let bed = Bed::new().await;
    let (identity, mut first) = bed.uplink().await;
    let id = ordered(&bed.store, &identity.device).await;
    let sent = async |uplink: &mut Uplink| match uplink.receive().await.unwrap() {
        Body::Action(action) => action,
        other => panic!("an action was expected: {other:?}"),
    };
    let action = sent(&mut first).await;
    assert_eq!((action.id.as_str(), action.requested_by.as_str()), (id.as_str(), "Consola"));
    assert!(action.expires_at_us > Timestamp::now().as_microsecond());
    let mut second = Uplink::open(&bed, &identity, 7).await;
    assert_eq!(sent(&mut second).await, action);
    // As after a kill of the collector: nothing of the stream is left, the order is.
    let bed = bed.restart().await;
    let mut third = Uplink::open(&bed, &identity, 7).await;
    assert_eq!(sent(&mut third).await, action);
}

#[tokio::test]
async fn a_second_stream_of_a_device_ends_the_first() {
    let bed = Bed::new().await;
    let (identity, mut first) = bed.uplink().await;
    let mut second = Uplink::open(&bed, &identity, 7).await;
    assert_eq!(first.receive().await.unwrap_err().code(), Code::Aborted);
    assert_eq!(second.deliver(1, reports(1)).await, 1);
}

#[tokio::test]
async fn a_collector_that_stops_says_so_and_ends_in_time() {
    let bed = Bed::new().await;
    let (_, mut uplink) = bed.uplink().await;
    bed.end.send_replace(true);
    assert_eq!(uplink.receive().await.unwrap_err().code(), Code::Unavailable);
    drop(uplink);
    bed.serving.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_pc_is_told_what_to_watch_when_it_connects_and_whenever_that_changes() {
    let bed = Bed::new().await;
    let (identity, mut uplink) = bed.uplink().await;
    assert_eq!(uplink.settings().await, []);
    let (other, now) = (bed.other_process().await, Timestamp::now());
    let printer = manage_network::Wanted {
        name: "Impresora de Tesorería".into(),
        kind: NetworkDeviceKind::Printer,
        probe: TargetKind::Tcp,
        address: "192.0.2.9:9100".into(),
        site: None,
    };
    let id = manage_network::add(&other, &printer, &Actor::Console, now).await.unwrap();
    let watchers = [identity.device.clone()];
    manage_network::watch(&other, &id, &watchers, &Actor::Console, now).await.unwrap();
    let told = uplink.settings().await;
    assert_eq!((told.len(), told[0].id.as_str()), (1, id.as_str()));
    assert_eq!(
        (told[0].name.as_str(), told[0].address.as_str()),
        ("Impresora de Tesorería", "192.0.2.9:9100")
    );
    let mut again = Uplink::open(&bed, &identity, 7).await;
    assert_eq!(again.settings().await, told);
    manage_network::watch(&other, &id, &[], &Actor::Console, now).await.unwrap();
    assert_eq!(again.settings().await, []);
}
