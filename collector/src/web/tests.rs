//! The web side as a browser or a program meets it: the real router over a real store.

mod administration;
mod api;
mod attachments;
mod desk;
mod house;
mod networks;
mod orders;
mod pages;
mod procedures;
mod protection;
mod runs;
mod sign_in;
