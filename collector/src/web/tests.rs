//! The web side as a browser or a program meets it: the real router over a real store.

mod administration;
mod api;
mod attachments;
mod desk;
mod house;
mod mail;
mod networks;
mod orders;
mod pages;
mod people;
mod portal;
mod procedures;
mod protection;
mod rights;
mod run_page;
mod runs;
mod sheets;
mod sign_in;
mod signing;
