//! Local accounts as people read them: those of the system only when they command it.

use atalaya_reading::{Account, Accounts, Reading};

use super::{fact, known, unknown_cell};
use crate::command::local_time;
use crate::table::{Cell, Table, Tone, cell, plain};

/// Lines under the title.
pub fn shown(reading: &Reading<Accounts>, colour: bool) -> String {
    let Some(accounts) = reading.known() else { return String::new() };
    let of_system = accounts.accounts.iter().filter(|account| account.system).count();
    let mut text = fact("Del sistema", &plain(of_system.to_string()), colour);
    let mut table = Table::new(&["Cuenta", "Nombre", "Habilitada", "Administra", "Último acceso"]);
    let shown = |account: &&Account| !account.system || account.administrator == Some(true);
    for account in accounts.accounts.iter().filter(shown) {
        table.row(vec![
            plain(&account.name),
            plain(account.full_name.as_deref().unwrap_or("")),
            yes_or_no(account.enabled),
            match account.administrator {
                Some(true) => cell("sí", Tone::Poor),
                other => yes_or_no(other),
            },
            known(account.last_logon_at.map(local_time)),
        ]);
    }
    text += &table.lines(2, colour);
    if accounts.left_out > 0 {
        text += &format!("  y otras {} que no caben en la lista\n", accounts.left_out);
    }
    text
}

fn yes_or_no(value: Option<bool>) -> Cell {
    value.map_or_else(unknown_cell, |value| plain(if value { "sí" } else { "no" }))
}
