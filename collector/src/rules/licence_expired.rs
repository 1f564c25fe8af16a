//! Has the licence of the antivirus run out? One without a licence says nothing of it.

use super::{Facts, Finding};

pub(super) fn ask(facts: &Facts) -> Finding {
    let Some(antivirus) = facts.antivirus().and_then(|reading| reading.known()) else {
        return Finding::unread(facts.antivirus());
    };
    let products = &antivirus.products;
    let Some(expired) = products.iter().find(|product| product.expired == Some(true)) else {
        return Finding::ok("Ningún antivirus dice que su licencia venció.");
    };
    let another = products.iter().find(|product| {
        product.running == Some(true)
            && product.real_time == Some(true)
            && product.expired != Some(true)
    });
    match another {
        Some(other) => Finding::ok(format!("{} venció; {} protege.", expired.name, other.name)),
        None => Finding::warning(format!("La licencia de {} venció.", expired.name)),
    }
}
