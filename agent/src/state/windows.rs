//! Access to folders and files on Windows; what it means for the agent is said in the module above.

#![allow(unsafe_code, reason = "the Windows API is C; every call below states why it is sound")]

use std::fs::File;
use std::io;
use std::os::windows::io::FromRawHandle;
use std::path::{Path, PathBuf};

use windows::Win32::Foundation::{HLOCAL, LocalFree};
use windows::Win32::Security::Authorization::{
    ConvertSecurityDescriptorToStringSecurityDescriptorW, ConvertStringSecurityDescriptorToSecurityDescriptorW,
    GetNamedSecurityInfoW, SDDL_REVISION_1, SE_FILE_OBJECT, SetNamedSecurityInfoW,
};
use windows::Win32::Security::{
    ACL, DACL_SECURITY_INFORMATION, GetSecurityDescriptorDacl, OWNER_SECURITY_INFORMATION,
    PROTECTED_DACL_SECURITY_INFORMATION, PSECURITY_DESCRIPTOR, SECURITY_ATTRIBUTES,
};
use windows::Win32::Storage::FileSystem::{
    CREATE_ALWAYS, CREATE_NEW, CreateDirectoryW, CreateFileW, FILE_ACCESS_RIGHTS, FILE_ATTRIBUTE_NORMAL,
    FILE_CREATION_DISPOSITION, FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_SHARE_DELETE, FILE_SHARE_READ,
    FILE_SHARE_WRITE, FILE_WRITE_DATA,
};
use windows::core::{BOOL, HSTRING, PWSTR};

use super::sddl::{CHANGE, REPLACE, Unlimited, stranger};
use super::service_sid::service_sid;
use crate::service::NAME;

/// Where the agent keeps its state unless the settings say otherwise.
pub fn default_dir() -> PathBuf {
    let data = std::env::var_os("ProgramData").unwrap_or_else(|| r"C:\ProgramData".into());
    PathBuf::from(data).join("Atalaya")
}

/// Only the system, the administrators, the agent's service and the owner, here and in everything within.
fn private() -> io::Result<Descriptor> {
    let account = |sid: &str| format!("(A;OICI;FA;;;{sid})");
    let accounts = ["SY", "BA", &service_sid(NAME), "S-1-3-4"].map(account).concat();
    Descriptor::parse(&format!("D:PAI{accounts}"))
}

/// Makes a folder that only they may enter, its parents as is usual.
pub fn create_private_directory(dir: &Path) -> io::Result<()> {
    if let Some(parent) = dir.parent() {
        std::fs::create_dir_all(parent)?;
    }
    let descriptor = private()?;
    let attributes = descriptor.attributes();
    // SAFETY: text and descriptor are ours and outlive the call.
    match unsafe { CreateDirectoryW(&HSTRING::from(dir), Some(&attributes)) } {
        Err(_) if dir.is_dir() => Ok(()),
        made => made.map_err(io::Error::from),
    }
}

/// Opens a file for writing from its start; only they may read it.
pub fn create_private_file(path: &Path) -> io::Result<File> {
    create(path, FILE_GENERIC_READ | FILE_GENERIC_WRITE, CREATE_ALWAYS)
}

/// Creates a file to append to; only they may read it.
///
/// # Errors
/// When there is one already, or the system refuses.
pub fn create_private_log(path: &Path) -> io::Result<File> {
    // Without the right to write anywhere, what is written goes to the end.
    create(path, FILE_GENERIC_READ | (FILE_GENERIC_WRITE & !FILE_WRITE_DATA), CREATE_NEW)
}

fn create(path: &Path, access: FILE_ACCESS_RIGHTS, if_there: FILE_CREATION_DISPOSITION) -> io::Result<File> {
    let descriptor = private()?;
    let attributes = descriptor.attributes();
    let share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    let name = HSTRING::from(path);
    // SAFETY: text and descriptor are ours and outlive the call; the handle is owned by nobody else.
    unsafe {
        let handle = CreateFileW(&name, access.0, share, Some(&attributes), if_there, FILE_ATTRIBUTE_NORMAL, None)?;
        Ok(File::from_raw_handle(handle.0))
    }
}

