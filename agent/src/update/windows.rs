//! What exchanging a program takes on Windows; when it is done is decided above. A running program keeps its file but not
//! its name: it is renamed out of the way. Between the two renames the name has no program for a moment.

#![allow(unsafe_code, reason = "the Windows API is C; the call below states why it is sound")]

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use atalaya_proto::release::Version;
use windows::Win32::Storage::FileSystem::GetDiskFreeSpaceExW;
use windows::core::HSTRING;

/// Writes a file with the access list of its folder, for good.
pub fn write_readable(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Opens a program for writing from its start; its access list is that of its folder.
pub fn create_program(path: &Path) -> io::Result<File> {
    let _ = fs::remove_file(path);
    File::options().write(true).create_new(true).open(path)
}

/// Opens a file of the stage for writing from its start; the state folder lets nobody else in.
pub fn create_staged(path: &Path) -> io::Result<File> {
    File::create(path)
}

/// Opens a file for reading.
pub fn open_plain(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Free bytes for this account where a path lies.
pub fn free_bytes(path: &Path) -> Option<u64> {
    let mut free = 0;
    // SAFETY: the text outlives the call, and the only number asked for is ours.
    unsafe { GetDiskFreeSpaceExW(&HSTRING::from(path), Some(&mut free), None, None) }.ok()?;
    Some(free)
}

/// The service is let into the folder it was put in, or the disk will say so: nobody else would do it.
pub fn may_write(_: &Path) -> bool {
    true
}

/// Keeps the program as `old` and gives `new` its name; if that fails, the program has its name back.
pub fn exchange(program: &Path, new: &Path, old: &Path) -> io::Result<()> {
    let _ = fs::remove_file(old);
    fs::rename(program, old)?;
    fs::rename(new, program).inspect_err(|_| {
        let _ = fs::rename(old, program);
    })
}

/// Gives `old` the program's name back; the one that runs is renamed out of the way.
pub fn bring_back(program: &Path, old: &Path) -> io::Result<()> {
    let mut bad = program.as_os_str().to_owned();
    bad.push(".bad");
    let _ = fs::remove_file(&bad);
    fs::rename(program, &bad)?;
    fs::rename(old, program).inspect_err(|_| {
        let _ = fs::rename(&bad, program);
    })
}

/// There is nobody to ask here.
pub async fn ask(_: &str) -> Result<Version, String> {
    Err("aquí nadie más puede cambiar el programa".into())
}
