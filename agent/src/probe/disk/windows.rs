//! Volumes by their drive letters and drives by `\\.\PhysicalDriveN`. Drives are opened without any access: enough
//! for the questions asked here, and nothing can be written.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use atalaya_reading::{DriveKind, Volume, bounds};
use windows::Win32::Foundation::HANDLE;
use windows::Win32::Storage::FileSystem::{
    CreateFileW, FILE_FLAGS_AND_ATTRIBUTES, FILE_SHARE_READ, FILE_SHARE_WRITE, GetDiskFreeSpaceExW, GetDriveTypeW,
    GetLogicalDrives, GetVolumeInformationW, OPEN_EXISTING,
};
use windows::Win32::System::IO::DeviceIoControl;
use windows::Win32::System::Ioctl::{IOCTL_STORAGE_PREDICT_FAILURE, IOCTL_STORAGE_QUERY_PROPERTY};
use windows::core::{HSTRING, Owned};

use super::report::Report;
use super::storage_query::{self, Descriptor};
use super::{BlockDevice, NUMBERED_DRIVE};
use crate::probe::Unread;

/// Where the probes' reading says it comes from.
pub const SOURCE: &str = "GetDiskFreeSpaceEx, smartctl, IOCTL_STORAGE_QUERY_PROPERTY";

const DRIVE_FIXED: u32 = 3;
const FILE_READ_ONLY_VOLUME: u32 = 0x8_0000;
/// Drives are numbered without gaps but for those that were taken out.
const HIGHEST_DRIVE: u32 = 32;

/// Fixed volumes with a letter.
pub fn volumes() -> Result<Vec<Volume>, Unread> {
    // SAFETY: no arguments.
    let letters = unsafe { GetLogicalDrives() };
    if letters == 0 {
        let error = std::io::Error::last_os_error();
        return Err(Unread::from_io("la lista de volúmenes", &error));
    }
    let present = ('A'..='Z').enumerate().filter(|(bit, _)| letters & (1 << bit) != 0);
    Ok(present.filter_map(|(_, letter)| volume(letter)).take(bounds::VOLUMES).collect())
}

/// `None` for what is not fixed or has no file system that can be asked.
fn volume(letter: char) -> Option<Volume> {
    let root = HSTRING::from(format!(r"{letter}:\"));
    // SAFETY: the text ends in zero and outlives the call.
    if unsafe { GetDriveTypeW(&root) } != DRIVE_FIXED {
        return None;
    }
    let (mut free_bytes, mut total_bytes) = (0, 0);
    // SAFETY: text and numbers are ours and outlive the call.
    unsafe { GetDiskFreeSpaceExW(&root, Some(&mut free_bytes), Some(&mut total_bytes), None) }.ok()?;
    let (mut flags, mut name) = (0, [0; 32]);
    // SAFETY: as above; the buffer goes with its length.
    unsafe { GetVolumeInformationW(&root, None, None, None, Some(&mut flags), Some(&mut name)) }.ok()?;
    let length = name.iter().position(|unit| *unit == 0).unwrap_or(name.len());
    (total_bytes > 0).then(|| Volume {
        mount: format!("{letter}:"),
        filesystem: bounds::text(&String::from_utf16_lossy(&name[..length]), bounds::TEXT),
        total_bytes,
        free_bytes: free_bytes.min(total_bytes),
        read_only: flags & FILE_READ_ONLY_VOLUME != 0,
        ..Volume::default()
    })
}

/// Fixed drives.
pub fn block_devices() -> Vec<BlockDevice> {
    let fixed = (0..HIGHEST_DRIVE).filter_map(|number| block_device(&format!("{NUMBERED_DRIVE}{number}")));
    fixed.take(bounds::DRIVES).collect()
}

fn block_device(device: &str) -> Option<BlockDevice> {
    let drive = open(device)?;
    let described = ask(&drive, IOCTL_STORAGE_QUERY_PROPERTY, &Descriptor::QUESTION, 1024);
    let descriptor = described.as_deref().and_then(Descriptor::parse);
    let seeks = || ask(&drive, IOCTL_STORAGE_QUERY_PROPERTY, &storage_query::SEEK_PENALTY, 12);
    let kind = match &descriptor {
        Some(descriptor) if descriptor.removable => return None,
        Some(descriptor) if descriptor.nvme => DriveKind::Nvme,
        _ => seeks().map_or(DriveKind::Unknown, |answer| storage_query::kind_by_seek_penalty(&answer)),
    };
    let (model, serial) = descriptor.map_or((None, None), |found| (found.model, found.serial));
    Some(BlockDevice { device: device.into(), model, serial, kind })
}

/// What Windows itself can say of a drive's health.
pub fn own_report(device: &BlockDevice) -> Option<Report> {
    let drive = open(&device.device)?;
    if device.kind == DriveKind::Nvme {
        let question = storage_query::health_log_question();
        let answer = ask(&drive, IOCTL_STORAGE_QUERY_PROPERTY, &question, question.len())?;
        return storage_query::health_log(&answer);
    }
    storage_query::prediction(&ask(&drive, IOCTL_STORAGE_PREDICT_FAILURE, &[], 516)?)
}

fn open(device: &str) -> Option<Owned<HANDLE>> {
    let path = HSTRING::from(format!(r"\\.\{device}"));
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    let plain = FILE_FLAGS_AND_ATTRIBUTES(0);
    // SAFETY: the text ends in zero and outlives the call; the handle is owned by nobody else.
    let handle = unsafe { CreateFileW(&path, 0, share, None, OPEN_EXISTING, plain, None).map(|handle| Owned::new(handle)) };
    handle.ok()
}

fn ask(drive: &HANDLE, code: u32, question: &[u8], room: usize) -> Option<Vec<u8>> {
    let mut answer = vec![0; room];
    let mut length = 0;
    let from = (!question.is_empty()).then_some(question.as_ptr().cast());
    let (asked, room) = (question.len() as u32, u32::try_from(room).ok()?);
    let to = Some(answer.as_mut_ptr().cast());
    // SAFETY: both buffers are ours, go with their lengths and outlive the call, which is not overlapped.
    unsafe { DeviceIoControl(*drive, code, from, asked, to, room, Some(&mut length), None) }.ok()?;
    answer.truncate(length as usize);
    Some(answer)
}