/// Makes an existing folder and everything in it private.
///
/// # Errors
/// When the system refuses.
pub fn make_private(dir: &Path) -> io::Result<()> {
    let descriptor = private()?;
    let (mut present, mut defaulted) = (BOOL::default(), BOOL::default());
    let mut list: *mut ACL = std::ptr::null_mut();
    let what = DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION;
    // SAFETY: all pointers are to values of ours; `list` points into the descriptor, which outlives its use.
    unsafe {
        GetSecurityDescriptorDacl(descriptor.0, &mut present, &mut list, &mut defaulted)?;
        let code = SetNamedSecurityInfoW(&HSTRING::from(dir), SE_FILE_OBJECT, what, None, None, Some(list), None);
        code.ok().map_err(io::Error::from)
    }
}

/// Windows puts a folder's entries on the disk together with its files.
pub fn sync_directory(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Who else may read or write `path`, in Spanish; `None`: nobody.
///
/// # Errors
/// When the system refuses to say.
pub fn foreign_access(path: &Path) -> io::Result<Option<String>> {
    let shown = path.display();
    Ok(match stranger(&descriptor_of(path)?, u32::MAX, &service_sid(NAME)) {
        Ok(account) => account.map(|account| {
            format!("la cuenta {account} tiene acceso; ejecute icacls \"{shown}\" /inheritance:r /remove *{account}")
        }),
        Err(Unlimited) => Some(format!("sin lista de acceso: todas las cuentas entran; ejecute icacls \"{shown}\" /reset")),
    })
}

/// Who else but the administrators and the agent may write `path` or replace it, in Spanish; `None`: nobody.
///
/// # Errors
/// When the system refuses to say.
pub fn foreign_writer(path: &Path) -> io::Result<Option<String>> {
    let path = path.canonicalize()?;
    for (depth, part) in path.ancestors().enumerate() {
        let rights = if depth == 0 { CHANGE } else { REPLACE };
        let shown = part.display();
        match stranger(&descriptor_of(part)?, rights, &service_sid(NAME)) {
            Ok(None) => {}
            Ok(Some(account)) => {
                return Ok(Some(format!("la cuenta {account} puede cambiar {shown}; quítele el permiso con icacls")));
            }
            Err(Unlimited) => return Ok(Some(format!("{shown} no tiene lista de acceso: cualquiera puede cambiarlo"))),
        }
    }
    Ok(None)
}

fn descriptor_of(path: &Path) -> io::Result<String> {
    let mut descriptor = Descriptor(PSECURITY_DESCRIPTOR::default());
    let what = OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION;
    let name = HSTRING::from(path);
    let mut text = PWSTR::null();
    // SAFETY: the descriptor and the text are made by the calls and freed once: by the type, and below.
    unsafe {
        GetNamedSecurityInfoW(&name, SE_FILE_OBJECT, what, None, None, None, None, &mut descriptor.0).ok()?;
        ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor.0, SDDL_REVISION_1, what, &mut text, None)?;
        let sddl = text.to_string();
        LocalFree(Some(HLOCAL(text.0.cast())));
        sddl.map_err(io::Error::other)
    }
}

/// A security descriptor made by the system, freed with its owner.
struct Descriptor(PSECURITY_DESCRIPTOR);

impl Descriptor {
    fn parse(sddl: &str) -> io::Result<Descriptor> {
        let mut descriptor = Descriptor(PSECURITY_DESCRIPTOR::default());
        let sddl = HSTRING::from(sddl);
        // SAFETY: the text ends in zero and outlives the call.
        unsafe { ConvertStringSecurityDescriptorToSecurityDescriptorW(&sddl, SDDL_REVISION_1, &mut descriptor.0, None) }?;
        Ok(descriptor)
    }

    /// Not to outlive the descriptor.
    fn attributes(&self) -> SECURITY_ATTRIBUTES {
        SECURITY_ATTRIBUTES {
            nLength: size_of::<SECURITY_ATTRIBUTES>() as u32,
            lpSecurityDescriptor: self.0.0,
            bInheritHandle: false.into(),
        }
    }
}

impl Drop for Descriptor {
    fn drop(&mut self) {
        // SAFETY: made by the system with the allocator this frees to; nothing uses it afterwards.
        unsafe { LocalFree(Some(HLOCAL(self.0.0))) };
    }
}
